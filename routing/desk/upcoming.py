"""Whom the chains call next if nobody answers: by the walk that the pager itself takes, for any number of chains."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from matrix import labels
from matrix.content import PriorityContent
from matrix.facts import published
from matrix.terms import Role
from routing.course import course
from routing.decision import Link
from routing.gather import ProjectFacts, gather
from routing.incidents.models import Incident
from routing.paging import escalating
from routing.paging.models import Escalation

CALLING = (Escalation.State.DEFERRED, Escalation.State.RUNNING)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What a chain does next, and when; without a role its round begins anew. `alarm`: nobody answered any round."""

    at: datetime
    role: Role | None
    alarm: bool = False

    @property
    def role_label(self) -> str:
        return str(labels.ROLE[self.role]) if self.role else ""


def facts_of_projects(incidents: Iterable[Incident], *, now: datetime) -> dict[int, ProjectFacts]:
    """Project id → what is known of it, for all of the incidents together."""
    return gather({incident.project for incident in incidents}, at=now, known_at=now)


def upcoming(
    escalations: Iterable[Escalation], known: Mapping[int, ProjectFacts], *, now: datetime
) -> dict[int, Upcoming]:
    """Incident id → what its chain does next. Chains that have ended are left out.

    `known` are the facts of their projects; the escalations carry their incidents.
    """
    escalations = list(escalations)
    pinned = published(escalation.incident.matrix_version_id for escalation in escalations)
    found: dict[int, Upcoming] = {}
    for escalation in escalations:
        if escalation.due_at is None:
            continue
        if escalation.state not in CALLING:
            found[escalation.incident_id] = Upcoming(escalation.due_at, None, alarm=True)
            continue
        incident = escalation.incident
        content = escalating.content_in(pinned, incident)
        link = _next_link(escalation, known[incident.project_id], content, now=now)
        at = link.at if link and link.at > now else escalation.due_at
        found[escalation.incident_id] = Upcoming(at, link.role if link else None)
    return found


def _next_link(
    escalation: Escalation, known: ProjectFacts, content: Mapping[str, PriorityContent], *, now: datetime
) -> Link | None:
    """The next link of the same walk that the tick takes; None where this round has no more.

    `content` is what the matrix says under which the incident was reported.
    """
    facts = escalating.facts_of(escalation.incident, known, content)
    stops = course(facts, escalating.cursor_of(escalation, now), escalation.incident.respond_by)
    return next((stop.event for stop in stops if isinstance(stop.event, Link)), None)
