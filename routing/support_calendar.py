"""A project's support hours, holidays and maintenance as iCalendar (RFC 5545). Who is on duty is never in it.

Openings are written out, each local day's by itself, by the same function that decides: a rule of recurrence with
exceptions would be a second opinion. Instants are in UTC, so a clock change needs no description of the zone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from portal.hours import Hours, local_instant, open_periods
from portal.models import Maintenance, Project, SupportHours
from portal.opening import SpecialDay, special_days

MEDIA_TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=4)
"""How often programs should ask: maintenance in an emergency is announced at once."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Subject:
    """What the calendar tells of. `changed_at` is when any of it was last recorded (aware).

    `calendar` and `hours` are None for a project without support hours.
    """

    project: Project
    calendar: SupportHours | None
    hours: Hours | None
    maintenance: Iterable[Maintenance]
    changed_at: datetime


def span(now: datetime, zone: str) -> tuple[date, date]:
    """The first and the last local day shown: from the first of this month at least twelve months ahead.

    So a calendar that nobody changes stays the same for a month, and is not sent again.
    """
    first = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    return first, (first.replace(year=first.year + 1) + timedelta(days=31)).replace(day=1) - _DAY


def ical(subject: Subject, *, now: datetime) -> bytes:
    """The calendar in the language in force."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//Direktdraht//{_host()}//{(get_language() or 'en').upper()}")
    calendar.calendar_name = _("%(project)s: support hours and maintenance") % {"project": subject.project.key}
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})  # RFC 7986
    calendar.add("x-published-ttl", f"PT{REFRESH // timedelta(hours=1)}H")
    for event in _events(subject, now):
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _events(subject: Subject, now: datetime) -> Iterator[Event]:
    if subject.calendar and subject.hours:
        first, last = span(now, subject.hours.zone)
        for special in special_days(subject.calendar, subject.hours, first=first, last=last):
            yield _special_day(subject, special)
        for day in _days(first, last):
            yield from _openings(subject, subject.hours, day)
    for maintenance in subject.maintenance:
        yield _maintenance(subject, maintenance)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + number * _DAY for number in range((last - first).days + 1))


def _openings(subject: Subject, hours: Hours, day: date) -> Iterator[Event]:
    midnight, next_midnight = (local_instant(hours.zone, each, time(0)) for each in (day, day + _DAY))
    for number, opening in enumerate(open_periods(hours, midnight, next_midnight)):
        event = _event(subject, f"open-{day}-{number}", _("support hours"), subject.changed_at)
        event.add("dtstart", opening.start)
        event.add("dtend", opening.end)
        yield event


def _special_day(subject: Subject, special: SpecialDay) -> Event:
    what = _("open %(hours)s") % {"hours": special.hours} if special.hours else _("closed")
    title = f"{what} ({special.name})" if special.name else what
    event = _event(subject, f"day-{special.day}", title, subject.changed_at)
    event.add("dtstart", special.day)
    event.add("dtend", special.day + _DAY)
    return event


def _maintenance(subject: Subject, maintenance: Maintenance) -> Event:
    revised = cast("datetime", maintenance.recorded.lower)
    event = _event(subject, f"maintenance-{maintenance.uid}", _("maintenance"), revised)
    event.add("dtstart", maintenance.starts)
    event.add("dtend", maintenance.ends)
    event.add("description", maintenance.text_de if get_language() == "de" else maintenance.text_en)
    event.add("sequence", maintenance.sequence)
    event.add("status", "CANCELLED" if maintenance.cancelled_at else "CONFIRMED")
    return event


def _event(subject: Subject, name: str, title: str, revised: datetime) -> Event:
    """An event that blocks nobody's time. Its UID stays when it is revised: programs then move it, not double it."""
    event = Event()
    event.add("uid", f"{subject.project.key}-{name}@{_host()}")
    event.add("dtstamp", revised)
    event.add("last-modified", revised)
    event.add("summary", f"{subject.project.key}: {title}")
    event.add("transp", "TRANSPARENT")
    return event


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "direktdraht"
