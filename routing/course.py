"""The course of a chain if nobody answers: the one walk that the contact card and the pager both follow. Pure.

`decide` shows the whole walk from its beginning; the pager takes the same walk step by step from where it stands.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from matrix.content import CellContent, StepContent
from matrix.sla import fit_waits
from matrix.terms import Channel, Role, Route
from portal.hours import is_open, next_change, next_opening

from .decision import Facts, Link, PassedOver, Reason, Source, Warn
from .resolve import Resolved, resolve

EMPTY = CellContent()
LAST_RESORT_MINUTES = 15
"""How long the last resort has before the next round begins."""
FLOOR_MINUTES = 5
"""No wait is shortened under this."""
LOOK_AHEAD = timedelta(days=14)
EXTRA_ROUNDS = 2
"""How often a chain that ended unacknowledged starts again before it alarms."""
ALARM_WAIT = timedelta(minutes=10)
"""Between the escalation manager and the last resort, and before the alarm is repeated."""
ALARM_ROLES = (Role.ESCALATION_MANAGER, Role.LAST_RESORT)
"""Who is called, in this order, when every round of a chain ended unacknowledged."""
ON_CALL = (Role.ON_CALL_PRIMARY, Role.ON_CALL_BACKUP)


class Cursor(NamedTuple):
    """Where a chain stands: everything before `at` has been done, step `position` is due at `due`.

    `called`: somebody who could answer was called in this round. `joined`: business hours were called beside a
    running on-call chain at opening. `waits`: the waits as shortened at closing. `timing`: why the chain goes on at
    this instant. `anchored`: `due` follows from the wall clock, not from the beginning of the chain.
    `on_call`: each step of the duty that was done in this round, beside whom it called (None: nobody).
    `duty_until`: their duty surely does not change before; None where that must be looked at again.
    """

    route: Route
    at: datetime
    due: datetime
    position: int = 0
    called: bool = False
    joined: bool = False
    waits: tuple[int, ...] | None = None
    timing: Reason | None = None
    anchored: bool = False
    on_call: tuple[tuple[int, int | None], ...] = ()
    duty_until: datetime | None = None


class Stop(NamedTuple):
    """One thing that happens on the walk at `at`, and the cursor after it.

    `event` is a link called, somebody passed over, a reason (held until the opening; on-call takes over at closing;
    opening found nobody to add), or None for the end of the round. It would happen likewise, were the walk shifted,
    until `until`; `anchored` events do not shift with the beginning of the walk.
    """

    at: datetime
    event: Link | PassedOver | Reason | None
    cursor: Cursor
    until: datetime
    anchored: bool
    warnings: tuple[Warn, ...] = ()


def route_for(facts: Facts, at: datetime) -> Route:
    """Monitoring's own route at any hour where it has steps, else the window's."""
    if facts.source is Source.MONITORING and facts.cells.get(Route.MONITORING, EMPTY).steps:
        return Route.MONITORING
    return Route.BUSINESS_HOURS if is_open(facts.hours, at) else Route.AFTER_HOURS


def begin(facts: Facts, at: datetime) -> Cursor:
    """The cursor of a new round at `at`. Outside hours a cell that defers runs the chain of business hours."""
    route = route_for(facts, at)
    if route is Route.AFTER_HOURS and _defers(facts.cells.get(route, EMPTY)):
        route = Route.BUSINESS_HOURS
    return Cursor(route, at, at)


def course(facts: Facts, cursor: Cursor, respond_by: datetime | None) -> Iterator[Stop]:
    """Every stop of the rest of this round, in time order; the last one's event is None.

    A link with nobody reachable is passed over at once. A round in which nobody who could answer was reached ends
    with the last resort, at once.
    """
    c = cursor
    open_now, change = is_open(facts.hours, c.at), next_change(facts.hours, c.at)
    while True:
        if c.on_call and (c.duty_until is None or c.duty_until <= c.at):
            handed, c = _hand_over(facts, c)
            yield from handed
        if change and change <= c.at:
            open_now, change = is_open(facts.hours, c.at), next_change(facts.hours, c.at)
        edges = [edge for edge in (change, c.duty_until) if edge]
        stops = list(_next_stops(facts, c, respond_by, open_now=open_now, until=min([c.at + LOOK_AHEAD, *edges])))
        yield from stops
        if stops:
            c = stops[-1].cursor
            if stops[-1].event is None:
                return
        else:
            c = c._replace(at=min([c.due, *edges]))


def _next_stops(
    facts: Facts, c: Cursor, respond_by: datetime | None, *, open_now: bool, until: datetime
) -> Iterator[Stop]:
    """What happens at `c.at`; nothing where the walk only has to wait."""
    if not open_now and (stop := _at_closing(facts, c, respond_by, until)):
        yield stop
    elif open_now and _joins_at_opening(facts, c):
        yield from _at_opening(facts, c, until)
    elif c.at < c.due:
        return
    elif c.position < len(_steps(facts, c)):
        yield from _step(facts, c, until)
    elif not c.called:
        yield _last_resort(facts, c)
    else:
        yield Stop(c.at, None, c, until, c.anchored)


# --- Closing replaces, opening adds -------------------------------------------------------------------------


def _defers(cell: CellContent) -> bool:
    return cell.defers or cell.defers_outside_hours


def _at_closing(facts: Facts, c: Cursor, respond_by: datetime | None, until: datetime) -> Stop | None:
    """What being closed does to the route: nothing, hold until the opening, or on-call takes over at once."""
    after = facts.cells.get(Route.AFTER_HOURS, EMPTY)
    if c.route is Route.MONITORING:
        return _hold(facts, c, until) if facts.cells[c.route].defers_outside_hours else None
    if c.route is Route.AFTER_HOURS:
        return None
    if _defers(after):
        return _hold(facts, c, until)
    waits = _capped(facts, after.steps, c.at, respond_by)
    taken_over = Cursor(
        Route.AFTER_HOURS,
        c.at,
        c.at,
        called=c.called,
        joined=True,
        waits=waits,
        timing=Reason.AT_CLOSING,
        anchored=True,
    )
    return Stop(c.at, Reason.AT_CLOSING, taken_over, until, anchored=True)


def _hold(facts: Facts, c: Cursor, until: datetime) -> Stop | None:
    """Nothing happens before the next opening; None where the office never opens or nothing is left to do."""
    opening = next_opening(facts.hours, c.at)
    if opening is None or c.position >= len(_steps(facts, c)):
        return None
    held = c._replace(at=opening, due=max(c.due, opening), timing=Reason.DEFERRED, anchored=True)
    return Stop(c.at, Reason.DEFERRED, held, until, anchored=True)


def _capped(
    facts: Facts, steps: tuple[StepContent, ...], closing: datetime, respond_by: datetime | None
) -> tuple[int, ...] | None:
    """The waits before the last answering link, shortened so that it begins a margin before respond-by."""
    answering = [place for place, step in enumerate(steps) if not step.informs]
    if respond_by is None or not answering:
        return None
    waits = tuple(step.wait for step in steps)
    budget = int((respond_by - closing).total_seconds() // 60) - facts.answer_margin
    capped = fit_waits(waits[: answering[-1]], max(budget, 0), FLOOR_MINUTES)
    return None if capped == waits[: answering[-1]] else (*capped, *waits[answering[-1] :])


def _joins_at_opening(facts: Facts, c: Cursor) -> bool:
    """A running on-call chain keeps its due times; business hours are called beside it, once."""
    return c.route is Route.AFTER_HOURS and not c.joined and c.position > 0 and facts.source is Source.CUSTOMER


def _at_opening(facts: Facts, c: Cursor, until: datetime) -> Iterator[Stop]:
    """The first of the business-hours chain who can answer: the SDM, or whoever steps forward."""
    joined = c._replace(joined=True)
    for place, step in enumerate(facts.cells.get(Route.BUSINESS_HOURS, EMPTY).steps):
        if step.informs:
            continue
        found = resolve(facts, step.role, c.at)
        holds = min(until, found.until)
        for passed in found.passed:
            yield Stop(c.at, passed, joined, holds, anchored=True, warnings=found.warnings)
        if found.people:
            link = _link(step, Route.BUSINESS_HOURS, place, c.at, found, Reason.AT_OPENING)
            warnings = found.warnings_for(step.channels)
            yield Stop(c.at, link, joined._replace(called=True), holds, anchored=True, warnings=warnings)
            return
    yield Stop(c.at, Reason.AT_OPENING, joined, until, anchored=True)


# --- Duty changes hands ---------------------------------------------------------------------------------------


def _hand_over(facts: Facts, c: Cursor) -> tuple[list[Stop], Cursor]:
    """Whoever holds a duty now and was not called in this round is called at once; due times stay as they are."""
    stops: list[Stop] = []
    steps = _steps(facts, c)
    c = c._replace(duty_until=None)
    for place in sorted({place for place, _person in c.on_call if place < len(steps)}):
        step = steps[place]
        if step.role not in ON_CALL:
            continue
        found = resolve(facts, step.role, c.at)
        called = {person for _place, person in c.on_call}
        c = c._replace(duty_until=_earlier(c.duty_until, found.until))
        if any(callee.id not in called for callee in found.people):
            c = c._replace(on_call=(*c.on_call, *_who(place, found)), called=True)
            link = _link(step, c.route, place, c.at, found, Reason.HANDOVER)
            stops.append(Stop(c.at, link, c, found.until, anchored=True, warnings=found.warnings_for(step.channels)))
    return stops, c._replace(duty_until=c.duty_until or c.at + LOOK_AHEAD)


def _who(place: int, found: Resolved) -> tuple[tuple[int, int | None], ...]:
    return tuple((place, callee.id) for callee in found.people) or ((place, None),)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return min(one, other) if one else other


# --- One step ---------------------------------------------------------------------------------------------


def _steps(facts: Facts, c: Cursor) -> tuple[StepContent, ...]:
    return facts.cells.get(c.route, EMPTY).steps


def _step(facts: Facts, c: Cursor, until: datetime) -> Iterator[Stop]:
    """Call the step that is due, or pass it over at once without serving its wait."""
    step = _steps(facts, c)[c.position]
    found = resolve(facts, step.role, c.at)
    holds = min(until, found.until)
    after = _after(c, step, found)
    for passed in found.passed:
        yield Stop(c.at, passed, c if found.people else after, holds, c.anchored, found.warnings)
    if found.people:
        link = _link(step, c.route, c.position, c.at, found, _timing(facts, c))
        yield Stop(c.at, link, after, holds, c.anchored, found.warnings_for(step.channels))


def _after(c: Cursor, step: StepContent, found: Resolved) -> Cursor:
    """Where the chain stands once the step is done: its wait runs, unless it was passed over."""
    called, due, on_call, duty_until = c.called, c.due, c.on_call, c.duty_until
    if found.people:
        called = called or not step.informs
        wait = c.waits[c.position] if c.waits else step.wait
        # An informing step is never waited for while nobody has been called who could answer.
        due = c.at + timedelta(minutes=wait if called else 0)
    if step.role in ON_CALL and not step.informs:
        on_call, duty_until = (*on_call, *_who(c.position, found)), _earlier(duty_until, found.until)
    return c._replace(position=c.position + 1, called=called, due=due, on_call=on_call, duty_until=duty_until)


def _last_resort(facts: Facts, c: Cursor) -> Stop:
    """The installation's named phone, where nobody else could answer."""
    step = StepContent(Role.LAST_RESORT, (Channel.VOICE, Channel.SMS), LAST_RESORT_MINUTES)
    found = resolve(facts, step.role, c.at)
    after = c._replace(due=c.at + timedelta(minutes=step.wait), called=True)
    event: Link | PassedOver = PassedOver(step.role, "", found.reason, c.at)
    if found.people:
        event = _link(step, c.route, c.position, c.at, found, c.timing)
    return Stop(c.at, event, after, found.until, c.anchored, found.warnings)


def alarm_link(role: Role, place: int, at: datetime, found: Resolved) -> Link:
    """Somebody is called because a chain ran out; of no step of the matrix, by phone."""
    return Link(role, Route.MONITORING, place, at, found.people, (Channel.VOICE, Channel.SMS), found.reason)


def _timing(facts: Facts, c: Cursor) -> Reason | None:
    """Why this step begins when it does, where that is not the sum of the waits."""
    if c.waits is None:
        return c.timing
    served = zip(c.waits[: c.position], _steps(facts, c), strict=False)
    return Reason.CAPPED_BY_SLA if any(wait < step.wait for wait, step in served) else c.timing


def _link(step: StepContent, route: Route, place: int, at: datetime, found: Resolved, timing: Reason | None) -> Link:
    return Link(
        role=step.role,
        route=route,
        step=place,
        at=at,
        people=found.people,
        channels=step.channels,
        reason=found.reason,
        ring_seconds=step.ring_seconds,
        informs=step.informs,
        timing=timing,
    )
