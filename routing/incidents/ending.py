"""The end of an incident, and that it was none."""

from datetime import datetime

from django.db import IntegrityError, transaction

from portal.models import Person
from routing.gather import gather
from routing.paging import escalating
from routing.paging.models import Escalation

from . import progress, waits
from .holding import facts_now, lock, own_page, require
from .models import OPEN_STATUSES, Incident, Status
from .requesting import hand_over
from .timeline import write


@transaction.atomic
def resolve(incident: Incident, *, by: Person | None, now: datetime, reason: str, actor_name: str = "") -> Incident:
    """The service is restored; paging stops. A person's resolution is a response too, monitoring's is none."""
    escalation, incident = lock(incident)
    require(incident, "resolve", *OPEN_STATUSES)
    incident.status = Status.RESOLVED
    incident.restored_at = now
    if by is not None:
        incident.responded_at = incident.responded_at or now
        incident.assignee, incident.team = incident.assignee or by, None
    waits.end(incident, now=now)
    progress.renew(incident, now=now)
    incident.save(
        update_fields=["status", "restored_at", "responded_at", "assignee", "team", *waits.FIELDS, *progress.FIELDS]
    )
    write(incident, "resolved", now=now, by=by, actor_name=actor_name, public=True, reason=reason)
    escalating.end_chain(escalation, state=Escalation.State.STOPPED, now=now, answered=own_page(escalation, by))
    return incident


@transaction.atomic
def close(incident: Incident, *, by: Person | None, now: datetime) -> Incident:
    """Done for good: resolved → closed."""
    _escalation, incident = lock(incident)
    require(incident, "close", Status.RESOLVED)
    incident.status, incident.closed_at = Status.CLOSED, now
    incident.save(update_fields=["status", "closed_at"])
    write(incident, "closed", now=now, by=by, public=True)
    return incident


@transaction.atomic
def reopen(incident: Incident, *, by: Person | None, now: datetime, reason: str = "") -> Incident:
    """It was not over: resolved → new, in a new round of the chain. Targets still count from `reported_at`."""
    escalation, incident = lock(incident)
    require(incident, "reopen", Status.RESOLVED)
    incident.status, incident.restored_at = Status.NEW, None
    incident.assignee, incident.team = None, None
    progress.renew(incident, now=now)
    save_open_again(incident)
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


def save_open_again(incident: Incident) -> None:
    """Where monitoring reported the same thing anew meanwhile, the new incident keeps its dedup key."""
    fields = ["status", "assignee", "team", "restored_at", "dedup_key", *progress.FIELDS]
    try:
        with transaction.atomic():
            incident.save(update_fields=fields)
    except IntegrityError:
        incident.dedup_key = ""
        incident.save(update_fields=fields)
