"""What every change of an incident begins with: its rows locked, its status asked, its facts and targets known.

The escalation's row is locked first, then the incident's; so an acknowledgement and the tick cannot interleave.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from matrix.content import PriorityContent
from matrix.facts import published
from matrix.models import Topic
from matrix.sla import Clock, Span, due
from portal.models import Person
from routing.decision import Facts
from routing.gather import ProjectFacts, gather
from routing.paging import escalating
from routing.paging.models import Escalation, Page

from .models import Incident, Status

ACKNOWLEDGED = (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.WAITING)


class ActionRefused(Exception):
    """The incident's status does not allow the action; nothing was changed."""

    def __init__(self, action: str, status: str) -> None:
        super().__init__(f"{action} is not possible while {status}")
        self.action = action
        self.status = status


def lock(incident: Incident) -> tuple[Escalation | None, Incident]:
    """The incident and its escalation as they are now, locked until the transaction ends."""
    escalation = escalating.lock(incident)
    fresh = (
        Incident.objects.select_for_update(of=("self",))
        .select_related("project", "assignee", "team")
        .get(pk=incident.pk)
    )
    if escalation is not None:
        escalation.incident = fresh
    return escalation, fresh


Held = tuple[Escalation | None, Incident]


def lock_both(one: Incident, other: Incident) -> tuple[Held, Held]:
    """Two incidents and their escalations, locked in an order that no two people wait for each other."""
    ids = (one.pk, other.pk)
    chains = Escalation.objects.select_for_update(of=("self",)).filter(incident__in=ids).order_by("pk")
    escalations = {escalation.incident_id: escalation for escalation in chains}
    rows = Incident.objects.select_for_update(of=("self",)).select_related("project", "assignee", "team")
    incidents = rows.filter(pk__in=ids).order_by("pk").in_bulk()
    for pk, escalation in escalations.items():
        escalation.incident = incidents[pk]
    return (escalations.get(one.pk), incidents[one.pk]), (escalations.get(other.pk), incidents[other.pk])


def state_of(incident: Incident) -> str:
    """What people decide by when they act: what of it others may have changed meanwhile."""
    parts = (incident.status, incident.priority, incident.assignee_id, incident.team_id, incident.project_id)
    return ".".join(str(part or "") for part in parts)


class ChangedMeanwhile(ActionRefused):
    """Somebody else has changed the incident since it was looked at; nothing was changed."""


def require_unchanged(incident: Incident, seen: str | None, action: str, other: Incident | None = None) -> Incident:
    """The incident, locked until the transaction ends, as it was seen; `seen` is its `state_of` then, if known.

    `other` is what the action changes besides. It is locked here too: locked after the first, it could be held by
    somebody who waits for that one.
    """
    _escalation, fresh = lock(incident) if other is None else lock_both(incident, other)[0]
    if seen is not None and state_of(fresh) != seen:
        raise ChangedMeanwhile(action, fresh.status)
    return fresh


def require(incident: Incident, action: str, *statuses: str) -> None:
    if incident.status not in statuses:
        raise ActionRefused(action, incident.status)


def own_page(escalation: Escalation | None, person: Person | None) -> Page | None:
    """The person's latest open page of this chain, which their click answers; that they are called in is none."""
    if escalation is None or person is None:
        return None
    return escalation.pages.of_chain().filter(person=person, state=Page.State.OPEN).order_by("-pk").first()


def facts_now(incident: Incident, now: datetime) -> Facts:
    """What decides the incident's chain at `now`, under the version it was reported under."""
    return escalating.facts_of(incident, *known_now(incident, now))


def known_now(incident: Incident, now: datetime) -> tuple[ProjectFacts, Mapping[str, PriorityContent]]:
    known = gather([incident.project], at=now, known_at=now)[incident.project_id]
    return known, escalating.content_in(published([incident.matrix_version_id]), incident)


def targets(
    since: datetime,
    content: PriorityContent,
    known: ProjectFacts,
    topic: Topic | None = None,
    pauses: Iterable[Span] = (),
) -> tuple[datetime | None, datetime | None]:
    """By when somebody must have answered, and the service be restored; a request is answered in support hours.

    The clock of the resolution stood still during `pauses`.
    """
    if topic is not None:
        return due(since, topic.answer_minutes, Clock.SUPPORT_HOURS, known.hours), None
    return (
        due(since, content.response_minutes, content.clock, known.hours),
        due(since, content.resolution_minutes, content.clock, known.hours, pauses),
    )
