"""A project's support hours, holidays and maintenance as iCalendar (RFC 5545). Who is on duty is never in it.

Openings are written out, each local day's by itself, by the same function that decides: a rule of recurrence with
exceptions would be a second opinion. Instants are in UTC, so a clock change needs no description of the zone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Self, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from portal.hours import Hours, local_instant, open_periods
from portal.models import Maintenance, Project, SupportHours
from portal.opening import SpecialDay, special_days

MEDIA_TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=4)
"""How often programs should ask: maintenance in an emergency is announced at once."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Work:
    """The last version of a maintenance; `revised` is when it was recorded."""

    uid: str
    sequence: int
    starts: datetime
    ends: datetime
    text: str
    cancelled: bool
    revised: datetime

    @classmethod
    def of(cls, row: Maintenance, language: str) -> Self:
        return cls(
            uid=str(row.uid),
            sequence=row.sequence,
            starts=row.starts,
            ends=row.ends,
            text=row.text_de if language == "de" else row.text_en,
            cancelled=row.cancelled_at is not None,
            revised=cast("datetime", row.recorded.lower),
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a calendar tells of, `first` to `last`, in one language; `changed_at` is when that last changed.

    `hours` is None for a project without support hours.
    """

    project: str
    language: str
    hours: Hours | None
    special_days: tuple[SpecialDay, ...]
    maintenance: tuple[Work, ...]
    first: date
    last: date
    changed_at: datetime

    @classmethod
    def of(
        cls,
        project: Project,
        support: tuple[SupportHours, Hours] | None,
        maintenance: Iterable[Maintenance],
        *,
        language: str,
        changed_at: datetime,
        now: datetime,
    ) -> Self:
        first, last = span(now, support[1].zone if support else settings.TIME_ZONE)
        with translation.override(language):
            days = special_days(*support, first=first, last=last) if support else ()
        return cls(
            project=project.key,
            language=language,
            hours=support[1] if support else None,
            special_days=tuple(days),
            maintenance=tuple(Work.of(row, language) for row in maintenance),
            first=first,
            last=last,
            changed_at=changed_at,
        )


def span(now: datetime, zone: str) -> tuple[date, date]:
    """The first and the last local day shown: from the first of this month at least twelve months ahead.

    So a calendar that nobody changes stays the same for a month, and is not sent again.
    """
    first = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    return first, (first.replace(year=first.year + 1) + timedelta(days=31)).replace(day=1) - _DAY


@lru_cache(maxsize=64)
def ical(subject: Subject) -> bytes:
    """The calendar. Kept, because every program of every contact asks for the same one every few hours."""
    with translation.override(subject.language):
        calendar = new_calendar(
            _("%(project)s: support hours and maintenance") % {"project": subject.project}, subject.language
        )
        for event in _events(subject):
            calendar.add_component(event)
        content: bytes = calendar.to_ical()
    return content


def new_calendar(name: str, language: str) -> Calendar:
    """An empty calendar of that name, to be asked for again every few hours."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//Direktdraht//{host()}//{language.upper()}")
    calendar.calendar_name = name
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})  # RFC 7986
    calendar.add("x-published-ttl", f"PT{REFRESH // timedelta(hours=1)}H")
    return calendar


def _events(subject: Subject) -> Iterator[Event]:
    for special in subject.special_days:
        yield _special_day(subject, special)
    if subject.hours:
        for number in range((subject.last - subject.first).days + 1):
            yield from _openings(subject, subject.hours, subject.first + number * _DAY)
    for work in subject.maintenance:
        yield _maintenance(subject, work)


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


def _maintenance(subject: Subject, work: Work) -> Event:
    event = _event(subject, f"maintenance-{work.uid}", _("maintenance"), work.revised)
    event.add("dtstart", work.starts)
    event.add("dtend", work.ends)
    event.add("description", work.text)
    event.add("sequence", work.sequence)
    event.add("status", "CANCELLED" if work.cancelled else "CONFIRMED")
    return event


def _event(subject: Subject, name: str, title: str, revised: datetime) -> Event:
    """An event that blocks nobody's time. Its UID stays when it is revised: programs then move it, not double it."""
    event = Event()
    event.add("uid", f"{subject.project}-{name}@{host()}")
    event.add("dtstamp", revised)
    event.add("last-modified", revised)
    event.add("summary", f"{subject.project}: {title}")
    event.add("transp", "TRANSPARENT")
    return event


def host() -> str:
    """What ends the names of events, so that they are nobody else's."""
    return urlsplit(settings.PUBLIC_URL).hostname or "direktdraht"
