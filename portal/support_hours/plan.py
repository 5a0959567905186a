"""Support hours being planned: what was typed, what a change would do, and a year at a glance. Pure."""

import re
from calendar import Calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from portal.hours import DatedException, Hours, WeeklyInterval, is_open, local_instant, next_change, open_periods

Interval = tuple[time, time]

NOON = time(12)
_DAY = timedelta(days=1)
_SPAN = re.compile(
    r"(?P<from>\d{1,2})(?:[:.](?P<from_minute>\d{2}))?\s*(?:-|–|to|bis)\s*(?P<to>\d{1,2})(?:[:.](?P<to_minute>\d{2}))?"
)
_BETWEEN = re.compile(r"\s*(?:,|;|\band\b|\bund\b|\+)\s*")


class NotUnderstood(ValueError):
    """What was typed is no list of times; the argument is the part that is not."""


class Overlapping(ValueError):
    """Two of the intervals of one day share time."""


def read_intervals(text: str) -> tuple[Interval, ...]:
    """ "8-12, 13:00-18:00" as intervals in order; empty is closed. 24:00 is midnight at the day's end.

    An end at or before its start is on the next day; only the last interval of a day may run so.
    Raises `NotUnderstood` and `Overlapping`.
    """
    parts = [part for part in _BETWEEN.split(text.strip()) if part]
    intervals = tuple(sorted(_interval(part) for part in parts))
    for (_start, end), (following, _its_end) in pairwise(intervals):
        if end > following or end <= _start:
            raise Overlapping(text)
    return intervals


def _interval(part: str) -> Interval:
    found = _SPAN.fullmatch(part.strip())
    if found is None:
        raise NotUnderstood(part)
    start = _time(found["from"], found["from_minute"], part)
    end = _time(found["to"], found["to_minute"], part)
    if start is None:
        raise NotUnderstood(part)
    return start, end or time(0)


def _time(hour: str, minute: str | None, part: str) -> time | None:
    """None is 24:00, which is the end of a day and never its beginning."""
    if int(hour) == 24 and not int(minute or 0):
        return None
    try:
        return time(int(hour), int(minute or 0))
    except ValueError:
        raise NotUnderstood(part) from None


def write_intervals(intervals: tuple[Interval, ...]) -> str:
    """As `read_intervals` reads it."""
    return ", ".join(f"{start:%H:%M}-{'24:00' if end == time(0) else f'{end:%H:%M}'}" for start, end in intervals)


def week_of(hours: Hours, weekday: int) -> tuple[Interval, ...]:
    """What the week says of a weekday, in order."""
    return tuple(sorted((each.start, each.end) for each in hours.weekly if each.weekday == weekday))


def shortened(intervals: tuple[Interval, ...], until: time) -> tuple[Interval, ...]:
    """The intervals of a day up to local `until`: what begins later falls away."""
    return tuple((start, until if end <= start or end > until else end) for start, end in intervals if start < until)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become other: whole weekdays, and single days (None: no exception, as week and holidays say)."""

    week: Mapping[int, tuple[Interval, ...]]
    days: Mapping[date, DatedException | None]

    def applied(self, hours: Hours) -> Hours:
        """The hours as they would be."""
        weekly = [each for each in hours.weekly if each.weekday not in self.week]
        weekly += [WeeklyInterval(day, start, end) for day, spans in self.week.items() for start, end in spans]
        kept = [each for each in hours.exceptions if each.day not in self.days]
        new = [each for each in self.days.values() if each is not None]
        return replace(
            hours,
            weekly=tuple(sorted(weekly, key=lambda each: (each.weekday, each.start))),
            exceptions=tuple(sorted([*kept, *new], key=lambda each: each.day)),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A half-open period during which the window is another one than it was."""

    start: datetime
    end: datetime
    opens: bool


def differences(before: Hours, after: Hours, start: datetime, end: datetime) -> list[Difference]:
    """Where the two differ within `[start, end)`, ascending."""
    edges = {start, end}
    for hours in (before, after):
        for period in open_periods(hours, start, end):
            edges |= {period.start, period.end or end}
    found: list[Difference] = []
    for begins, ends in pairwise(sorted(edges)):
        opens = is_open(after, begins)
        if opens == is_open(before, begins):
            continue
        if found and found[-1].end == begins and found[-1].opens == opens:
            found[-1] = replace(found[-1], end=ends)
        else:
            found.append(Difference(begins, ends, opens))
    return found


@dataclass(frozen=True, slots=True)
class Turn:
    """The window changes `at`; `days` are the special local days that this has to do with."""

    at: datetime
    opens: bool
    days: tuple[date, ...]


def next_turns(hours: Hours, at: datetime, count: int) -> list[Turn]:
    """The next `count` changes of the window after `at`; fewer where they lie too far ahead."""
    zone = ZoneInfo(hours.zone)
    special = {*hours.holidays, *(each.day for each in hours.exceptions)}
    found: list[Turn] = []
    before = at
    while len(found) < count:
        turn = next_change(hours, before)
        if turn is None:
            break
        opens = is_open(hours, turn)
        # An opening comes late because of the days since the closing; a closing because of its own day.
        first = before.astimezone(zone).date() if opens else turn.astimezone(zone).date()
        days = tuple(day for day in sorted(special) if first <= day <= turn.astimezone(zone).date())
        found.append(Turn(turn, opens, days))
        before = turn
    return found


class Kind(StrEnum):
    """What a day is in a year's view."""

    OPEN = "open"
    FREE = "free"
    """Closed, as every week."""
    HOLIDAY = "holiday"
    """Closed, as statute says."""
    CLOSED = "closed"
    """Closed by an exception."""
    HALF = "half"
    """Open by an exception, at other times than its week says."""
    WORKED = "worked"
    """A statutory holiday that an exception opens."""


@dataclass(frozen=True, slots=True)
class Day:
    """One local day; `intervals` are those that begin on it."""

    day: date
    kind: Kind
    intervals: tuple[Interval, ...]
    label: str = ""


def day_of(hours: Hours, day: date) -> Day:
    usual = week_of(hours, day.weekday())
    exception = next((each for each in hours.exceptions if each.day == day), None)
    holiday = day in hours.holidays
    if exception is None:
        if holiday:
            return Day(day, Kind.HOLIDAY, ())
        return Day(day, Kind.OPEN if usual else Kind.FREE, usual)
    intervals = tuple(sorted(exception.intervals))
    if not intervals:
        kind = Kind.CLOSED
    elif holiday:
        kind = Kind.WORKED
    else:
        kind = Kind.OPEN if intervals == usual else Kind.HALF
    return Day(day, kind, intervals, exception.label)


def year_of(hours: Hours, year: int) -> list[list[list[Day | None]]]:
    """Twelve months of weeks from Monday to Sunday; None is a day of the month beside it."""
    weeks = Calendar(firstweekday=0)
    return [
        [
            [day_of(hours, day) if day.month == month else None for day in week]
            for week in weeks.monthdatescalendar(year, month)
        ]
        for month in range(1, 13)
    ]


def special_days_of(hours: Hours, year: int) -> Iterator[Day]:
    """The year's holidays and exceptions, ascending."""
    days = {*hours.holidays, *(each.day for each in hours.exceptions)}
    return (day_of(hours, day) for day in sorted(days) if day.year == year)


def horizon(change: Change, zone: str, now: datetime, weeks: int) -> datetime:
    """Until when a change is to be shown: some weeks ahead, or the last single day it names if that is later."""
    last = max(change.days, default=None)
    end = now + timedelta(weeks=weeks)
    return max(end, local_instant(zone, last + 2 * _DAY, time(0))) if last else end
