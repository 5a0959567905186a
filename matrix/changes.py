"""What changed between two versions of a matrix. Pure: two contents in, the differences out.

Every difference is in exactly one change, so nothing is agreed anew without being said. Minutes throughout.
`matrix/wording.py` puts a change into words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .content import CellContent, Localised, ReportingContent, StepContent, TermsContent, VersionContent
from .sla import StepShape, start_minutes
from .terms import Priority, Role, Route, Window


class What(StrEnum):
    """What a change is about, and what its `before` and `after` hold."""

    TITLE = "title"  # text
    PRIORITY = "priority"  # whether there is one
    DEFINITION = "definition"  # text
    EXAMPLES = "examples"  # tuple of texts
    RESPONSE = "response"  # minutes or None
    RESOLUTION = "resolution"  # minutes or None
    UPDATES = "updates"  # minutes or None
    PROGRESS = "progress"  # minutes or None
    CLOCK = "clock"  # Clock
    PAUSE = "pause"  # whether the clock pauses while waiting
    WAYS = "ways"  # tuple of ReportWay
    INSTRUCTION = "instruction"  # text
    DEFERRAL = "deferral"  # Deferral
    CHAIN = "chain"  # tuple of StepContent
    START = "start"  # minutes after the beginning of the chain
    CHANNELS = "channels"  # tuple of Channel
    RINGING = "ringing"  # seconds or None
    LAST_WAIT = "last_wait"  # minutes after the last step until the chain begins anew


class Deferral(StrEnum):
    """What a cell does outside support hours."""

    NOT = "not"
    DEFERS = "defers"
    DEFERS_OUTSIDE_HOURS = "defers_outside_hours"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `language` is set where only the text in that language differs; `role` and `step` (from 0)
    where it is about one step of an otherwise unchanged chain."""

    what: What
    before: object
    after: object
    priority: Priority | None = None
    route: Route | None = None
    window: Window | None = None
    language: str = ""
    role: Role | None = None
    step: int | None = None


def changes(before: VersionContent, after: VersionContent) -> tuple[Change, ...]:
    """Every difference from `before` to `after`, by priority from Blocker down; empty where they agree."""
    return tuple(_changes(before, after))


def _changes(before: VersionContent, after: VersionContent) -> Iterator[Change]:
    yield from _texts(What.TITLE, before.title, after.title)
    for priority in Priority:
        one, other = before.priorities.get(priority), after.priorities.get(priority)
        if one and other:
            yield from _terms(priority, one, other)
        elif one or other:
            yield Change(What.PRIORITY, one is not None, other is not None, priority)


def _terms(priority: Priority, before: TermsContent, after: TermsContent) -> Iterator[Change]:
    yield from _texts(What.DEFINITION, before.definition, after.definition, priority)
    for language in sorted({*before.examples, *after.examples}):
        pair = before.examples.get(language, ()), after.examples.get(language, ())
        if pair[0] != pair[1]:
            yield Change(What.EXAMPLES, *pair, priority, language=language)
    for what, one, other in _promises(before, after):
        if one != other:
            yield Change(what, one, other, priority)
    for window in Window:
        yield from _reporting(priority, window, before.reporting.get(window), after.reporting.get(window))
    for route in Route:
        yield from _cell(priority, route, before.promise.cells.get(route), after.promise.cells.get(route))


def _promises(before: TermsContent, after: TermsContent) -> Iterator[tuple[What, object, object]]:
    yield What.RESPONSE, before.promise.response_minutes, after.promise.response_minutes
    yield What.RESOLUTION, before.promise.resolution_minutes, after.promise.resolution_minutes
    yield What.UPDATES, before.update_minutes, after.update_minutes
    yield What.PROGRESS, before.progress_minutes, after.progress_minutes
    yield What.CLOCK, before.promise.clock, after.promise.clock
    yield What.PAUSE, before.pauses_while_waiting, after.pauses_while_waiting


def _reporting(
    priority: Priority, window: Window, before: ReportingContent | None, after: ReportingContent | None
) -> Iterator[Change]:
    before, after = before or ReportingContent(), after or ReportingContent()
    if before.ways != after.ways:
        yield Change(What.WAYS, before.ways, after.ways, priority, window=window)
    yield from _texts(What.INSTRUCTION, before.instruction, after.instruction, priority, window)


def _cell(priority: Priority, route: Route, before: CellContent | None, after: CellContent | None) -> Iterator[Change]:
    before, after = before or CellContent(), after or CellContent()
    if (one := _deferral(before)) != (other := _deferral(after)):
        yield Change(What.DEFERRAL, one, other, priority, route)
    if [(s.role, s.informs) for s in before.steps] != [(s.role, s.informs) for s in after.steps]:
        yield Change(What.CHAIN, before.steps, after.steps, priority, route)
    else:
        yield from _steps(priority, route, before.steps, after.steps)


def _steps(
    priority: Priority, route: Route, before: tuple[StepContent, ...], after: tuple[StepContent, ...]
) -> Iterator[Change]:
    """The same roles in the same order: what differs of each of them."""
    starts = zip(starts_of(before), starts_of(after), strict=True)
    for place, (one, other, start) in enumerate(zip(before, after, starts, strict=True)):
        pairs = (
            (What.START, *start),
            (What.CHANNELS, one.channels, other.channels),
            (What.RINGING, one.ring_seconds, other.ring_seconds),
        )
        for what, old, new in pairs:
            if old != new:
                yield Change(what, old, new, priority, route, role=one.role, step=place)
    if before and before[-1].wait != after[-1].wait:
        yield Change(What.LAST_WAIT, before[-1].wait, after[-1].wait, priority, route)


def starts_of(steps: tuple[StepContent, ...]) -> tuple[int, ...]:
    """Minutes after the beginning of the chain at which each step begins, if nobody is passed over."""
    return start_minutes([StepShape(step.wait, step.informs) for step in steps])


def _texts(
    what: What,
    before: Localised,
    after: Localised,
    priority: Priority | None = None,
    window: Window | None = None,
) -> Iterator[Change]:
    for language in sorted({*before, *after}):
        one, other = before.get(language, ""), after.get(language, "")
        if one != other:
            yield Change(what, one, other, priority, window=window, language=language)


def _deferral(cell: CellContent) -> Deferral:
    if cell.defers:
        return Deferral.BOTH if cell.defers_outside_hours else Deferral.DEFERS
    return Deferral.DEFERS_OUTSIDE_HOURS if cell.defers_outside_hours else Deferral.NOT
