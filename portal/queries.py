"""Reads of the ground floor that others build facts from."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time

import structlog

from .hours import DatedException, Hours, WeeklyInterval, statutory_holidays
from .models import DatedOpening, SupportHours, WeeklyOpening

log = structlog.get_logger(__name__)


def hours_facts(calendars: Iterable[SupportHours], *, at: datetime, known_at: datetime) -> dict[int, Hours]:
    """Business time of each calendar as pure facts, as recorded at `known_at`; two queries for any number.

    Statutory holidays are those of the years around `at`, as far as a search for an opening may look.
    """
    wanted = {calendar.pk: calendar for calendar in calendars}
    weekly: dict[int, list[WeeklyInterval]] = defaultdict(list)
    for row in WeeklyOpening.objects.as_of(known_at).filter(hours__in=wanted):
        weekly[row.hours_id].append(WeeklyInterval(row.weekday, row.opens, row.closes))
    dated: dict[int, dict[date, tuple[str, list[tuple[time, time]]]]] = defaultdict(dict)
    for day in DatedOpening.objects.as_of(known_at).filter(hours__in=wanted):
        _label, intervals = dated[day.hours_id].setdefault(day.day, (day.label, []))
        if day.opens is not None and day.closes is not None:
            intervals.append((day.opens, day.closes))
    return {
        pk: Hours(
            zone=calendar.zone,
            weekly=tuple(weekly[pk]),
            holidays=frozenset(holiday_names(calendar, at=at)),
            exceptions=tuple(
                DatedException(day, tuple(intervals), label) for day, (label, intervals) in sorted(dated[pk].items())
            ),
        )
        for pk, calendar in wanted.items()
    }


def holiday_names(calendar: SupportHours, *, at: datetime, language: str | None = None) -> dict[date, str]:
    """The statutory holidays of the calendar's place in the years around `at`, with their names; no query."""
    if not calendar.country:
        return {}
    years = range(at.year - 1, at.year + 3)
    try:
        return statutory_holidays(calendar.country, calendar.subdivision or None, years, language)
    except ValueError as error:
        # An unknown country must not keep anybody from being called: the office counts as open.
        log.error("holidays_unknown", hours=calendar.slug, error=str(error))  # noqa: TRY400
        return {}
