"""Opening hours as people read them: the week in a few lines, and the days that differ from it."""

from dataclasses import dataclass
from datetime import date, time
from itertools import groupby

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import get_language

from .hours import Hours, statutory_holidays
from .models import SupportHours

Interval = tuple[time, time]


@dataclass(frozen=True, slots=True)
class WeekLine:
    """Weekdays in a row with the same hours: "Mon–Fri", "08:00–18:00"."""

    days: str
    hours: str


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A local day that is not like others of its weekday; without `hours` it is closed."""

    day: date
    name: str
    hours: str


def week_lines(hours: Hours) -> list[WeekLine]:
    """The week in the reader's language, from Monday; days without hours are left out."""
    runs = groupby(range(7), key=lambda weekday: _intervals_on(hours, weekday))
    lines = []
    for intervals, weekdays in runs:
        days = list(weekdays)
        if intervals:
            ends = dict.fromkeys((str(WEEKDAYS_ABBR[days[0]]), str(WEEKDAYS_ABBR[days[-1]])))
            lines.append(WeekLine("–".join(ends), hours_text(intervals)))
    return lines


def special_days(calendar: SupportHours, hours: Hours, *, first: date, last: date) -> list[SpecialDay]:
    """Statutory holidays of the calendar's site and its dated exceptions, `first` to `last`, in the reader's language.

    `hours` are the calendar's own facts: what they say is open is open, a holiday's name changes nothing.
    """
    names = _holiday_names(calendar, hours, range(first.year, last.year + 1))
    found = {day: SpecialDay(day, names.get(day, ""), "") for day in hours.holidays}
    for exception in hours.exceptions:
        name = exception.label or names.get(exception.day, "")
        found[exception.day] = SpecialDay(exception.day, name, hours_text(exception.intervals))
    return [found[day] for day in sorted(found) if first <= day <= last]


def hours_text(intervals: tuple[Interval, ...]) -> str:
    """ "08:00–12:00, 13:00–18:00"; midnight at the end of a day is 24:00."""
    return ", ".join(f"{opens:%H:%M}–{_closing(closes)}" for opens, closes in intervals)


def _closing(closes: time) -> str:
    return "24:00" if closes == time(0) else f"{closes:%H:%M}"


def _intervals_on(hours: Hours, weekday: int) -> tuple[Interval, ...]:
    return tuple(sorted((each.start, each.end) for each in hours.weekly if each.weekday == weekday))


def _holiday_names(calendar: SupportHours, hours: Hours, years: range) -> dict[date, str]:
    # A place whose holidays nobody knows has none in its facts either.
    if not hours.holidays:
        return {}
    return statutory_holidays(calendar.country, calendar.subdivision or None, years, get_language())
