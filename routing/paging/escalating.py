"""Runs the chains: claims what is due, follows the same walk the contact card shows, pages, and writes down why.

Whoever changes an escalation locks its row first, then anything else; so an acknowledgement and the tick cannot
interleave. Every function here works inside the caller's transaction, except `advance_due`, which opens one.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from matrix.content import PriorityContent
from matrix.facts import Published, published
from matrix.sla import Clock
from matrix.terms import Channel, Route
from portal.kill_points import kill_point
from routing.course import ALARM_ROLES, ALARM_WAIT, EMPTY, EXTRA_ROUNDS, Cursor, Stop, alarm_link, begin, course
from routing.decision import Facts, Link, PassedOver, Reason, Source, Warn
from routing.gather import ProjectFacts, gather
from routing.incidents.models import Incident
from routing.incidents.timeline import write
from routing.resolve import resolve
from routing.wake import wake_escalations, wake_hang_ups

from . import calling, outbox
from .alarms import clear_alarms, raise_alarm
from .ledger import Ledger
from .models import Delivery, Escalation, Page
from .outbox import Message

log = structlog.get_logger(__name__)

RETRY_AFTER_ERROR = timedelta(seconds=5)
INCIDENT_ALARMS = ("chain_exhausted", "last_resort", "escalation_error")
NOTHING_AGREED = PriorityContent(None, None, Clock.ROUND_THE_CLOCK, {})
"""Without a matrix in force a chain has no steps, so the last resort is called: there is always an answer."""


def source_of(incident: Incident) -> Source:
    """The source as far as the route depends on it."""
    return Source.MONITORING if incident.source == Incident.Source.MONITORING else Source.CUSTOMER


def content_in(versions: Mapping[int, Published], incident: Incident) -> Mapping[str, PriorityContent]:
    """What the matrix version says under which the incident was reported; nothing where there was none in force."""
    version = versions.get(incident.matrix_version_id or 0)
    return version.content if version else {}


def facts_of(incident: Incident, known: ProjectFacts, pinned: Mapping[str, PriorityContent]) -> Facts:
    """The facts of an incident under the matrix version it was reported under."""
    content = pinned if incident.priority in pinned else {incident.priority: NOTHING_AGREED}
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

    `answered` is the page by which somebody took it; its recipient knows already. Who is called in, by whoever has
    it, is called until it is over.
    """
    if escalation is None or escalation.state in (state, Escalation.State.STOPPED):
        return
    escalation.state, escalation.due_at, escalation.step_due_at = state, None, None
    escalation.save(update_fields=["state", "due_at", "step_due_at"])
    if answered is not None:
        answered.state, answered.answered_at = Page.State.ACKNOWLEDGED, now
        answered.save(update_fields=["state", "answered_at"])
    ours = escalation.pages.all() if state == Escalation.State.STOPPED else escalation.pages.of_chain()
    others = ours.filter(state__in=[Page.State.OPEN, Page.State.PASSED_ON])
    others = others.exclude(deliveries__kind=Delivery.Kind.STAND_DOWN)
    if answered is not None:
        others = others.exclude(recipient=answered.recipient)
    silence = list(others)
    _cancel(escalation, now=now)
    calling.stand_down(silence, now=now)
    ours.filter(state=Page.State.OPEN).update(state=Page.State.CLOSED)
    clear_alarms(str(escalation.incident_id), *INCIDENT_ALARMS, now=now)


def _cancel(escalation: Escalation, *, now: datetime) -> None:
    """What has not left yet never will; what rings is hung up. A call already answered goes on, to hear of it.

    A message that tells of other incidents too goes on for their sake. One that somebody holds at this moment may be
    left out: whoever claims it sees that it is not wanted.
    """
    ours = list(
        Delivery.objects.filter(pages__escalation=escalation, kind=Delivery.Kind.PAGE).values_list("pk", flat=True)
    )
    queued = Delivery.objects.filter(pk__in=ours, state=Delivery.State.QUEUED)
    held = list(queued.select_for_update(skip_locked=True).values_list("pk", flat=True))
    _for_us_alone(held, escalation).update(state=Delivery.State.CANCELLED, finished_at=now)
    under_way = [Delivery.State.SENDING, Delivery.State.ACCEPTED, Delivery.State.UNKNOWN]
    ringing = Delivery.objects.filter(pk__in=ours, channel=Channel.VOICE, state__in=under_way)
    held = list(ringing.order_by("pk").select_for_update().values_list("pk", flat=True))
    if _for_us_alone(held, escalation).update(hang_up_at=now):
        wake_hang_ups()


def _for_us_alone(deliveries: list[int], escalation: Escalation) -> QuerySet[Delivery]:
    """Those of the deliveries, which are locked, that are not wanted for another incident, nor to call somebody in."""
    others = Page.objects.wanted().exclude(Q(escalation=escalation) & ~Q(route=Page.CALL_IN_ROUTE))
    others = others.filter(deliveries=OuterRef("pk"))
    return Delivery.objects.filter(~Exists(others), pk__in=deliveries)


def call_next(escalation: Escalation, *, now: datetime) -> None:
    """The next link is due now: somebody passed on, or every delivery of the step has failed."""
    escalation.step_due_at = escalation.due_at = now
    escalation.save(update_fields=["step_due_at", "due_at"])
    wake_escalations()


def new_round(escalation: Escalation, *, now: datetime, facts: Facts, from_step: int = 0) -> None:
    """Begin a new round, at the first link or where somebody who had taken it passed on."""
    cursor = begin(facts, now)
    if from_step and cursor.route == escalation.route:
        cursor = cursor._replace(position=from_step, called=True)
    escalation.round += 1
    escalation.rounds_left = EXTRA_ROUNDS
    _keep(escalation, cursor, due_at=now, now=now)
    escalation.save()
    wake_escalations()


def change_cell(escalation: Escalation, *, now: datetime, facts: Facts) -> None:
    """Another cell holds for a running chain: it goes on from its position, or waits where the new cell defers.

    A chain whose route the new cell does not have goes on along the one it would begin on.
    """
    fresh = begin(facts, now)
    first = next(course(facts, fresh, escalation.incident.respond_by))
    if first.event is Reason.DEFERRED:
        if (escalation.state, escalation.due_at) != (Escalation.State.DEFERRED, first.cursor.at):
            write(escalation.incident, "deferred", now=now, public=True, until=first.cursor.at.isoformat())
        _keep(escalation, first.cursor, due_at=first.cursor.at, now=now)
    else:
        cursor = cursor_of(escalation, now)._replace(waits=None)
        if not facts.cells.get(cursor.route, EMPTY).steps:
            cursor = cursor._replace(route=fresh.route, on_call=())
        _keep(escalation, cursor, due_at=now, now=now)
    escalation.save()
    wake_escalations()


def roster_changed(projects: Iterable[int], *, now: datetime) -> None:
    """Duty may be in other hands: running chains of the projects (ids) that have called somebody on duty look again."""
    running = Escalation.objects.filter(
        state=Escalation.State.RUNNING, incident__project__in=list(projects), due_at__gt=now
    ).exclude(on_call=[])
    held = list(running.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    if Escalation.objects.filter(pk__in=held).update(due_at=now):
        wake_escalations()


# --- The tick -------------------------------------------------------------------------------------------------


def advance_due(*, now: datetime, limit: int = 100) -> int:
    """Advance up to `limit` escalations that are due at `now`; how many were claimed.

    Any number of workers may call this at once: rows are claimed with SKIP LOCKED, in the order of their due times.
    What goes wrong with one neither stops nor undoes the others.
    """
    with transaction.atomic():
        due = _claimed(Escalation.objects.filter(due_at__lte=now).order_by("due_at"))[:limit]
        batch = list(due)
        if not batch:
            return 0
        facts = _facts_of_all(batch, now=now)
        messages = _advance_safely([each for each in batch if each.pk in facts], facts, now=now)
        outbox.post(messages, now=now)
        kill_point("before_tick_commit")
    kill_point("after_tick_commit")
    return len(batch)


def _claimed(escalations: QuerySet[Escalation]) -> QuerySet[Escalation]:
    return escalations.select_for_update(skip_locked=True, of=("self",)).select_related("incident__project")


def _facts_of_all(due: list[Escalation], *, now: datetime) -> dict[int, Facts]:
    """Escalation → its facts, gathered together; one by one where that fails, so that one project stops no other."""
    try:
        with transaction.atomic():
            return _gathered(due, now=now)
    except Exception:
        log.exception("facts_error")
    found: dict[int, Facts] = {}
    for escalation in due:
        try:
            with transaction.atomic():
                found |= _gathered([escalation], now=now)
        except Exception as error:  # noqa: BLE001 -- told by the alarm, and tried again
            _set_aside(escalation, error, now=now)
    return found


def _gathered(due: list[Escalation], *, now: datetime) -> dict[int, Facts]:
    incidents = [escalation.incident for escalation in due]
    known = gather({incident.project for incident in incidents}, at=now, known_at=now)
    pinned = published(incident.matrix_version_id for incident in incidents)
    return {
        escalation.pk: facts_of(incident, known[incident.project_id], content_in(pinned, incident))
        for escalation, incident in zip(due, incidents, strict=True)
    }


def _set_aside(escalation: Escalation, error: Exception, *, now: datetime) -> None:
    """It is tried again soon, and people are told: it never falls silent for good."""
    Escalation.objects.filter(pk=escalation.pk).update(due_at=now + RETRY_AFTER_ERROR)
    raise_alarm("escalation_error", str(escalation.incident_id), now=now, error=str(error)[:200])


def _advance_safely(due: list[Escalation], facts: Mapping[int, Facts], *, now: datetime) -> list[Message]:
    """Advance all together; what is to be told. One by one where that fails: what is wrong with one is tried again."""
    try:
        with transaction.atomic():
            ledger = Ledger(now)
            for escalation in due:
                _advance(escalation, facts[escalation.pk], ledger)
            return ledger.commit()
    except Exception as error:
        log.exception("escalation_error", incidents=[escalation.incident_id for escalation in due])
        if len(due) == 1:
            _set_aside(due[0], error, now=now)
            return []
    # As they are in the database, where nothing of the attempt is left; they are still ours.
    afresh = _claimed(Escalation.objects.filter(pk__in=[each.pk for each in due]).order_by("due_at"))
    return [message for escalation in afresh for message in _advance_safely([escalation], facts, now=now)]


def _advance(escalation: Escalation, facts: Facts, ledger: Ledger) -> None:
    """Note everything that is due, and when the next thing is."""
    ledger.keep(escalation)
    if escalation.state == Escalation.State.EXHAUSTED:
        _alarm(escalation, facts, ledger)
        return
    cursor = cursor_of(escalation, ledger.now)
    while True:
        cursor, due_at = _follow(escalation, facts, cursor, ledger)
        if due_at is not None:
            _keep(escalation, cursor, due_at=due_at, now=ledger.now)
            return
        if escalation.rounds_left == 0:
            _exhaust(escalation, facts, ledger)
            return
        escalation.round += 1
        escalation.rounds_left -= 1
        ledger.write(escalation.incident, "round", round=escalation.round)
        cursor = begin(facts, ledger.now)


def _follow(escalation: Escalation, facts: Facts, cursor: Cursor, ledger: Ledger) -> tuple[Cursor, datetime | None]:
    """Walk on until now; the cursor there, and when the next thing is due (None: the round is over)."""
    for stop in course(facts, cursor, escalation.incident.respond_by):
        if stop.at > ledger.now:
            return cursor, stop.at
        if stop.event is None:
            return stop.cursor, None
        _note(escalation, stop, ledger)
        cursor = stop.cursor
    raise AssertionError("a course ends with the end of its round")


def _note(escalation: Escalation, stop: Stop, ledger: Ledger) -> None:
    incident = escalation.incident
    match stop.event:
        case Link() as link:
            other_channel = {"warning": Warn.OTHER_CHANNEL} if Warn.OTHER_CHANNEL in stop.warnings else {}
            ledger.call(escalation, link, "informed" if link.informs else "paged", **other_channel, **_warned(stop))
            if Warn.LAST_RESORT in stop.warnings:
                ledger.alarm("last_resort", str(incident.pk), project=incident.project.key)
        case PassedOver() as passed:
            said: dict[str, Any] = {"until": passed.until.isoformat()} if passed.until else {}
            said |= {"role": passed.role, "name": passed.name, "reason": passed.reason}
            ledger.write(incident, "passed_over", **said, **_warned(stop))
        case Reason.DEFERRED:
            ledger.write(incident, "deferred", public=True, until=stop.cursor.at.isoformat())
        case Reason() as reason:
            ledger.write(incident, reason.value)


def _warned(stop: Stop) -> dict[str, Any]:
    """What an administrator should know about the roster; a detour by another channel is told in the sentence."""
    warnings = [warning.value for warning in stop.warnings if warning is not Warn.OTHER_CHANNEL]
    return {"warnings": warnings} if warnings else {}


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
        on_call=tuple((place, person) for place, person in escalation.on_call),
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
    escalation.on_call = [list(called) for called in cursor.on_call]


# --- The end that is none: a chain nobody answered ---------------------------------------------------------------


def _exhaust(escalation: Escalation, facts: Facts, ledger: Ledger) -> None:
    incident = escalation.incident
    escalation.state = Escalation.State.EXHAUSTED
    escalation.round += 1
    escalation.step = 0
    ledger.write(incident, "exhausted")
    ledger.alarm("chain_exhausted", str(incident.pk), project=incident.project.key)
    _alarm(escalation, facts, ledger)


def _alarm(escalation: Escalation, facts: Facts, ledger: Ledger) -> None:
    """Escalation manager, then last resort, by phone, again and again until somebody answers."""
    now = ledger.now
    for step in range(escalation.step, len(ALARM_ROLES)):
        role = ALARM_ROLES[step]
        found = resolve(facts, role, now)
        if not found.people:
            ledger.write(escalation.incident, "passed_over", role=role, name="", reason=found.reason)
            continue
        ledger.call(escalation, alarm_link(role, step, now, found), "alarmed", route=Page.ALARM_ROUTE)
        _next_alarm(escalation, step + 1, now=now)
        return
    _next_alarm(escalation, len(ALARM_ROLES), now=now)


def _next_alarm(escalation: Escalation, step: int, *, now: datetime) -> None:
    if step == len(ALARM_ROLES):
        escalation.round += 1
        step = 0
    escalation.step = step
    escalation.step_due_at = escalation.due_at = now + ALARM_WAIT
