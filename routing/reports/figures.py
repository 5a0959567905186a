"""What a report counts: frozen facts of incidents in, figures out. No database, no clock.

Nothing here knows who did anything: a report is about a customer's service, never about persons.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NINE_OF_TEN = 9, 10


class Outcome(StrEnum):
    """How a target fared."""

    MET = "met"
    MISSED = "missed"
    RUNNING = "running"
    LAPSED = "lapsed"
    """It was over before the target had passed, and before anybody had answered: nobody had to any more."""
    NO_TARGET = "no_target"


@dataclass(frozen=True, slots=True)
class Counted:
    """One incident (or request) as a report sees it.

    `respond_by` and `resolve_by` are as its clock has left them: paused time is in them already. `paused` says that
    the clock stands still; `restored_at` is None while it is open. `call_outs` are its pages that were answered
    outside support hours.
    """

    number: int
    project: str
    priority: str
    request: bool
    reported_at: datetime
    respond_by: datetime | None
    responded_at: datetime | None
    resolve_by: datetime | None
    restored_at: datetime | None
    paused: bool = False
    to_backup: bool = False
    call_outs: int = 0

    def response(self, now: datetime) -> Outcome:
        """Whether a human answered in time; without an answer, whether one can still come in time."""
        if self.respond_by is None:
            return Outcome.NO_TARGET
        if self.responded_at is not None:
            return _in_time(self.responded_at, self.respond_by)
        if self.restored_at is not None:
            return Outcome.LAPSED if self.restored_at <= self.respond_by else Outcome.MISSED
        return Outcome.RUNNING if now <= self.respond_by else Outcome.MISSED

    def resolution(self, now: datetime) -> Outcome:
        """Whether the service was restored in time; while it is not, whether it still can be."""
        if self.resolve_by is None:
            return Outcome.NO_TARGET
        if self.restored_at is not None:
            return _in_time(self.restored_at, self.resolve_by)
        return Outcome.RUNNING if self.paused or now <= self.resolve_by else Outcome.MISSED

    @property
    def answered_after(self) -> timedelta | None:
        """How long the reporter waited for an answer, by the clock on the wall."""
        if self.responded_at is None:
            return None
        return max(self.responded_at - self.reported_at, timedelta(0))


def _in_time(done_at: datetime, due_at: datetime) -> Outcome:
    return Outcome.MET if done_at <= due_at else Outcome.MISSED


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some incidents. `median` and `p90` are None where nobody has answered any yet."""

    count: int
    response: Mapping[Outcome, int]
    resolution: Mapping[Outcome, int]
    median: timedelta | None
    p90: timedelta | None
    to_backup: int
    call_outs: int

    @property
    def response_percent(self) -> int | None:
        return percent_of(self.response[Outcome.MET], self.response[Outcome.MISSED])

    @property
    def resolution_percent(self) -> int | None:
        return percent_of(self.resolution[Outcome.MET], self.resolution[Outcome.MISSED])


def figures(cases: Sequence[Counted], *, now: datetime) -> Figures:
    waits = sorted(wait for case in cases if (wait := case.answered_after) is not None)
    return Figures(
        count=len(cases),
        response=_tally(case.response(now) for case in cases),
        resolution=_tally(case.resolution(now) for case in cases),
        median=median_of(waits) if waits else None,
        p90=p90_of(waits) if waits else None,
        to_backup=sum(case.to_backup for case in cases),
        call_outs=sum(case.call_outs for case in cases),
    )


def _tally(outcomes: Iterable[Outcome]) -> dict[Outcome, int]:
    counted = Counter(outcomes)
    return {outcome: counted[outcome] for outcome in Outcome}


def median_of(waits: Sequence[timedelta]) -> timedelta:
    """The middle of these waits (ascending, at least one), or of an even number the middle between the two."""
    half = len(waits) // 2
    return waits[half] if len(waits) % 2 else (waits[half - 1] + waits[half]) / 2


def p90_of(waits: Sequence[timedelta]) -> timedelta:
    """The shortest of these waits (ascending, at least one) within which nine of ten were over."""
    nine, ten = NINE_OF_TEN
    return waits[-(-len(waits) * nine // ten) - 1]


def percent_of(met: int, missed: int) -> int | None:
    """Of the targets that have been decided, how many of a hundred were met; None where none has been.

    Rounded, but 100 only where none was missed, and 0 only where none was met.
    """
    if not met + missed:
        return None
    rounded = round(100 * met / (met + missed))
    if missed:
        rounded = min(rounded, 99)
    return max(rounded, 1) if met else rounded


@dataclass(frozen=True, slots=True)
class Which:
    """Which of a report's incidents a figure counts; empty means any. The list behind the figure uses the same."""

    request: bool = False
    priority: str = ""
    project: str = ""
    response: Outcome | None = None
    resolution: Outcome | None = None
    answered: bool = False
    to_backup: bool = False
    called_out: bool = False

    def of(self, cases: Iterable[Counted], now: datetime) -> list[Counted]:
        rules = [rule for name, rule in _RULES.items() if name == "request" or getattr(self, name)]
        return [case for case in cases if all(rule(self, case, now) for rule in rules)]


_RULES: dict[str, Callable[[Which, Counted, datetime], bool]] = {
    "request": lambda which, case, _now: case.request == which.request,
    "priority": lambda which, case, _now: case.priority == which.priority,
    "project": lambda which, case, _now: case.project == which.project,
    "response": lambda which, case, now: case.response(now) == which.response,
    "resolution": lambda which, case, now: case.resolution(now) == which.resolution,
    "answered": lambda _which, case, _now: case.responded_at is not None,
    "to_backup": lambda _which, case, _now: case.to_backup,
    "called_out": lambda _which, case, _now: case.call_outs > 0,
}
"""By field of `Which`: what a case must be like where that field is given."""
