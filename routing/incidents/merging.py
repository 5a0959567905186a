"""Two reports of one disturbance: the later one ends and points to the one that goes on. Only people merge."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from matrix.terms import Priority
from portal.access import may_work
from portal.models import Person
from routing.paging import escalating
from routing.paging.models import Escalation

from . import progress, waits
from .altering import URGENCY
from .holding import ActionRefused, lock_both, own_page, state_of
from .models import OPEN_STATUSES, Incident, IncidentLink, Status, TimelineEntry
from .taking import assign
from .timeline import entry, write


class MergeRefused(Exception):
    """Nothing was merged: it is `itself`, of an `other_project`, of an `other_kind`, or `less_urgent`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@transaction.atomic
def merge(duplicate: Incident, into: Incident, *, by: Person, now: datetime) -> Incident:
    """End `duplicate`, which is the same as `into`: its chain stops, its reporter is told and follows that one.

    What was written publicly goes along, so that it is read where work goes on, and files are shown there too. Both
    are open and of one project, whose people may read either; nothing goes on less urgently than it was reported. Who
    has the duplicate has the other too where nobody had that: nobody is called for what somebody works on. Raises
    `MergeRefused` or `ActionRefused`.
    """
    if duplicate.pk == into.pk:
        raise MergeRefused("itself")
    (escalation, duplicate), (_other, into) = lock_both(duplicate, into)
    _check(duplicate, into)
    status = duplicate.status
    duplicate.status, duplicate.closed_at = Status.CLOSED, now
    duplicate.responded_at = duplicate.responded_at or now
    waits.end(duplicate, now=now)
    progress.renew(duplicate, now=now)
    duplicate.save(update_fields=["status", "closed_at", "responded_at", *waits.FIELDS, *progress.FIELDS])
    moved = _link(duplicate, into, by=by, now=now)
    TimelineEntry.objects.bulk_create(_taken_along(duplicate, into, now=now))
    # After what was taken along: the desk calls an incident answered whose last line is the customer's.
    write(into, "absorbed", now=now, by=by, public=True, number=duplicate.number)
    given = _give(into, duplicate.assignee, by=by, now=now)
    lent = into.reporter is None and duplicate.reporter is not None
    if lent:
        into.reporter = duplicate.reporter
        into.save(update_fields=["reporter"])
    # What undoing needs to know stands with it.
    undoing: dict[str, Any] = {"given": given, "moved": moved, "lent": lent}
    write(duplicate, "merged", now=now, by=by, public=True, number=into.number, before=status, **undoing)
    escalating.end_chain(escalation, state=Escalation.State.STOPPED, now=now, answered=own_page(escalation, by))
    return duplicate


def _give(into: Incident, owner: Person | None, *, by: Person, now: datetime) -> str:
    """Who has the duplicate gets what is new; its `state_of` then, by which undoing knows it, empty if nobody did."""
    if into.status != Status.NEW or owner is None or not may_work(owner):
        return ""
    return state_of(assign(into, assignee=owner, by=by, now=now))


def _check(duplicate: Incident, into: Incident) -> None:
    for incident in (duplicate, into):
        if incident.status not in OPEN_STATUSES:
            raise ActionRefused("merge", incident.status)
    if duplicate.project_id != into.project_id:
        raise MergeRefused("other_project")
    if duplicate.kind != into.kind:
        raise MergeRefused("other_kind")
    if duplicate.kind == Incident.Kind.INCIDENT and _urgency(duplicate) < _urgency(into):
        raise MergeRefused("less_urgent")


def _urgency(incident: Incident) -> int:
    return URGENCY.index(Priority(incident.priority))


def _link(duplicate: Incident, into: Incident, *, by: Person, now: datetime) -> list[int]:
    """That they are related is said more exactly now. What was merged into the duplicate goes on where that does.

    Returns the keys of those.
    """
    links = IncidentLink.objects
    links.of(duplicate).of(into).delete()
    before = links.filter(other=duplicate, kind=IncidentLink.Kind.DUPLICATE)
    for earlier in before.select_related("incident"):
        links.of(earlier.incident).of(into).delete()
    moved = list(before.values_list("incident", flat=True))
    before.update(other=into)
    links.create(incident=duplicate, other=into, kind=IncidentLink.Kind.DUPLICATE, linked_by=by, linked_at=now)
    return moved


def _taken_along(duplicate: Incident, into: Incident, *, now: datetime) -> Iterable[TimelineEntry]:
    """What was reported and publicly written, said again where it is read now; nobody is told of it twice."""
    number = duplicate.number
    if duplicate.reporter is not None:
        text = f"{duplicate.title}\n{duplicate.description}".strip()
        said = {"text": text, "from": number, "at": duplicate.reported_at.isoformat()}
        yield entry(into, "note", now=now, by=duplicate.reporter, public=True, **said)
    for note in duplicate.timeline.filter(kind="note", public=True).select_related("actor").order_by("pk"):
        said = {"from": number, "at": note.at.isoformat(), **note.data}
        yield entry(into, "note", now=now, by=note.actor, actor_name=note.actor_name, public=True, **said)
