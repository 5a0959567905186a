"""Business time: when a provider, team or person is open, and how much open time passes.

Pure functions over frozen facts: no database, no clock. Instants are aware datetimes in any zone, results
are in UTC, periods are half-open ``[start, end)``, durations are real elapsed time (a night with a clock
change is an hour shorter or longer). A naive datetime raises ``ValueError``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

import holidays

HORIZON = timedelta(days=400)
"""How far a search looks ahead from its instant: what lies beyond is not found."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_A_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)

_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open period ``[start, end)``; ``end`` None is open-ended."""

    start: datetime
    end: datetime | None

    def contains(self, at: datetime) -> bool:
        at = as_utc(at)
        return self.start <= at and (self.end is None or at < self.end)

    def overlaps(self, other: "Period") -> bool:
        """Whether the two share an instant; periods that only touch do not."""
        return (self.end is None or as_utc(other.start) < self.end) and (
            other.end is None or as_utc(self.start) < other.end
        )


@dataclass(frozen=True, slots=True)
class WeeklyInterval:
    """Open every week from local ``start`` on ``weekday`` (0 = Monday) to local ``end``.

    An ``end`` at or before ``start`` is on the next day, so 00:00-00:00 is the whole day.
    """

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class DatedException:
    """Replaces the opening of one local day wholly, a holiday's too; no intervals means closed.

    Intervals are local ``(start, end)``, running over midnight as weekly ones do. What began the day before
    and runs into this day belongs to the day before and stays.
    """

    day: date
    intervals: tuple[tuple[time, time], ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours in one IANA ``zone``, with at most one exception per local day.

    On a holiday the intervals that start on that local day do not open.
    """

    zone: str
    weekly: tuple[WeeklyInterval, ...]
    holidays: frozenset[date]
    exceptions: tuple[DatedException, ...]
    # Every cache below is keyed by the whole facts, so their hash is worked out once.
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        facts = (self.zone, self.weekly, self.holidays, self.exceptions)
        object.__setattr__(self, "_hash", hash(facts))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        # Strings hash differently in each process: a pickle must not carry the kept hash.
        return type(self), (self.zone, self.weekly, self.holidays, self.exceptions)


def open_periods(hours: Hours, start: datetime, end: datetime) -> tuple[Period, ...]:
    """All opening in ``[start, end)``: merged, ascending, clipped to it."""
    return tuple(Period(opened, closed) for opened, closed in _runs(hours, as_utc(start), as_utc(end)))


def is_open(hours: Hours, at: datetime) -> bool:
    at = as_utc(at)
    return any(opened <= at < closed for opened, closed in _week(hours, _week_of(at)))


def next_change(hours: Hours, at: datetime) -> datetime | None:
    """The first instant after ``at`` at which ``is_open`` differs from ``at``; None within HORIZON."""
    at = as_utc(at)
    limit = at + HORIZON
    for opened, closed in _runs(hours, at, limit):
        change = closed if opened == at else opened
        return change if change < limit else None
    return None


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """``at`` itself if open, else the next instant that is; None within HORIZON."""
    at = as_utc(at)
    return next((opened for opened, _ in _runs(hours, at, at + HORIZON)), None)


def add_open_time(hours: Hours, at: datetime, amount: timedelta) -> datetime | None:
    """The first instant at which ``amount`` of open time has passed since ``at``; None within HORIZON.

    Time that ends with the opening is due at closing, not at the next opening; no time at all is due ``at``.
    Raises ``ValueError`` for a negative amount.
    """
    if amount < timedelta(0):
        raise ValueError("open time cannot be negative")
    at = as_utc(at)
    if not amount:
        return at
    for opened, closed in _runs(hours, at, at + HORIZON):
        if amount <= closed - opened:
            return opened + amount
        amount -= closed - opened
    return None


def open_time_between(hours: Hours, start: datetime, end: datetime) -> timedelta:
    """Open time in ``[start, end)``; zero if ``end`` is not after ``start``."""
    return sum((closed - opened for opened, closed in _runs(hours, as_utc(start), as_utc(end))), timedelta(0))


def statutory_holidays(
    country: str, subdivision: str | None, years: Iterable[int], language: str | None = None
) -> dict[date, str]:
    """Statutory holidays by local day, with their names in ``language`` (None: the country's own).

    ``country`` and ``subdivision`` are ISO 3166 codes ("DE", "HE"), ``language`` is like "en" or "en-us";
    where the country has no names in it, they are in the country's own. Raises ``ValueError`` for a place
    that is not known.
    """
    return {day: name for year in years for day, name in _statutory_year(country, subdivision, year, language)}


def as_utc(at: datetime) -> datetime:
    """The same instant in UTC. Raises ``ValueError`` if naive."""
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at.astimezone(UTC)


@lru_cache(maxsize=16384)
def local_instant(zone: str, day: date, at: time) -> datetime:
    """The instant (UTC) of a local wall time.

    A time that occurs twice is its first occurrence; one that a clock change skips is the instant of the
    change. So later wall times are never earlier instants.
    """
    place = ZoneInfo(zone)
    local = datetime.combine(day, at.replace(fold=0), tzinfo=place)
    instant = local.astimezone(UTC)
    if instant.astimezone(place).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _change_between(local.replace(fold=1).astimezone(UTC), instant, place)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant in ``(before, after]`` at which the zone's offset changes, always on a whole second."""
    offset = before.astimezone(zone).utcoffset()
    low, high = 0, -(-(after - before) // timedelta(seconds=1))
    before = before.replace(microsecond=0)
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def _week_of(at: datetime) -> int:
    return (at - _A_MONDAY) // _WEEK


def _runs(hours: Hours, start: datetime, end: datetime) -> Iterator[_Span]:
    """Openings in ``[start, end)``, clipped to it, those that touch joined across weeks."""
    if start >= end:
        return
    hours = _known(hours)
    run: _Span | None = None
    for week in range(_week_of(start), _week_of(end) + 1):
        for opened, closed in _week(hours, week):
            if closed <= start or opened >= end:
                continue
            if run and run[1] == opened:
                run = (run[0], min(closed, end))
                continue
            if run:
                yield run
            run = (max(opened, start), min(closed, end))
    if run:
        yield run


@lru_cache(maxsize=1024)
def _known(hours: Hours) -> Hours:
    """The first facts seen that equal these: a walk over many weeks then finds its cache by identity."""
    return hours


@lru_cache(maxsize=8192)
def _week(hours: Hours, week: int) -> tuple[_Span, ...]:
    """Merged openings of one week of UTC, clipped to it; weeks count from an arbitrary Monday."""
    start = _A_MONDAY + week * _WEEK
    end = start + _WEEK
    # Offsets reach 16 hours either way and an interval ends before the second midnight after its day began.
    days = (start.date() + offset * _DAY for offset in range(-2, 8))
    merged: list[_Span] = []
    for begins, ends in sorted(span for day in days for span in _day_spans(hours, day)):
        opened, closed = max(begins, start), min(ends, end)
        if opened >= closed:
            continue
        if merged and opened <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closed))
        else:
            merged.append((opened, closed))
    return tuple(merged)


def _day_spans(hours: Hours, day: date) -> Iterator[_Span]:
    for start, end in _intervals(hours, day):
        last_day = day if end > start else day + _DAY
        yield local_instant(hours.zone, day, start), local_instant(hours.zone, last_day, end)


def _intervals(hours: Hours, day: date) -> Iterable[tuple[time, time]]:
    for exception in hours.exceptions:
        if exception.day == day:
            return exception.intervals
    if day in hours.holidays:
        return ()
    weekday = day.weekday()
    return [(each.start, each.end) for each in hours.weekly if each.weekday == weekday]


@lru_cache(maxsize=512)
def _statutory_year(
    country: str, subdivision: str | None, year: int, language: str | None
) -> tuple[tuple[date, str], ...]:
    try:
        place = holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError as error:
        raise ValueError(str(error)) from error
    found = holidays.country_holidays(
        country, subdiv=subdivision, years=year, expand=False, language=_names_in(place, language)
    )
    return tuple(sorted((day, name) for day, name in found.items() if day.year == year))


def _names_in(place: holidays.HolidayBase, language: str | None) -> str | None:
    """The library's name for the language. Left to itself it would take the one of the process's locale."""
    wanted = (language or "").replace("-", "_").lower()
    exact = {known.lower(): known for known in place.supported_languages}
    related = {known.lower().split("_")[0]: known for known in place.supported_languages}
    return exact.get(wanted) or related.get(wanted.split("_")[0]) or place.default_language
