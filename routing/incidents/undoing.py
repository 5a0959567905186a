"""Takes a mistake back: the inverse of what was done, as a new action of its own. What went out stays out."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from portal.models import Person
from routing.paging import escalating
from routing.paging.models import Escalation

from . import progress, waits
from .altering import change_priority
from .ending import save_open_again
from .holding import facts_now, require_unchanged, state_of
from .holding import lock as hold
from .models import OPEN_STATUSES, Incident, IncidentLink, Status
from .taking import pass_on
from .timeline import write

UNDO_FOR = timedelta(minutes=5)
"""How long after it something can be taken back."""


@dataclass(frozen=True, slots=True)
class Before:
    """What an incident was before somebody changed it, as far as undoing needs it; plain values, for a session."""

    what: str
    status: str
    priority: str
    assignee: int | None
    team: int | None
    waiting_until: str
    awaits_customer: bool
    responded_at: str

    @classmethod
    def of(cls, incident: Incident, what: str) -> "Before":
        """`what` is about to be done: assign, close, merge, priority or resolve."""
        return cls(
            what=what,
            status=incident.status,
            priority=incident.priority,
            assignee=incident.assignee_id,
            team=incident.team_id,
            waiting_until=_text(incident.waiting_until),
            awaits_customer=incident.awaits_customer,
            responded_at=_text(incident.responded_at),
        )

    def kept(self) -> dict[str, Any]:
        return asdict(self)


@transaction.atomic
def undo(incident: Incident, *, before: Before, after: str, by: Person, now: datetime) -> Incident:
    """Make it what it was. `after` is its `state_of` when it had been done: later changes are nobody's to take back.

    Who would be called is called again: a new round begins where nobody had it. Raises `ChangedMeanwhile`.
    """
    require_unchanged(incident, after, "undo", _original(incident) if before.what == "merge" else None)
    if before.what == "priority":
        return change_priority(incident, priority=before.priority, by=by, now=now, why="", undoes=True)
    escalation, incident = hold(incident)
    incident.status, incident.closed_at = before.status, None
    incident.assignee_id, incident.team_id = before.assignee, before.team
    incident.waiting_until, incident.awaits_customer = _instant(before.waiting_until), before.awaits_customer
    incident.responded_at = _instant(before.responded_at)
    if before.status != Status.RESOLVED:
        incident.restored_at = None
    if incident.waits_for_customer and not incident.waits.filter(until=None).exists():
        waits.begin(incident, now=now)
    progress.renew(incident, now=now)
    incident.save(update_fields=["closed_at", "waiting_until", "awaits_customer", "responded_at"])
    save_open_again(incident)
    if before.what == "merge":
        _part(incident, by=by, now=now)
    write(incident, "undone", now=now, by=by, public=before.what != "assign", what=before.what)
    if escalation is not None and incident.status in OPEN_STATUSES:
        _go_on(escalation, incident, now=now)
    return incident


def _go_on(escalation: Escalation, incident: Incident, *, now: datetime) -> None:
    """The chain stands where it stood: at rest where somebody has it, else it calls from there."""
    if incident.status != Status.NEW:
        Escalation.objects.filter(pk=escalation.pk).update(
            state=Escalation.State.ACKNOWLEDGED, due_at=None, step_due_at=None
        )
        return
    escalating.new_round(escalation, now=now, facts=facts_now(incident, now))


def _original(duplicate: Incident) -> Incident | None:
    links = IncidentLink.objects.filter(incident=duplicate, kind=IncidentLink.Kind.DUPLICATE)
    link = links.select_related("other").first()
    return link.other if link else None


def _part(duplicate: Incident, *, by: Person, now: datetime) -> None:
    """Its own again, with what had been merged into it before, and its reporter no longer the other one's.

    Who got the other one by the merge, and has not touched it since, passes it on: it is called for. Notes that were
    repeated there stay, as nothing is taken out of a timeline. Both are locked.
    """
    link = IncidentLink.objects.filter(incident=duplicate, kind=IncidentLink.Kind.DUPLICATE)
    merged = duplicate.timeline.filter(kind="merged").order_by("pk").last()
    for each in link.select_related("other"):
        original = each.other
        was = merged.data if merged is not None and merged.data["number"] == original.number else {}
        _give_back(duplicate, original, was)
        write(original, "parted", now=now, by=by, public=True, number=duplicate.number)
        if was.get("given") == state_of(original):
            pass_on(original, by=by, now=now)
    link.delete()


def _give_back(duplicate: Incident, original: Incident, was: dict[str, Any]) -> None:
    """What the merge, of which `was` tells, gave to the other one and that still has."""
    if was.get("lent") and original.reporter_id == duplicate.reporter_id:
        original.reporter = None
        original.save(update_fields=["reporter"])
    links = IncidentLink.objects
    moved = links.filter(incident__in=was.get("moved", []), other=original, kind=IncidentLink.Kind.DUPLICATE)
    for earlier in moved.select_related("incident"):
        links.of(earlier.incident).of(duplicate).delete()
    moved.update(other=duplicate)


def _text(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
