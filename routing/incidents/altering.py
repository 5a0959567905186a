"""What an incident is: its priority and its project, and with them its targets and its chain."""

from datetime import datetime

from django.db import transaction

from matrix.terms import Priority
from portal.models import Person, Project
from routing.gather import gather
from routing.paging import escalating
from routing.paging.models import Escalation

from . import progress, waits
from .holding import ActionRefused, known_now, lock, require, targets
from .models import OPEN_STATUSES, Incident, Status
from .requesting import hand_over
from .timeline import write

URGENCY = tuple(Priority)


class ConsentMissing(Exception):
    """A customer's Blocker is not made less urgent without their consent; nothing was changed."""


def asks_consent(incident: Incident, priority: str) -> bool:
    """Whether somebody of the customer has to consent to `priority`: their Blocker becomes less urgent by it."""
    theirs = incident.source != Incident.Source.MONITORING
    return theirs and incident.priority == Priority.BLOCKER and priority != Priority.BLOCKER


@transaction.atomic
def change_priority(
    incident: Incident,
    *,
    priority: str,
    by: Person,
    now: datetime,
    why: str,
    consent: str = "",
    undoes: bool = False,
) -> Incident:
    """Give it another priority. Targets count from `reported_at`, under the version it was reported under.

    Raising it restarts a chain that nobody has answered; lowering it lets the chain go on along the new priority's
    cell. The same priority again changes nothing. `consent` says who of the customer agreed that their Blocker is
    none; `undoes` that a mistake is taken back, which needs no consent. Raises `ConsentMissing`.
    """
    escalation, incident = lock(incident)
    require(incident, "change_priority", *OPEN_STATUSES)
    if incident.priority == priority:
        return incident
    asked = asks_consent(incident, priority) and not undoes
    if asked and not consent:
        raise ConsentMissing
    raised = URGENCY.index(Priority(priority)) < URGENCY.index(Priority(incident.priority))
    before, incident.priority = incident.priority, priority
    known, pinned = known_now(incident, now)
    content = pinned.get(priority, escalating.NOTHING_AGREED)
    incident.respond_by, incident.resolve_by = targets(
        incident.reported_at, content, known, incident.topic, waits.pauses(incident)
    )
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
        consent=consent if asked else "",
        undoes=undoes,
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
    escalation, incident = lock(incident)
    require(incident, "move_to_project", *OPEN_STATUSES)
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
    incident.respond_by, incident.resolve_by = targets(
        incident.reported_at, content, known, incident.topic, waits.pauses(incident)
    )
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
