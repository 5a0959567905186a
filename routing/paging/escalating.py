"""Runs the chains: claims what is due, follows the same walk the contact card shows, pages, and writes down why.

Whoever changes an escalation locks its row first, then anything else; so an acknowledgement and the tick cannot
interleave. Every function here works inside the caller's transaction, except `advance_due`, which opens one.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from matrix.content import PriorityContent
from matrix.facts import content_of
from matrix.models import MatrixVersion
from matrix.sla import Clock
from matrix.terms import Channel, Role, Route
from routing.course import Cursor, Stop, begin, course
from routing.decision import Facts, Link, PassedOver, Reason, Source, Warn
from routing.gather import ProjectFacts, gather
from routing.incidents.models import Incident
from routing.incidents.timeline import write
from routing.resolve import resolve
from routing.wake import wake_escalations, wake_hang_ups

from . import calling
from .alarms import clear_alarms, raise_alarm
from .models import Delivery, Escalation, Page

log = structlog.get_logger(__name__)

EXTRA_ROUNDS = 2
"""How often a chain that ended unacknowledged starts again before it alarms."""
ALARM_WAIT = timedelta(minutes=10)
"""Between the escalation manager and the last resort, and before the alarm is repeated."""
RETRY_AFTER_ERROR = timedelta(seconds=5)
ALARM_ROLES = (Role.ESCALATION_MANAGER, Role.LAST_RESORT)
INCIDENT_ALARMS = ("chain_exhausted", "last_resort", "escalation_error")
NOTHING_AGREED = PriorityContent(None, None, Clock.ROUND_THE_CLOCK, {})
"""Without a matrix in force a chain has no steps, so the last resort is called: there is always an answer."""


def source_of(incident: Incident) -> Source:
    """The source as far as the route depends on it."""
    return Source.MONITORING if incident.source == Incident.Source.MONITORING else Source.CUSTOMER


def facts_of(incident: Incident, known: ProjectFacts, pinned: Mapping[str, PriorityContent]) -> Facts:
    """The facts of an incident under the matrix version it was reported under."""
    content = pinned or {incident.priority: NOTHING_AGREED}
    return known.facts(priority=incident.priority, source=source_of(incident), pinned=content)


# --- Beginning and ending a chain -----------------------------------------------------------------------------


def start_chain(incident: Incident, *, now: datetime, facts: Facts) -> Escalation:
    """Begin the incident's chain: due at once, or at the next opening where its cell defers."""
    cursor = begin(facts, now)
    escalation = Escalation(incident=incident, started_at=now, rounds_left=EXTRA_ROUNDS)
    _keep(escalation, cursor, due_at=now, now=now)
    first = next(course(facts, cursor, incident.respond_by))
    if first.event is Reason.DEFERRED:
        _keep(escalation, first.cursor, due_at=first.cursor.at, now=now)
        write(incident, "deferred", now=now, public=True, until=first.cursor.at.isoformat())
    escalation.save(force_insert=True)
    wake_escalations()
    return escalation


def lock(incident: Incident) -> Escalation | None:
    """The incident's escalation, locked until the transaction ends."""
    return Escalation.objects.select_for_update().filter(incident=incident).first()


def end_chain(
    escalation: Escalation | None, *, state: Escalation.State, now: datetime, answered: Page | None = None
) -> None:
    """Nobody new is paged from here on; who was reached is told, calls still ringing are ended.

    `answered` is the page by which somebody took it; its recipient knows already.
    """
    if escalation is None or escalation.state in (state, Escalation.State.STOPPED):
        return
    escalation.state, escalation.due_at, escalation.step_due_at = state, None, None
    escalation.save(update_fields=["state", "due_at", "step_due_at"])
    if answered is not None:
        answered.state, answered.answered_at = Page.State.ACKNOWLEDGED, now
        answered.save(update_fields=["state", "answered_at"])
    others = escalation.pages.filter(state__in=[Page.State.OPEN, Page.State.PASSED_ON])
    if answered is not None:
        others = others.exclude(recipient=answered.recipient)
    silence = list(others)
    _cancel(escalation, now=now)
    calling.stand_down(silence, now=now)
    escalation.pages.filter(state=Page.State.OPEN).update(state=Page.State.CLOSED)
    clear_alarms(str(escalation.incident_id), *INCIDENT_ALARMS, now=now)


def _cancel(escalation: Escalation, *, now: datetime) -> None:
    """What has not left yet never will; what rings is hung up. A call already answered goes on, to hear of it."""
    ours = Delivery.objects.filter(pages__escalation=escalation, kind=Delivery.Kind.PAGE)
    ids = list(ours.values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids, state=Delivery.State.QUEUED).update(
        state=Delivery.State.CANCELLED, finished_at=now
    )
    under_way = [Delivery.State.SENDING, Delivery.State.ACCEPTED, Delivery.State.UNKNOWN]
    ringing = Delivery.objects.filter(pk__in=ids, channel=Channel.VOICE, state__in=under_way)
    if ringing.update(hang_up_at=now):
        wake_hang_ups()


def call_next(escalation: Escalation, *, now: datetime) -> None:
    """The next link is due now: somebody passed on, or every delivery of the step has failed."""
    escalation.step_due_at = escalation.due_at = now
    escalation.save(update_fields=["step_due_at", "due_at"])
    wake_escalations()


def new_round(escalation: Escalation, *, now: datetime, facts: Facts, from_step: int = 0) -> None:
    """Begin a new round, at the first link or where somebody who had taken it passed on."""
    cursor = begin(facts, now)
    if from_step and cursor.route == escalation.route:
        cursor = replace(cursor, position=from_step, called=True)
    escalation.round += 1
    escalation.rounds_left = EXTRA_ROUNDS
    _keep(escalation, cursor, due_at=now, now=now)
    escalation.save()
    wake_escalations()


# --- The tick -------------------------------------------------------------------------------------------------


def advance_due(*, now: datetime, limit: int = 50) -> int:
    """Advance up to `limit` escalations that are due at `now`; how many were claimed.

    Any number of workers may call this at once: rows are claimed with SKIP LOCKED, in the order of their due times.
    What goes wrong with one neither stops nor undoes the others.
    """
    with transaction.atomic():
        due = list(
            Escalation.objects.filter(due_at__lte=now)
            .order_by("due_at")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("incident__project")[:limit]
        )
        if not due:
            return 0
        incidents = [escalation.incident for escalation in due]
        known = gather({i.project for i in incidents}, at=now, known_at=now)
        pinned = content_of(
            MatrixVersion.objects.filter(pk__in={i.matrix_version_id for i in incidents}).with_content()
        )
        for escalation in due:
            incident = escalation.incident
            facts = facts_of(incident, known[incident.project_id], pinned.get(incident.matrix_version_id or 0, {}))
            _advance_safely(escalation, facts, now=now)
    return len(due)


def _advance_safely(escalation: Escalation, facts: Facts, *, now: datetime) -> None:
    key = str(escalation.incident_id)
    try:
        with transaction.atomic():
            _advance(escalation, facts, now=now)
    except Exception as error:
        log.exception("escalation_error", incident=key)
        Escalation.objects.filter(pk=escalation.pk).update(due_at=now + RETRY_AFTER_ERROR)
        raise_alarm("escalation_error", key, now=now, error=str(error)[:200])


def _advance(escalation: Escalation, facts: Facts, *, now: datetime) -> None:
    """Do everything that is due at `now`, then note when the next thing is."""
    if escalation.state == Escalation.State.EXHAUSTED:
        _alarm(escalation, facts, now=now)
        return
    cursor = cursor_of(escalation, now)
    while True:
        cursor, due_at = _follow(escalation, facts, cursor, now=now)
        if due_at is not None:
            _keep(escalation, cursor, due_at=due_at, now=now)
            escalation.save()
            return
        if escalation.rounds_left == 0:
            _exhaust(escalation, facts, now=now)
            return
        escalation.round += 1
        escalation.rounds_left -= 1
        write(escalation.incident, "round", now=now, round=escalation.round)
        cursor = begin(facts, now)


def _follow(escalation: Escalation, facts: Facts, cursor: Cursor, *, now: datetime) -> tuple[Cursor, datetime | None]:
    """Walk on to `now`; the cursor there, and when the next thing is due (None: the round is over)."""
    for stop in course(facts, cursor, escalation.incident.respond_by):
        if stop.at > now:
            return cursor, stop.at
        if stop.event is None:
            return stop.cursor, None
        _apply(escalation, stop, now=now)
        cursor = stop.cursor
    raise AssertionError("a course ends with the end of its round")


def _apply(escalation: Escalation, stop: Stop, *, now: datetime) -> None:
    incident = escalation.incident
    match stop.event:
        case Link() as link:
            calling.call(escalation, link, now=now)
            write(incident, "informed" if link.informs else "paged", now=now, **_told(escalation, link))
            if Warn.LAST_RESORT in stop.warnings:
                raise_alarm("last_resort", str(incident.pk), now=now, project=incident.project.key)
        case PassedOver() as passed:
            write(incident, "passed_over", now=now, role=passed.role, name=passed.name, reason=passed.reason)
        case Reason.DEFERRED:
            write(incident, "deferred", now=now, public=True, until=stop.cursor.at.isoformat())
        case Reason() as reason:
            write(incident, reason.value, now=now)


def _told(escalation: Escalation, link: Link) -> dict[str, Any]:
    return {
        "role": link.role,
        "names": [callee.name for callee in link.people],
        "channels": list(link.channels),
        "reason": link.reason,
        "timing": link.timing,
        "round": escalation.round,
    }


def cursor_of(escalation: Escalation, now: datetime) -> Cursor:
    """Where the chain stands at `now`, for whoever follows its course from there."""
    return Cursor(
        route=Route(escalation.route),
        at=now,
        due=max(escalation.step_due_at or now, now),
        position=escalation.step,
        called=escalation.called,
        joined=escalation.joined,
        waits=tuple(escalation.capped_waits) if escalation.capped_waits is not None else None,
    )


def _keep(escalation: Escalation, cursor: Cursor, *, due_at: datetime, now: datetime) -> None:
    held = cursor.at > now
    escalation.state = Escalation.State.DEFERRED if held else Escalation.State.RUNNING
    escalation.route = cursor.route
    escalation.step = cursor.position
    escalation.step_due_at = cursor.due
    escalation.due_at = due_at
    escalation.called = cursor.called
    escalation.joined = cursor.joined
    escalation.capped_waits = list(cursor.waits) if cursor.waits is not None else None


# --- The end that is none: a chain nobody answered ---------------------------------------------------------------


def _exhaust(escalation: Escalation, facts: Facts, *, now: datetime) -> None:
    incident = escalation.incident
    escalation.state = Escalation.State.EXHAUSTED
    escalation.round += 1
    escalation.step = 0
    write(incident, "exhausted", now=now)
    raise_alarm("chain_exhausted", str(incident.pk), now=now, project=incident.project.key)
    _alarm(escalation, facts, now=now)


def _alarm(escalation: Escalation, facts: Facts, *, now: datetime) -> None:
    """Escalation manager, then last resort, by phone, again and again until somebody answers."""
    for step in range(escalation.step, len(ALARM_ROLES)):
        role = ALARM_ROLES[step]
        found = resolve(facts, role, now)
        if not found.people:
            write(escalation.incident, "passed_over", now=now, role=role, name="", reason=found.reason)
            continue
        link = Link(role, Route.MONITORING, step, now, found.people, (Channel.VOICE, Channel.SMS), found.reason)
        calling.call(escalation, link, now=now, route=Page.ALARM_ROUTE)
        write(escalation.incident, "alarmed", now=now, **_told(escalation, link))
        _next_alarm(escalation, step + 1, now=now)
        return
    _next_alarm(escalation, len(ALARM_ROLES), now=now)


def _next_alarm(escalation: Escalation, step: int, *, now: datetime) -> None:
    if step == len(ALARM_ROLES):
        escalation.round += 1
        step = 0
    escalation.step = step
    escalation.step_due_at = escalation.due_at = now + ALARM_WAIT
    escalation.save()
