"""The night's report as a mail, in its reader's language and zone."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.models import Person
from portal.templatetags.pages import duration, moment
from routing.paging.letters import Letter

from .night import MOST, Happening


def letter_of(told: list[Happening], since: datetime, person: Person, *, now: datetime) -> Letter:
    """The report of what is `told`, which happened since the office closed at `since`; never empty."""
    with translation.override(person.language), timezone.override(ZoneInfo(person.zone)):
        still_open = sum(each.is_open for each in told)
        day = date_format(timezone.localtime(now), "SHORT_DATE_FORMAT")
        subject = ngettext(
            "Night report %(day)s: one incident, %(open)s still open",
            "Night report %(day)s: %(count)s incidents, %(open)s still open",
            len(told),
        ) % {"day": day, "count": len(told), "open": still_open}
        return Letter(person.email, person.name, person.language, subject, "\n".join(_lines(told, since, person, now)))


def _lines(told: list[Happening], since: datetime, person: Person, now: datetime) -> Iterator[str]:
    yield _("Hello %(name)s,") % {"name": person.name}
    yield ""
    yield _("this happened on your projects since the office closed (%(since)s):") % {
        "since": date_format(timezone.localtime(since), "DATETIME_FORMAT")
    }
    for each in told[:MOST]:
        yield ""
        yield from _incident(each, now)
    if len(told) > MOST:
        yield ""
        yield _("There are more: the list of incidents in the portal shows all.")
    yield ""
    yield _("Read it in the portal, and take over what is still open:")
    yield f"{settings.PUBLIC_URL}{reverse('night')}"
    yield ""
    yield _("All times are those of %(zone)s.") % {"zone": person.zone}
    yield _("Whether this mail comes is up to you, on the same page.")
    yield ""


def _incident(each: Happening, now: datetime) -> Iterator[str]:
    incident = each.incident
    title = " ".join(incident.title.split())
    yield f"#{incident.number} {incident.project.key}, {incident.get_priority_display()}: {title}"
    yield "  " + _("%(status)s; reported %(at)s") % {
        "status": incident.get_status_display(),
        "at": moment(incident.reported_at, now),
    }
    for call in each.called:
        yield "  " + _("called %(at)s: %(name)s (%(role)s), %(state)s") % {
            "at": moment(call.at, now),
            "name": call.name,
            "role": call.role,
            "state": call.state,
        }
    if each.taken:
        yield "  " + _("taken %(at)s: %(name)s, within %(time)s") % {
            "at": moment(each.taken.at, now),
            "name": each.taken.name,
            "time": duration(each.taken.minutes),
        }
    elif each.is_open:
        yield "  " + _("nobody has taken it yet")
