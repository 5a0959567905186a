"""Times to propose for an appointment.

Pure functions over frozen facts: no database, no clock. Instants are aware datetimes, results are in UTC, periods
are half-open ``[start, end)``.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.hours import Hours, Period, as_utc, local_instant, open_periods

NOTICE = timedelta(hours=24)
"""Nobody is proposed a time sooner than this."""
HORIZON = timedelta(days=14)
"""Nor a later one: absences are known about as far."""
LENGTH = timedelta(hours=1)
GRID = timedelta(minutes=30)
FAVOURED = (time(10), time(14), time(11))
"""About when on the first, second and third day proposed, in the host's zone."""


def proposals(hours: Sequence[Hours], busy: Iterable[Period], *, now: datetime) -> tuple[Period, ...]:
    """Up to three times on different days in which all of ``hours`` are open and nothing of ``busy`` is.

    The first of ``hours`` says what a day is. Where fewer days than three have room, fewer are proposed.
    """
    zone = hours[0].zone
    taken = sorted(busy, key=lambda period: period.start)
    free = _without(_open_in_all(hours, as_utc(now) + NOTICE, as_utc(now) + HORIZON), taken)
    days: dict[date, list[datetime]] = {}
    for start in _starts(free):
        days.setdefault(start.astimezone(ZoneInfo(zone)).date(), []).append(start)
    chosen = zip(sorted(days), FAVOURED, strict=False)
    starts = (_nearest(days[day], local_instant(zone, day, favoured)) for day, favoured in chosen)
    return tuple(Period(start, start + LENGTH) for start in starts)


def _open_in_all(hours: Sequence[Hours], start: datetime, end: datetime) -> list[Period]:
    found = [Period(start, end)]
    for each in hours:
        found = [opening for period in found for opening in open_periods(each, period.start, period.end or end)]
    return found


def _without(free: Iterable[Period], taken: Sequence[Period]) -> Iterator[Period]:
    """What is left of ``free``; ``taken`` is in the order of its beginnings."""
    for period in free:
        start, end = period.start, period.end
        for other in taken:
            if end is None or start >= end or not other.overlaps(Period(start, end)):
                continue
            if other.start > start:
                yield Period(start, as_utc(other.start))
            start = as_utc(other.end) if other.end else end
        if end is not None and start < end:
            yield Period(start, end)


def _starts(free: Iterable[Period]) -> Iterator[datetime]:
    """Every half hour at which an appointment would fit."""
    for period in free:
        seconds = int(GRID.total_seconds())
        start = datetime.fromtimestamp(-(-period.start.timestamp() // seconds) * seconds, period.start.tzinfo)
        while period.end is not None and start + LENGTH <= period.end:
            yield start
            start += GRID


def _nearest(starts: Sequence[datetime], wanted: datetime) -> datetime:
    return min(starts, key=lambda start: (abs(start - wanted), start))
