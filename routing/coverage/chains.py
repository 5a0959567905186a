"""What is wrong with a chain through weeks, asked of `decide` wherever the answer can change. Pure.

Whether somebody answers depends on who can be reached when a matter is reported: whoever cannot is passed over at
once. So nothing is sampled: one decision serves every part of the time in which each role of the chain resolves alike,
and every project whose chain and people are alike but for who they are. Where the answer could change while the chain
runs, one decision serves its own part alone.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from matrix.content import CellContent
from matrix.sla import Clock
from matrix.terms import Role, Route
from portal.hours import Period, next_opening
from routing.course import LAST_RESORT_MINUTES
from routing.course import route_for as route_at
from routing.decide import decide
from routing.decision import Decision, Facts, Kind, Link, Warn
from routing.resolve import Resolved

from .states import Part, Timelines, Window, role_key, within

EMPTY = CellContent()


class Verdict(NamedTuple):
    """Of one decision: nobody could answer, one person alone could, the last who could begins too late."""

    gap: bool = False
    single: bool = False
    late: bool = False


class Run(NamedTuple):
    """A stretch of time with one verdict, on one route; `only` is who alone could answer, where it is one person."""

    route: Route
    verdict: Verdict
    start: datetime
    end: datetime
    only: str


def judge(decision: Decision, answer_margin: int) -> Verdict:
    """What is wrong with the chain of a decision. The last resort is nobody: it is there because nobody is."""
    answering = answering_links(decision)
    if not answering or not _warned(decision).isdisjoint({Warn.LAST_RESORT, Warn.NO_LAST_RESORT}):
        return Verdict(gap=True)
    people = {(each.kind, each.id) for link in answering for each in link.people}
    single = len(people) == 1 and next(iter(people))[0] is Kind.PERSON
    allowed = decision.respond_by and decision.respond_by - timedelta(minutes=answer_margin)
    return Verdict(single=single, late=allowed is not None and answering[-1].at > allowed)


def answering_links(decision: Decision) -> list[Link]:
    """Who of a chain is expected to answer."""
    return [link for link in decision.chain if not link.informs and link.role is not Role.LAST_RESORT]


def _warned(decision: Decision) -> set[Warn]:
    return set(decision.warnings)


@dataclass(frozen=True)
class Judge:
    """Verdicts, each asked for once."""

    timelines: Timelines
    _verdicts: dict[Hashable, Verdict] = field(default_factory=dict)
    _runs: dict[Hashable, tuple[Run, ...]] = field(default_factory=dict)
    _numbers: dict[Hashable, int] = field(default_factory=dict)

    def runs(self, facts: Facts, start: datetime, end: datetime) -> tuple[Run, ...]:
        """All that is wrong with the chain in `[start, end)`, in time order."""
        roles = sorted({step.role for cell in facts.cells.values() for step in cell.steps})
        content = (
            tuple(sorted(facts.cells.items(), key=lambda item: item[0])),
            facts.source,
            facts.response_minutes,
            facts.clock,
            facts.answer_margin,
            facts.last_resort is None,
        )
        people = tuple(role_key(facts, role) for role in roles)
        key = (content, people, facts.hours, start, end)
        if key not in self._runs:
            chain = _Chain(self, facts, self._number(content), self._number((content, people, facts.hours)))
            self._runs[key] = tuple(_joined(chain.runs(start, end)))
        return self._runs[key]

    def _number(self, known: Hashable) -> int:
        """A short name for something long."""
        return self._numbers.setdefault(known, len(self._numbers))

    def verdict(self, facts: Facts, at: datetime, key: Hashable) -> Verdict:
        """The verdict at `at`; `key` says with what it is shared."""
        if key not in self._verdicts:
            self._verdicts[key] = judge(decide(facts, at), facts.answer_margin)
        return self._verdicts[key]


@dataclass(frozen=True)
class _Chain:
    """One walk through the weeks. `content` and `whole` tell chains apart: by what was agreed, and by all facts."""

    judge: Judge
    facts: Facts
    content: int
    whole: int
    plans: "dict[bool, _Plan]" = field(default_factory=dict)

    def runs(self, start: datetime, end: datetime) -> Iterator[Run]:
        for window in self.judge.timelines.windows(self.facts):
            begins, ends = max(window.start, start), min(window.end, end)
            if begins < ends:
                yield from self._window(Window(begins, ends, window.is_open))

    def _window(self, window: Window) -> Iterator[Run]:
        # Of two windows alike the route is the same: what follows from it is worked out once.
        if window.is_open not in self.plans:
            self.plans[window.is_open] = self._plan(window)
        plan = self.plans[window.is_open]
        if plan.waits:
            yield from self._deferred(window, plan)
            return
        for start, end, part in within(plan.parts, window.start, window.end):
            calm = end - start >= plan.length
            key = (self.content, plan.route, part.shape) if calm else (self.whole, start)
            yield _run(plan, self.judge.verdict(self.facts, start, key), start, end, part)

    def _plan(self, window: Window) -> "_Plan":
        route = route_at(self.facts, window.start)
        cell = self.facts.cells.get(route, EMPTY)
        waits = not window.is_open and _waits(route, cell)
        if waits and route is Route.AFTER_HOURS:
            cell = self.facts.cells.get(Route.BUSINESS_HOURS, EMPTY)
        parts = self.judge.timelines.parts(self.facts, _roles(cell))
        return _Plan(route, cell, waits, _length(cell), parts)

    def _deferred(self, window: Window, plan: "_Plan") -> Iterator[Run]:
        """Nothing happens before the opening: who answers then, answers for the whole time before."""
        facts, opening = self.facts, next_opening(self.facts.hours, window.start)
        if opening is None or opening >= self.judge.timelines.end:
            for start, end, part in within(plan.parts, window.start, window.end):
                yield _run(plan, self.judge.verdict(facts, start, (self.whole, start)), start, end, part)
            return
        parts = within(plan.parts, opening, opening + max(plan.length, timedelta.resolution))
        waited = opening - window.start if facts.clock is Clock.ROUND_THE_CLOCK else None
        shared = self.content, plan.route, "deferred", waited, parts[0][2].shape
        key = shared if len(parts) == 1 else (self.whole, window.start)
        yield _run(plan, self.judge.verdict(facts, window.start, key), window.start, window.end, parts[0][2])


@dataclass(frozen=True, slots=True)
class _Plan:
    """What runs in every window of a kind: the steps, whether they wait for the opening, and how long they take."""

    route: Route
    cell: CellContent
    waits: bool
    length: timedelta
    parts: tuple[Part, ...]


def _run(plan: _Plan, verdict: Verdict, start: datetime, end: datetime, part: Part) -> Run:
    return Run(plan.route, verdict, start, end, _only(plan.cell, part.found) if verdict.single else "")


def _waits(route: Route, cell: CellContent) -> bool:
    """Whether outside hours the cell holds everything until the opening."""
    return cell.defers_outside_hours or (cell.defers and route is Route.AFTER_HOURS)


def _roles(cell: CellContent) -> tuple[Role, ...]:
    return tuple(dict.fromkeys(step.role for step in cell.steps))


def _length(cell: CellContent) -> timedelta:
    """How long the chain runs at most, until its round is over."""
    return timedelta(minutes=sum(step.wait for step in cell.steps) + LAST_RESORT_MINUTES)


def _only(cell: CellContent, found: tuple[Resolved, ...]) -> str:
    """Who alone could answer, of those that the roles resolve to when the chain begins."""
    by_role: Mapping[Role, Resolved] = dict(zip(_roles(cell), found, strict=True))
    names = {each.name for step in cell.steps if not step.informs for each in by_role[step.role].people}
    return next(iter(names)) if len(names) == 1 else ""


def _joined(runs: Iterator[Run]) -> Iterator[Run]:
    """Runs in which something is wrong; those that touch and are alike are one."""
    last: Run | None = None
    for run in runs:
        if last and last.end == run.start and last[:2] == run[:2] and last.only == run.only:
            last = last._replace(end=run.end)
            continue
        if last and any(last.verdict):
            yield last
        last = run
    if last and any(last.verdict):
        yield last


def periods(runs: list[Run]) -> tuple[Period, ...]:
    """When the runs are, in time order; those that touch are one."""
    found: list[Period] = []
    for run in sorted(runs, key=lambda run: run.start):
        if found and found[-1].end == run.start:
            found[-1] = Period(found[-1].start, run.end)
        else:
            found.append(Period(run.start, run.end))
    return tuple(found)
