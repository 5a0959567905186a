"""What is not covered in the coming weeks: facts in, findings out. Pure.

Everything is asked of the one resolver (`routing.decide`, `routing.resolve`): a gap found here is one that a caller
would meet, and one that a caller would meet is found here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from matrix.terms import Priority, Role, Route
from portal.hours import Hours, Period, local_instant
from routing.decision import Facts, Reason, Source, Warn

from .chains import Judge, Run, periods
from .states import State, Timelines

BEYOND = timedelta(days=7)
"""So far after the end an opening is looked for that ends what is held until then."""


class Severity(StrEnum):
    """How bad it is: nobody answers; the next mishap would make it so; to be known."""

    GAP = "gap"
    RISK = "risk"
    NOTE = "note"


class Kind(StrEnum):
    """What is wrong. Each has one way to mend it."""

    GAP = "gap"
    NO_MATRIX = "no_matrix"
    NO_ROTA = "no_rota"
    NOBODY_ASSIGNED = "nobody_assigned"
    NO_HOURS = "no_hours"
    EMPTY_LINE = "empty_line"
    SAME_PERSON = "same_person"
    SINGLE_POINT = "single_point"
    NO_NUMBER = "no_number"
    OTHER_CHANNEL = "other_channel"
    LATE_CHAIN = "late_chain"
    HOLIDAY = "holiday"
    NO_LAST_RESORT = "no_last_resort"


SEVERITY = {
    Kind.GAP: Severity.GAP,
    Kind.NO_MATRIX: Severity.GAP,
    Kind.HOLIDAY: Severity.NOTE,
}
"""All others are risks."""

Concern = tuple[str, str]
"""A priority and a route."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, wherever it is: `projects` are keys, `concerns` the chains, `periods` the times.

    `subject` is whom or what it is about: a person, a rota (by its short name) or the support hours, by their name.
    """

    kind: Kind
    projects: tuple[str, ...]
    periods: tuple[Period, ...]
    concerns: tuple[Concern, ...] = ()
    role: Role | None = None
    subject: str = ""
    day: date | None = None
    accepted: bool = False

    @property
    def severity(self) -> Severity:
        """A chain that misses its target and was accepted so is only to be known."""
        return Severity.NOTE if self.accepted else SEVERITY.get(self.kind, Severity.RISK)

    @property
    def since(self) -> datetime:
        return self.periods[0].start

    @property
    def until(self) -> datetime | None:
        return self.periods[-1].end

    @property
    def identities(self) -> tuple[str, ...]:
        """What it says, thing by thing; each stays the same from one look to the next, whatever else joins it."""
        if self.subject and not self.concerns:
            return ("|".join([self.kind, self.subject, self.role or "", self.day.isoformat() if self.day else ""]),)
        about = ["/".join(concern) for concern in self.concerns] or [self.role or ""]
        return tuple(f"{self.kind}|{project}|{each}" for project in self.projects for each in about)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One project for `[start, end)`, in which one version of its matrix is in force, or none is.

    `asked` holds the facts of each priority and source, and is empty without a matrix; `facts` are those of the
    project alone. `accepted` are chains whose missed target somebody accepted. `calendar` is the name of its
    support hours, empty where it has none.
    """

    project: str
    start: datetime
    end: datetime
    facts: Facts
    asked: Mapping[tuple[Priority, Source], Facts]
    accepted: frozenset[Concern] = frozenset()
    calendar: str = ""


def find(stretches: Iterable[Stretch], start: datetime, end: datetime) -> tuple[Finding, ...]:
    """Everything that is wrong in `[start, end)` (aware, UTC), the worst first, then by time.

    The stretches are of one gathering and lie within that time.
    """
    judge = Judge(Timelines(start, end + BEYOND))
    found: list[Finding] = []
    for stretch in stretches:
        found += _project(stretch)
        found += _roles(stretch, judge.timelines)
        found += _chains(stretch, judge)
        found += _holidays(stretch)
    order = list(Severity)
    return tuple(
        sorted(
            _merged(_spanned(found)),
            key=lambda each: (order.index(each.severity), each.since, list(Kind).index(each.kind), each.identities),
        )
    )


# --- The project itself -------------------------------------------------------------------------------------


def _project(stretch: Stretch) -> Iterator[Finding]:
    whole = (Period(stretch.start, stretch.end),)
    if not stretch.asked:
        yield Finding(Kind.NO_MATRIX, (stretch.project,), whole)
    if not stretch.calendar:
        yield Finding(Kind.NO_HOURS, (stretch.project,), whole)
    if stretch.facts.last_resort is None:
        yield Finding(Kind.NO_LAST_RESORT, (stretch.project,), whole, subject="installation")


# --- Who holds a role ---------------------------------------------------------------------------------------

ALWAYS = (Role.SDM,)
"""Every project has one, whatever its matrix names."""
WITHOUT_MATRIX = (Role.SDM, Role.ON_CALL_PRIMARY, Role.ON_CALL_BACKUP)
"""What a project needs as soon as it has a matrix."""


def _roles(stretch: Stretch, timelines: Timelines) -> Iterator[Finding]:
    steps = [step for facts in stretch.asked.values() for cell in facts.cells.values() for step in cell.steps]
    channels = defaultdict(set)
    for step in steps:
        channels[step.role].add(step.channels)
    for role in sorted({*channels, *(ALWAYS if steps else WITHOUT_MATRIX)}):
        states = timelines.states(stretch.facts, role)
        for state, period in _clipped(states, stretch):
            yield from _state(stretch, role, state, period)
            available = state.found.available
            if available and any(available.isdisjoint(wanted) for wanted in channels[role]):
                name = state.found.people[0].name
                yield Finding(Kind.OTHER_CHANNEL, (stretch.project,), (period,), role=role, subject=name)


def _clipped(states: tuple[State, ...], stretch: Stretch) -> Iterator[tuple[State, Period]]:
    for number, state in enumerate(states):
        ends = states[number + 1].start if number + 1 < len(states) else stretch.end
        start, end = max(state.start, stretch.start), min(ends, stretch.end)
        if start < end:
            yield state, Period(start, end)


def _state(stretch: Stretch, role: Role, state: State, period: Period) -> Iterator[Finding]:
    """What is wrong with one role for one period."""
    found, projects = state.found, (stretch.project,)
    if Warn.NO_ROTA in found.warnings:
        yield Finding(Kind.NO_ROTA, projects, (period,))
    elif found.reason is Reason.NOBODY_ON_DUTY:
        yield Finding(Kind.EMPTY_LINE, projects, (period,), role=role, subject=_rota(stretch, state, period))
    elif found.reason is Reason.NOBODY_ASSIGNED:
        yield Finding(Kind.NOBODY_ASSIGNED, projects, (period,), role=role)
    if Warn.SAME_AS_PRIMARY in found.warnings:
        yield Finding(Kind.SAME_PERSON, projects, (period,), subject=_rota(stretch, state, period))
    for passed in found.passed:
        if passed.reason is Reason.NO_CONTACT_METHOD:
            yield Finding(Kind.NO_NUMBER, projects, (period,), role=role, subject=passed.name)


def _rota(stretch: Stretch, state: State, period: Period) -> str:
    return next((each.slug for each in stretch.facts.duty if each.valid.contains(period.start)), "")


# --- Chains -------------------------------------------------------------------------------------------------


def _chains(stretch: Stretch, judge: Judge) -> Iterator[Finding]:
    """One finding for all priorities that have the same at the same times."""
    alike: dict[tuple[Kind, str, Route, bool, tuple[Period, ...]], set[Concern]] = defaultdict(set)
    for (priority, source), facts in stretch.asked.items():
        if source is Source.MONITORING and not _has_own_route(facts):
            continue  # the customer's chain runs then, and is asked about
        grouped: dict[tuple[Kind, Route], list[Run]] = defaultdict(list)
        for run in judge.runs(facts, stretch.start, stretch.end):
            for kind in _kinds(run):
                grouped[kind, run.route].append(run)
        for (kind, route), runs in grouped.items():
            only = _always_the_same(runs) if kind is Kind.SINGLE_POINT else ""
            accepted = kind is Kind.LATE_CHAIN and (priority, route) in stretch.accepted
            alike[kind, only, route, accepted, periods(runs)].add((priority, route))
    for (kind, only, _route, accepted, when), concerns in alike.items():
        yield Finding(kind, (stretch.project,), when, concerns=_in_order(concerns), subject=only, accepted=accepted)


def _always_the_same(runs: list[Run]) -> str:
    """Who it is throughout; empty where they take turns."""
    names = {run.only for run in runs}
    return names.pop() if len(names) == 1 else ""


def _has_own_route(facts: Facts) -> bool:
    cell = facts.cells.get(Route.MONITORING)
    return cell is not None and bool(cell.steps)


def _kinds(run: Run) -> Iterator[Kind]:
    if run.verdict.gap:
        yield Kind.GAP
    if run.verdict.single:
        yield Kind.SINGLE_POINT
    if run.verdict.late:
        yield Kind.LATE_CHAIN


def _in_order(concerns: Iterable[Concern]) -> tuple[Concern, ...]:
    priorities, routes = list(Priority), list(Route)
    return tuple(sorted(concerns, key=lambda each: (priorities.index(each[0]), routes.index(each[1]))))  # type: ignore[arg-type]


# --- Holidays -----------------------------------------------------------------------------------------------


def _holidays(stretch: Stretch) -> Iterator[Finding]:
    """Holidays on which the office would otherwise be open, and nobody has arranged anything: duty goes by rotation."""
    hours = stretch.facts.hours
    arranged = {exception.day for exception in hours.exceptions}
    weekdays = {weekly.weekday for weekly in hours.weekly}
    for day in sorted(hours.holidays - arranged):
        period = _day(hours, day)
        if day.weekday() not in weekdays or period.start < stretch.start or period.start >= stretch.end:
            continue
        if not _is_arranged(stretch.facts, period):
            yield Finding(Kind.HOLIDAY, (stretch.project,), (period,), subject=stretch.calendar, day=day)


def _day(hours: Hours, day: date) -> Period:
    midnight, next_midnight = (local_instant(hours.zone, each, time()) for each in (day, day + timedelta(days=1)))
    return Period(midnight, next_midnight)


def _is_arranged(facts: Facts, day: Period) -> bool:
    """Whether somebody has said who is on duty that day."""
    return any(
        Period(override.start, override.end).overlaps(day) for duty in facts.duty for override in duty.rota.overrides
    )


# --- Together -----------------------------------------------------------------------------------------------


def _spanned(found: list[Finding]) -> Iterator[Finding]:
    """Findings of one project that differ in their periods alone are one."""
    grouped: dict[Finding, list[Period]] = defaultdict(list)
    for finding in found:
        grouped[replace(finding, periods=())] += finding.periods
    for finding, when in grouped.items():
        yield replace(finding, periods=_union(when, whole=finding.kind in (Kind.NO_NUMBER, Kind.OTHER_CHANNEL)))


def _union(when: list[Period], *, whole: bool) -> tuple[Period, ...]:
    """The periods in time order, those that touch or overlap as one; with `whole` from the first to the last."""
    found: list[Period] = []
    for period in sorted(when, key=lambda each: each.start):
        if found and (whole or found[-1].end is None or period.start <= found[-1].end):
            ends = [each.end for each in (found[-1], period)]
            found[-1] = Period(found[-1].start, None if None in ends else max(filter(None, ends)))
        else:
            found.append(period)
    return tuple(found)


def _merged(found: Iterable[Finding]) -> Iterator[Finding]:
    """What is about one person, rota or calendar, and a chain that fails at the same times, is one for all projects."""
    grouped: dict[Finding, list[Finding]] = defaultdict(list)
    for finding in found:
        alike = finding if finding.concerns or not finding.subject else replace(finding, periods=())
        grouped[replace(alike, projects=())].append(finding)
    for findings in grouped.values():
        projects = tuple(sorted({project for finding in findings for project in finding.projects}))
        when = [period for finding in findings for period in finding.periods]
        yield replace(findings[0], projects=projects, periods=_union(when, whole=False))
