"""Everything that changes an incident: one transaction each, with its timeline entry, and wake-ups on commit.

The escalation's row is locked first, then the incident's; so an acknowledgement and the tick cannot interleave.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from matrix.content import PriorityContent
from matrix.facts import published
from matrix.models import Topic
from matrix.sla import Clock, due
from matrix.terms import Priority
from portal.models import Person, Project
from routing.attachments.services import attach
from routing.decision import Facts
from routing.gather import ProjectFacts, gather
from routing.paging import calling, escalating
from routing.paging.models import Delivery, Escalation, Page

from . import progress
from .models import OPEN_STATUSES, Incident, Status
from .requesting import hand_over
from .timeline import write

if TYPE_CHECKING:
    from routing.intake.models import IntakeKey

URGENCY = tuple(Priority)
ACKNOWLEDGED = (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.WAITING)


class ActionRefused(Exception):
    """The incident's status does not allow the action; nothing was changed."""

    def __init__(self, action: str, status: str) -> None:
        super().__init__(f"{action} is not possible while {status}")
        self.action = action
        self.status = status


@transaction.atomic
def create_incident(
    *,
    project: Project,
    priority: str,
    title: str,
    source: Incident.Source,
    by: Person | None,
    now: datetime,
    description: str = "",
    reporter: Person | None = None,
    reported_at: datetime | None = None,
    kind: Incident.Kind = Incident.Kind.INCIDENT,
    topic: Topic | None = None,
    intake_key: "IntakeKey | None" = None,
    dedup_key: str = "",
    actor_name: str = "",
    project_unsure: bool = False,
    take: bool = False,
    via: str = "portal",
    known: ProjectFacts | None = None,
) -> Incident:
    """Log an incident and start its chain, unless `by` takes it in the same act.

    Targets count from `reported_at` (default `now`), under the matrix version in force now. `known` spares gathering
    the project's facts again in a batch. A request (`kind`) pages nobody: it is given to who answers for its topic.
    """
    known = known or gather([project], at=now, known_at=now)[project.pk]
    content = known.content.get(priority, escalating.NOTHING_AGREED)
    since = reported_at or now
    respond_by, resolve_by = _targets(since, content, known, topic)
    incident = Incident.objects.create(
        project=project,
        project_unsure=project_unsure,
        kind=kind,
        topic=topic,
        priority=priority,
        title=title,
        description=description,
        source=source,
        reporter=reporter,
        intake_key=intake_key,
        dedup_key=dedup_key,
        matrix_version=known.version,
        reported_at=since,
        created_at=now,
        respond_by=respond_by,
        resolve_by=resolve_by,
    )
    said = {"topic": topic.key} if topic else {"priority": priority}
    write(incident, "reported", now=now, by=by, actor_name=actor_name, public=True, source=source, **said)
    if project_unsure:
        write(incident, "project_unsure", now=now, by=by, public=True)
    if kind == Incident.Kind.INCIDENT:
        facts = known.facts(priority=priority, source=escalating.source_of(incident), pinned={priority: content})
        escalating.start_chain(incident, now=now, facts=facts)
    elif not take:
        hand_over(incident, known, by=by, now=now)
    if take and by is not None:
        return acknowledge(incident, by=by, now=now, via=via)
    return incident


@transaction.atomic
def acknowledge(
    incident: Incident,
    *,
    by: Person | None,
    now: datetime,
    via: str = "portal",
    page: Page | None = None,
) -> Incident:
    """A qualified human took it and becomes assignee; repeating it changes nothing.

    `page` is the page that was answered; `by` None is a shared phone (a team's, the last resort). Raises
    `ActionRefused` once resolved.
    """
    escalation, incident = _lock(incident)
    if incident.status in ACKNOWLEDGED:
        return incident
    _require(incident, "acknowledge", Status.NEW)
    incident.status = Status.ACKNOWLEDGED
    incident.assignee = by
    incident.responded_at = incident.responded_at or now
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "assignee", "responded_at", *progress.FIELDS])
    name = page.name if page and by is None else ""
    write(incident, "acknowledged", now=now, by=by, actor_name=name, public=True, via=via)
    escalating.end_chain(
        escalation, state=Escalation.State.ACKNOWLEDGED, now=now, answered=page or _own_page(escalation, by)
    )
    return incident


@transaction.atomic
def start(incident: Incident, *, by: Person, now: datetime) -> Incident:
    """Work goes on: acknowledged or waiting → in progress."""
    _escalation, incident = _lock(incident)
    _require(incident, "start", Status.ACKNOWLEDGED, Status.WAITING)
    incident.status, incident.waiting_until = Status.IN_PROGRESS, None
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "waiting_until", *progress.FIELDS])
    write(incident, "started", now=now, by=by, public=True)
    return incident


@transaction.atomic
def assign(incident: Incident, *, assignee: Person, by: Person, now: datetime) -> Incident:
    """Give it to somebody, who is told; while new this acknowledges on their behalf, which the customer is told."""
    escalation, incident = _lock(incident)
    _require(incident, "assign", *OPEN_STATUSES)
    was_new = incident.status == Status.NEW
    if incident.assignee_id == assignee.pk and not was_new:
        return incident
    incident.assignee = assignee
    if was_new:
        incident.status = Status.ACKNOWLEDGED
        incident.responded_at = incident.responded_at or now
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "assignee", "responded_at", *progress.FIELDS])
    write(incident, "assigned", now=now, by=by, public=False, assignee=assignee.name)
    if was_new:
        write(incident, "acknowledged", now=now, by=assignee, public=True, via="assignment")
        escalating.end_chain(
            escalation,
            state=Escalation.State.ACKNOWLEDGED,
            now=now,
            answered=_own_page(escalation, assignee),
        )
    if escalation is not None and assignee.pk != by.pk:
        calling.tell(escalation, calling.callee_of(assignee), kind=Delivery.Kind.PAGE, now=now)
    return incident


@transaction.atomic
def pass_on(
    incident: Incident,
    *,
    by: Person | None,
    now: datetime,
    note: str = "",
    via: str = "portal",
    page: Page | None = None,
) -> Incident:
    """Back to new: the next link is called now; once it had been acknowledged, a new round begins there."""
    escalation, incident = _lock(incident)
    _require(incident, "pass_on", *OPEN_STATUSES)
    was_new = incident.status == Status.NEW
    page = page or _own_page(escalation, by)
    name = page.name if page and by is None else ""
    if was_new and escalation is not None and escalation.state == Escalation.State.DEFERRED:
        raise ActionRefused("pass_on", Escalation.State.DEFERRED)
    incident.status, incident.assignee, incident.waiting_until = Status.NEW, None, None
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "assignee", "waiting_until", *progress.FIELDS])
    write(incident, "passed_on", now=now, by=by, actor_name=name, via=via, note=note)
    if page is not None and page.state == Page.State.OPEN:
        page.state, page.answered_at = Page.State.PASSED_ON, now
        page.save(update_fields=["state", "answered_at"])
    if escalation is None:
        known = gather([incident.project], at=now, known_at=now)[incident.project_id]
        hand_over(incident, known, by=by, now=now, not_to=by)
        return incident  # a request pages nobody
    if was_new:
        escalating.call_next(escalation, now=now)
    else:
        escalating.new_round(escalation, now=now, facts=facts_now(incident, now), from_step=escalation.step)
    return incident


@transaction.atomic
def wait(
    incident: Incident, *, by: Person, now: datetime, until: datetime | None = None, question: str = ""
) -> Incident:
    """Wait until the customer answers, or until a date. With a `question` it is the customer who is waited for.

    With both, work goes on at the date even if nobody answers.
    """
    _escalation, incident = _lock(incident)
    _require(incident, "wait", Status.ACKNOWLEDGED, Status.IN_PROGRESS)
    incident.status, incident.waiting_until = Status.WAITING, until
    incident.awaits_customer = bool(question) or until is None
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "waiting_until", "awaits_customer", *progress.FIELDS])
    date = until.isoformat() if until else None
    write(incident, "waiting", now=now, by=by, public=True, until=date, question=question)
    return incident


@transaction.atomic
def resolve(incident: Incident, *, by: Person | None, now: datetime, reason: str, actor_name: str = "") -> Incident:
    """The service is restored; paging stops. A person's resolution is a response too, monitoring's is none."""
    escalation, incident = _lock(incident)
    _require(incident, "resolve", *OPEN_STATUSES)
    incident.status = Status.RESOLVED
    incident.restored_at = now
    incident.waiting_until = None
    if by is not None:
        incident.responded_at = incident.responded_at or now
        incident.assignee = incident.assignee or by
    progress.renew(incident, now=now)
    incident.save(
        update_fields=["status", "restored_at", "waiting_until", "responded_at", "assignee", *progress.FIELDS]
    )
    write(incident, "resolved", now=now, by=by, actor_name=actor_name, public=True, reason=reason)
    escalating.end_chain(escalation, state=Escalation.State.STOPPED, now=now, answered=_own_page(escalation, by))
    return incident


@transaction.atomic
def close(incident: Incident, *, by: Person | None, now: datetime) -> Incident:
    """Done for good: resolved → closed."""
    _escalation, incident = _lock(incident)
    _require(incident, "close", Status.RESOLVED)
    incident.status, incident.closed_at = Status.CLOSED, now
    incident.save(update_fields=["status", "closed_at"])
    write(incident, "closed", now=now, by=by, public=True)
    return incident


@transaction.atomic
def reopen(incident: Incident, *, by: Person | None, now: datetime, reason: str = "") -> Incident:
    """It was not over: resolved → new, in a new round of the chain. Targets still count from `reported_at`."""
    escalation, incident = _lock(incident)
    _require(incident, "reopen", Status.RESOLVED)
    incident.status, incident.assignee, incident.restored_at = Status.NEW, None, None
    progress.renew(incident, now=now)
    _save_reopened(incident)
    write(incident, "reopened", now=now, by=by, public=True, reason=reason)
    if incident.kind == Incident.Kind.INCIDENT:
        facts = facts_now(incident, now)
        if escalation is None:
            escalating.start_chain(incident, now=now, facts=facts)
        else:
            escalating.new_round(escalation, now=now, facts=facts)
    else:
        hand_over(incident, gather([incident.project], at=now, known_at=now)[incident.project_id], by=by, now=now)
    return incident


@transaction.atomic
def add_note(
    incident: Incident, *, by: Person, now: datetime, text: str, public: bool, files: Iterable[UploadedFile] = ()
) -> None:
    """Append a note, or files, or both; public ones are shown to the customer.

    What waited for the customer goes on once they answer. `files` are as `AttachmentsField` checked them. Raises
    `ActionRefused` for a customer once it is closed: nobody would read it.
    """
    _escalation, incident = _lock(incident)
    if not by.is_staff and incident.status == Status.CLOSED:
        raise ActionRefused("note", incident.status)
    if text:
        write(incident, "note", now=now, by=by, public=public, text=text)
    attach(incident, files, by=by, now=now, public=public)
    if by.is_staff and incident.status != Status.WAITING:
        progress.renew(incident, now=now)
        incident.save(update_fields=[*progress.FIELDS])
    elif not by.is_staff and incident.status == Status.WAITING:
        incident.status, incident.waiting_until = Status.IN_PROGRESS, None
        progress.renew(incident, now=now)
        incident.save(update_fields=["status", "waiting_until", *progress.FIELDS])
        write(incident, "answered", now=now, public=True)


@transaction.atomic
def change_priority(incident: Incident, *, priority: str, by: Person, now: datetime, why: str) -> Incident:
    """Give it another priority. Targets count from `reported_at`, under the version it was reported under.

    Raising it restarts a chain that nobody has answered; lowering it lets the chain go on along the new priority's
    cell. The same priority again changes nothing.
    """
    escalation, incident = _lock(incident)
    _require(incident, "change_priority", *OPEN_STATUSES)
    if incident.priority == priority:
        return incident
    raised = URGENCY.index(Priority(priority)) < URGENCY.index(Priority(incident.priority))
    before, incident.priority = incident.priority, priority
    known, pinned = _known(incident, now)
    content = pinned.get(priority, escalating.NOTHING_AGREED)
    incident.respond_by, incident.resolve_by = _targets(incident.reported_at, content, known, incident.topic)
    progress.renew(incident, now=now)
    incident.save(update_fields=["priority", "respond_by", "resolve_by", *progress.FIELDS])
    restarts = raised and escalation is not None and incident.status == Status.NEW
    write(
        incident,
        "priority_changed",
        now=now,
        by=by,
        public=True,
        before=before,
        after=priority,
        reason=why,
        restarts=restarts,
    )
    if escalation is not None and incident.status == Status.NEW:
        facts = escalating.facts_of(incident, known, pinned)
        if restarts:
            escalating.new_round(escalation, now=now, facts=facts)
        elif escalation.state != Escalation.State.EXHAUSTED:
            escalating.change_cell(escalation, now=now, facts=facts)
    return incident


@transaction.atomic
def move_to_project(incident: Incident, *, project: Project, by: Person, now: datetime) -> Incident:
    """It concerns `project`, for certain: another one of the customer's, or the one it was given to.

    Targets, still counted from `reported_at`, and the chain are those of the project's matrix in force now; a chain
    that nobody has answered begins anew there. Raises `ActionRefused` once resolved, and for another customer's
    project, whose people must not read it.
    """
    escalation, incident = _lock(incident)
    _require(incident, "move_to_project", *OPEN_STATUSES)
    if project.customer_id != incident.project.customer_id:
        raise ActionRefused("move_to_project", incident.status)
    before, incident.project = incident.project, project
    was_unsure, incident.project_unsure = incident.project_unsure, False
    if before.pk == project.pk:
        if was_unsure:
            incident.save(update_fields=["project_unsure"])
            write(incident, "project_confirmed", now=now, by=by, project=project.key)
        return incident
    known = gather([project], at=now, known_at=now)[project.pk]
    incident.matrix_version = known.version
    content = known.content.get(Priority(incident.priority), escalating.NOTHING_AGREED)
    incident.respond_by, incident.resolve_by = _targets(incident.reported_at, content, known, incident.topic)
    progress.renew(incident, now=now)
    incident.save(
        update_fields=["project", "project_unsure", "matrix_version", "respond_by", "resolve_by", *progress.FIELDS]
    )
    write(incident, "moved", now=now, by=by, before=before.key, after=project.key)
    if incident.status == Status.NEW:
        if escalation is not None:
            escalating.new_round(escalation, now=now, facts=escalating.facts_of(incident, known, known.content))
        else:
            hand_over(incident, known, by=by, now=now)
    return incident


# --- helpers --------------------------------------------------------------------------------------------------


def _lock(incident: Incident) -> tuple[Escalation | None, Incident]:
    escalation = escalating.lock(incident)
    fresh = Incident.objects.select_for_update(of=("self",)).select_related("project", "assignee").get(pk=incident.pk)
    if escalation is not None:
        escalation.incident = fresh
    return escalation, fresh


def _require(incident: Incident, action: str, *statuses: str) -> None:
    if incident.status not in statuses:
        raise ActionRefused(action, incident.status)


def _own_page(escalation: Escalation | None, person: Person | None) -> Page | None:
    """The person's latest open page of this chain, which their click answers."""
    if escalation is None or person is None:
        return None
    return escalation.pages.filter(person=person, state=Page.State.OPEN).order_by("-pk").first()


def facts_now(incident: Incident, now: datetime) -> Facts:
    """What decides the incident's chain at `now`, under the version it was reported under."""
    return escalating.facts_of(incident, *_known(incident, now))


def _known(incident: Incident, now: datetime) -> tuple[ProjectFacts, Mapping[str, PriorityContent]]:
    known = gather([incident.project], at=now, known_at=now)[incident.project_id]
    return known, escalating.content_in(published([incident.matrix_version_id]), incident)


def _targets(
    since: datetime, content: PriorityContent, known: ProjectFacts, topic: Topic | None = None
) -> tuple[datetime | None, datetime | None]:
    """By when somebody must have answered, and the service be restored; a request is answered in support hours."""
    if topic is not None:
        return due(since, topic.answer_minutes, Clock.SUPPORT_HOURS, known.hours), None
    return (
        due(since, content.response_minutes, content.clock, known.hours),
        due(since, content.resolution_minutes, content.clock, known.hours),
    )


def _save_reopened(incident: Incident) -> None:
    """Where monitoring reported the same thing anew meanwhile, the new incident keeps its dedup key."""
    fields = ["status", "assignee", "restored_at", "dedup_key", *progress.FIELDS]
    try:
        with transaction.atomic():
            incident.save(update_fields=fields)
    except IntegrityError:
        incident.dedup_key = ""
        incident.save(update_fields=fields)
