"""What people are told about taking over a duty, by mail and by text: in their language and zone."""

import zoneinfo
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matrix.terms import Channel
from portal.models import Person
from routing.paging.letters import Letter, Text, post_letter
from routing.paging.models import ContactMethod
from routing.telephony.gsm7 import SEGMENT, septets, shorten, to_gsm7

from .letters import LINE
from .models import DutyConfirmation

SAID: dict[str, tuple[str | Promise, str | Promise]] = {
    "asked": (
        gettext_lazy("Please confirm your duty from %(at)s"),
        gettext_lazy("from %(at)s you are on duty: %(rota)s, %(line)s. Please confirm that you take over:"),
    ),
    "withdrawn": (
        gettext_lazy("Your duty from %(at)s is not yours any more"),
        gettext_lazy(
            "the roster has changed: from %(at)s you do not take over %(rota)s, %(line)s. There is nothing to confirm."
        ),
    ),
    "outgoing": (
        gettext_lazy("%(name)s has not confirmed the duty from %(at)s"),
        gettext_lazy(
            "at %(at)s you hand over %(rota)s, %(line)s, to %(name)s, who has not confirmed it. Please ask them, and "
            "tell an administrator if you do not reach them:"
        ),
    ),
    "warned": (
        gettext_lazy("%(name)s has not confirmed the duty from %(at)s"),
        gettext_lazy(
            "at %(at)s %(name)s takes over %(rota)s, %(line)s, and has not confirmed it. Please ask them, or let "
            "somebody else hold the line:"
        ),
    ),
}
"""What happened → subject and first sentence."""
IN_SHORT: dict[str, str | Promise] = {
    "asked": gettext_lazy("On duty from %(at)s: %(rota)s, %(line)s. Confirm:"),
    "withdrawn": gettext_lazy("Not on duty from %(at)s any more: %(rota)s, %(line)s."),
    "outgoing": gettext_lazy("%(name)s has not confirmed to take over at %(at)s: %(rota)s, %(line)s."),
}
"""The same as a text."""


def tell(row: DutyConfirmation, what: str, person: Person, *, now: datetime, by_text: bool = True) -> None:
    """Queue mail and text in the caller's transaction. Who may not sign in any more is told nothing."""
    if not person.is_active:
        return
    with translation.override(person.language), timezone.override(zoneinfo.ZoneInfo(person.zone)):
        post_letter(_mail(row, what, person), at=now, now=now)
        if by_text and (number := _number(person)):
            post_letter(Text(number, person.name, person.language, _text(row, what)), at=now, now=now)


def _words(row: DutyConfirmation) -> dict[str, str]:
    at = date_format(timezone.localtime(row.begins_at), "SHORT_DATETIME_FORMAT")
    return {"at": at, "rota": row.rota.name, "line": str(LINE[row.line]), "name": row.person.name}


def _mail(row: DutyConfirmation, what: str, person: Person) -> Letter:
    subject, lead = SAID[what]
    lines = [_("Hello %(name)s,") % {"name": person.name}, "", str(lead) % _words(row), *_lines(row, what, person), ""]
    return Letter(person.email, person.name, person.language, str(subject) % _words(row), "\n".join(lines))


def _lines(row: DutyConfirmation, what: str, person: Person) -> Iterator[str]:
    yield link(row) if what == "asked" else settings.PUBLIC_URL + reverse("on_call" if what == "warned" else "my_duty")
    yield ""
    if what == "asked":
        yield _("If you cannot: ask a colleague for a swap under “My duty”, or tell an administrator now.")
    yield _("All times are those of %(zone)s.") % {"zone": person.zone}


def link(row: DutyConfirmation) -> str:
    """Where its person confirms in one tap, without signing in."""
    return f"{settings.PUBLIC_URL}{reverse('duty_confirmation', args=[row.token])}"


def _text(row: DutyConfirmation, what: str) -> str:
    """One segment: names are shortened, never the link."""
    tail = f" {to_gsm7(link(row))}" if what == "asked" else ""
    return shorten(to_gsm7(str(IN_SHORT[what]) % _words(row)), SEGMENT - septets(tail)) + tail


def _number(person: Person) -> str:
    usable = ContactMethod.objects.usable().filter(person=person, channel=Channel.SMS).order_by("pk")
    first = usable.first()
    return first.address if first else ""
