"""The one place that decides who is responsible: facts in, decision out. Pure.

The contact card, the API, the handbook, the pager, the phone line, the simulator and the coverage report all ask
here. What the customer reads is what the machine will do.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from matrix.sla import due
from matrix.terms import Window
from portal.hours import is_open, next_change

from .course import LOOK_AHEAD, Stop, begin, course, route_for
from .decision import Decision, Facts, Link, PassedOver, Reason, Warn

MINUTE = timedelta(minutes=1)


def respond_by(facts: Facts, reported_at: datetime) -> datetime | None:
    """The instant by which a qualified human must have answered what was reported at `reported_at`."""
    return due(reported_at, facts.response_minutes, facts.clock, facts.hours)


def decide(facts: Facts, at: datetime) -> Decision:
    """Whom to contact for a matter reported at `at` (aware), and who follows if nobody answers.

    Link *i* is resolved for the instant at which it would start. `after_minutes` counts from the start of the chain
    (`at`, or the opening for a deferred matter) and sums the waits of the links that are not passed over, rounded
    up to whole minutes. There is always an answer: with nobody reachable it is the last resort.
    """
    answer_by = respond_by(facts, at)
    stops = list(course(facts, begin(facts, at), answer_by))
    deferred_until = stops[0].cursor.at if stops[0].event is Reason.DEFERRED else None
    start = deferred_until or at
    open_now = is_open(facts.hours, at)
    window_until = next_change(facts.hours, at)
    return Decision(
        project=facts.project,
        priority=facts.priority,
        source=facts.source,
        at=at,
        window=Window.BUSINESS_HOURS if open_now else Window.AFTER_HOURS,
        window_until=window_until,
        route=route_for(facts, at),
        valid_until=min(_bounds(facts, at, stops, window_until, deferred=deferred_until is not None)),
        respond_by=answer_by,
        matrix_version=facts.matrix_version,
        deferred_until=deferred_until,
        chain=tuple(_timed(stop.event, stop.at - start) for stop in stops if isinstance(stop.event, Link)),
        passed_over=tuple(stop.event for stop in stops if isinstance(stop.event, PassedOver)),
        warnings=_warnings(stops),
    )


def _timed(link: Link, after: timedelta) -> Link:
    return link._replace(after_minutes=ceil(after / MINUTE)) if after else link


def _bounds(
    facts: Facts, at: datetime, stops: list[Stop], window_until: datetime | None, *, deferred: bool
) -> Iterable[datetime]:
    """Instants at which the answer could become another one; the earliest is how long it holds."""
    yield at + LOOK_AHEAD
    if window_until:
        yield window_until
    if facts.next_version_at and facts.next_version_at > at:
        yield facts.next_version_at
    for stop in stops:
        if not stop.anchored:
            yield stop.until - (stop.at - at)
        elif not deferred and stop.event is not None:
            # Minutes until an event fixed by the wall clock: the rounded figure changes on its next whole minute.
            left = (stop.at - at) % MINUTE
            yield at + (left or MINUTE)


def _warnings(stops: list[Stop]) -> tuple[Warn, ...]:
    return tuple(dict.fromkeys(warning for stop in stops for warning in stop.warnings))
