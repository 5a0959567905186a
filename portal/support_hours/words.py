"""Support hours in the reader's words: window changes, what a change does, and the days of a year."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.hours import Hours
from portal.models import SupportHours
from portal.opening import hours_text, special_days

from .plan import Change, Day, Difference, Kind, differences, horizon, next_turns, special_days_of, year_of

SHOWN_DIFFERENCES = 30


def _names(calendar: SupportHours, hours: Hours, first: date, last: date) -> dict[date, str]:
    return {each.day: each.name for each in special_days(calendar, hours, first=first, last=last)}


@dataclass(frozen=True, slots=True)
class TurnLine:
    """One change of the window; `why` names the special days that it has to do with."""

    at: datetime
    opens: bool
    why: str


def turn_lines(calendar: SupportHours, hours: Hours, at: datetime, count: int) -> list[TurnLine]:
    """The next changes after `at`, at the calendar's own wall time."""
    zone = ZoneInfo(hours.zone)
    turns = next_turns(hours, at, count)
    days = [day for turn in turns for day in turn.days]
    names = _names(calendar, hours, min(days), max(days)) if days else {}
    return [TurnLine(turn.at.astimezone(zone), turn.opens, _after_days(turn.days, names)) for turn in turns]


def _after_days(days: tuple[date, ...], names: dict[date, str]) -> str:
    return "; ".join(" ".join(filter(None, (date_format(day, "SHORT_DATE_FORMAT"), names.get(day)))) for day in days)


@dataclass(frozen=True, slots=True)
class DifferenceDay:
    """The periods of one local day during which the window becomes another."""

    day: date
    name: str
    rows: list[Difference]


def difference_lines(
    calendar: SupportHours, before: Hours, after: Hours, change: Change | None, *, now: datetime, weeks: int
) -> dict[str, Any]:
    """By local day; `more` counts the days that are left out of `days`."""
    zone = ZoneInfo(after.zone)
    found = differences(before, after, now, horizon(change or Change({}, {}), after.zone, now, weeks))
    rows = [Difference(each.start.astimezone(zone), each.end.astimezone(zone), each.opens) for each in found]
    by_day = [(day, list(each)) for day, each in groupby(rows, key=lambda row: row.start.date())]
    names: dict[date, str] = {}
    if by_day:
        first, last = by_day[0][0], by_day[-1][0]
        names = _names(calendar, before, first, last) | _names(calendar, after, first, last)
    days = [DifferenceDay(day, names.get(day, ""), each) for day, each in by_day]
    return {
        "days": days[:SHOWN_DIFFERENCES],
        "more": len(days[SHOWN_DIFFERENCES:]),
        "closes": any(not row.opens for row in rows),
    }


KINDS = {
    Kind.OPEN: lambda: _("open"),
    Kind.FREE: lambda: _("closed, as every week"),
    Kind.HOLIDAY: lambda: _("statutory holiday, closed"),
    Kind.CLOSED: lambda: _("closed by exception"),
    Kind.HALF: lambda: _("other hours by exception"),
    Kind.WORKED: lambda: _("statutory holiday, open by exception"),
}


@dataclass(frozen=True, slots=True)
class SpecialLine:
    """One special day of a month. What may be done with it depends on `kind`; a day that has passed is left alone."""

    day: date
    kind: str
    name: str
    opening: str
    words: str
    passed: bool
    on_a_free_day: bool


def months(calendar: SupportHours, hours: Hours, year: int, *, today: date) -> list[dict[str, Any]]:
    """A year's months: name, weeks of cells, and the special days in words."""
    names = _names(calendar, hours, date(year, 1, 1), date(year, 12, 31))
    usual = {each.weekday for each in hours.weekly}
    special = [_special(each, names, usual, today) for each in special_days_of(hours, year)]
    return [
        {
            "number": number,
            "name": MONTHS[number],
            "weeks": [[_cell(day, names, today) for day in week] for week in weeks],
            "special": [each for each in special if each.day.month == number],
        }
        for number, weeks in enumerate(year_of(hours, year), start=1)
    ]


def _cell(day: Day | None, names: dict[date, str], today: date) -> dict[str, Any] | None:
    if day is None:
        return None
    special = day.kind not in (Kind.OPEN, Kind.FREE)
    words = f"{KINDS[day.kind]()}: {names.get(day.day, '')}" if special else ""
    return {"number": day.day.day, "kind": day.kind.value, "words": words, "today": day.day == today}


def _special(day: Day, names: dict[date, str], usual: set[int], today: date) -> SpecialLine:
    return SpecialLine(
        day=day.day,
        kind=day.kind.value,
        name=day.label or names.get(day.day, ""),
        opening=hours_text(day.intervals) or _("closed"),
        words=KINDS[day.kind](),
        passed=day.day < today,
        on_a_free_day=day.day.weekday() not in usual,
    )
