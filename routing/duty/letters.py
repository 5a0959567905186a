"""What people are told by mail about a swap: in their language and zone, with what would change."""

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

from oncall.models import Swap
from oncall.queries import bounds
from oncall.rotation import Line
from portal.models import Person
from routing.paging.letters import Letter, post_letter

LINE: dict[str, str | Promise] = {Line.PRIMARY: gettext_lazy("primary"), Line.BACKUP: gettext_lazy("backup")}

SAID: dict[str, tuple[str | Promise, str | Promise]] = {
    "asked": (
        gettext_lazy("%(asker)s asks you to take a duty"),
        gettext_lazy("%(asker)s asks whether you take a duty. Whoever accepts first has it."),
    ),
    "accepted": (
        gettext_lazy("%(taker)s takes your duty"),
        gettext_lazy("%(taker)s has accepted. The roster follows already."),
    ),
    "taken": (
        gettext_lazy("You have taken a duty of %(asker)s"),
        gettext_lazy("You have accepted. The roster follows already."),
    ),
    "settled": (
        gettext_lazy("The duty of %(asker)s is taken"),
        gettext_lazy("%(taker)s was first and has the duty now. You need not do anything."),
    ),
    "declined": (
        gettext_lazy("Nobody takes your duty"),
        gettext_lazy("Everybody you asked has declined. The duty stays yours."),
    ),
    "withdrawn": (
        gettext_lazy("%(asker)s keeps the duty"),
        gettext_lazy("%(asker)s has withdrawn the request. You need not do anything."),
    ),
    "expired": (
        gettext_lazy("Nobody has taken the duty in time"),
        gettext_lazy("The duty began before anybody accepted. It stays with %(asker)s."),
    ),
}
"""What happened → subject and first sentence."""


def tell(swap: Swap, person: Person, what: str, *, now: datetime) -> None:
    """Queue the letter in the caller's transaction. Who may not sign in any more is told nothing."""
    if not person.is_active:
        return
    with translation.override(person.language), timezone.override(zoneinfo.ZoneInfo(person.zone)):
        subject, lead = SAID[what]
        words = {"asker": swap.asked_by.name, "taker": swap.accepted_by.name if swap.accepted_by else ""}
        body = "\n".join(
            [_("Hello %(name)s,") % {"name": person.name}, "", str(lead) % words, "", *_lines(swap, person)]
        )
        letter = Letter(person.email, person.name, person.language, str(subject) % words, body)
    post_letter(letter, at=now, now=now)


def _lines(swap: Swap, person: Person) -> Iterator[str]:
    yield _line(_("Given away:"), swap.line, *bounds(swap.gives))
    if swap.takes is not None:
        yield _line(_("In return:"), swap.takes_line, *bounds(swap.takes))
    yield _("Rota: %(rota)s") % {"rota": swap.rota.name}
    if swap.note:
        yield from ("", f"{swap.asked_by.name}: “{swap.note}”")
    yield from ("", settings.PUBLIC_URL + reverse("swap", args=[swap.pk]), "")
    yield _("All times are those of %(zone)s.") % {"zone": person.zone}


def _line(label: str, line: str, start: datetime, end: datetime) -> str:
    begins, ends = (date_format(timezone.localtime(at), "DATETIME_FORMAT") for at in (start, end))
    return f"{label} {LINE[line]}, {begins} – {ends}"
