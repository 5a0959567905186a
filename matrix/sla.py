"""Targets and their clocks: when something is due, and whether a chain can meet its response target.

Pure functions over frozen facts: no database, no clock. Minutes throughout; instants are aware, results UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil

from portal.hours import Hours, add_open_time, as_utc, is_open, next_opening, open_time_between

Span = tuple[datetime, datetime]
"""From and until, both instants that are known."""


class Clock(StrEnum):
    """What a target counts: every minute, or only those in which the provider is open."""

    ROUND_THE_CLOCK = "round_the_clock"
    SUPPORT_HOURS = "support_hours"


@dataclass(frozen=True, slots=True)
class StepShape:
    """A step as far as time goes: ``wait`` minutes until the next; ``informs`` is not expected to answer."""

    wait: int
    informs: bool


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """A chain whose last answering link starts too late, in minutes after the chain's start.

    ``proposed_waits`` has one wait per step and keeps the target; None where no wait may be that short.
    """

    last_start: int
    allowed: int
    proposed_waits: tuple[int, ...] | None


def due(
    reported_at: datetime, minutes: int | None, clock: Clock, hours: Hours, pauses: Iterable[Span] = ()
) -> datetime | None:
    """When a target of ``minutes`` is due, in UTC; its clock stands still during ``pauses``, which do not overlap.

    None without a target, or where that much open time is not found within ``portal.hours.HORIZON``.
    """
    if minutes is None:
        return None
    since = as_utc(reported_at)
    amount = timedelta(minutes=minutes)
    for start, end in pauses:
        begun, ended = max(as_utc(start), since), max(as_utc(end), since)
        amount += open_time_between(hours, begun, ended) if clock is Clock.SUPPORT_HOURS else ended - begun
    return add_open_time(hours, reported_at, amount) if clock is Clock.SUPPORT_HOURS else since + amount


class Standing(StrEnum):
    """How a running clock stands; `LATE` from three quarters of its time on."""

    GOOD = "good"
    LATE = "late"
    MISSED = "missed"


LATE_FROM = 0.75
"""The share of its time after which a clock is late."""


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A clock as it stands at an instant.

    ``left`` is what it has left to count, negative once the target is missed; ``until_late`` likewise until it is
    late. ``paused_until`` is when it goes on counting, None while it counts.
    """

    standing: Standing
    left: timedelta
    until_late: timedelta
    paused_until: datetime | None = None


def running_clock(reported_at: datetime, due_at: datetime, clock: Clock, hours: Hours, now: datetime) -> RunningClock:
    """How the clock of a target stands at ``now`` that began at ``reported_at`` and is due at ``due_at``."""
    reported_at, due_at, now = as_utc(reported_at), as_utc(due_at), as_utc(now)
    counts_always = clock is Clock.ROUND_THE_CLOCK
    whole = due_at - reported_at if counts_always else open_time_between(hours, reported_at, due_at)
    left = due_at - now if counts_always or now >= due_at else open_time_between(hours, now, due_at)
    until_late = left - whole * (1 - LATE_FROM)
    if now >= due_at:
        return RunningClock(Standing.MISSED, left, until_late)
    paused = not counts_always and left and not is_open(hours, now)
    return RunningClock(
        standing=Standing.LATE if until_late <= timedelta(0) else Standing.GOOD,
        # Where the hours were changed after the target was set, its instant may be all that is left of it.
        left=left or due_at - now,
        until_late=until_late,
        paused_until=next_opening(hours, now) if paused else None,
    )


def start_minutes(steps: Sequence[StepShape]) -> tuple[int, ...]:
    """The minutes after the chain's start at which each step begins: the sum of the waits before it."""
    starts: list[int] = []
    elapsed = 0
    for step in steps:
        starts.append(elapsed)
        elapsed += step.wait
    return tuple(starts)


def last_answering_start(steps: Sequence[StepShape]) -> int | None:
    """When the last step that is expected to answer begins; None if all only inform."""
    last = _last_answering(steps)
    return None if last is None else start_minutes(steps)[last]


def check_chain(steps: Sequence[StepShape], response_minutes: int, margin_minutes: int = 15) -> ChainFinding | None:
    """None if the chain holds its response target, else what is wrong and waits that would hold it.

    The rule: the last link expected to answer starts at least ``margin_minutes`` before the target.
    A chain in which nobody is expected to answer has no such link and no finding here.
    """
    last = _last_answering(steps)
    if last is None:
        return None
    waits = tuple(step.wait for step in steps)
    last_start, allowed = sum(waits[:last]), response_minutes - margin_minutes
    if last_start <= allowed:
        return None
    fitted = fit_waits(waits[:last], allowed)
    return ChainFinding(last_start, allowed, fitted + waits[last:] if sum(fitted) <= allowed else None)


def fit_waits(waits: Sequence[int], budget: int, floor: int = 5) -> tuple[int, ...]:
    """Shorten ``waits`` (minutes, not negative) so that their sum is at most ``budget``.

    In proportion, in whole minutes, none under ``floor`` and none lengthened: a wait already under the floor
    stays. Where rounding leaves a choice the longest gives way first. If even the floors exceed the budget,
    the floors are the answer, and their sum tells.
    """
    if sum(waits) <= budget:
        return tuple(waits)
    lowest = [min(wait, floor) for wait in waits]
    if sum(lowest) >= budget:
        return tuple(lowest)
    exact = _scaled(waits, lowest, budget)
    fitted = [ceil(wait) for wait in exact]
    rounded = [place for place, wait in enumerate(exact) if wait != fitted[place]]
    # Of those that come out equal the shorter one gives way, so that it never becomes the longer one.
    rounded.sort(key=lambda place: (-fitted[place], waits[place]))
    for place in rounded[: sum(fitted) - budget]:
        fitted[place] -= 1
    return tuple(fitted)


def _scaled(waits: Sequence[int], lowest: Sequence[int], budget: int) -> list[Fraction]:
    """One factor for all waits, so that they sum to ``budget``; none is taken under its floor."""
    free = set(range(len(waits)))
    while True:
        rest = budget - sum(low for place, low in enumerate(lowest) if place not in free)
        factor = Fraction(rest, sum(waits[place] for place in free))
        pinned = {place for place in free if waits[place] * factor < lowest[place]}
        if not pinned:
            return [wait * factor if place in free else Fraction(lowest[place]) for place, wait in enumerate(waits)]
        free -= pinned


def _last_answering(steps: Sequence[StepShape]) -> int | None:
    return next((place for place in reversed(range(len(steps))) if not steps[place].informs), None)
