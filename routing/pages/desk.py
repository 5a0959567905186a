"""Reads of incidents for the pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When

from matrix import labels
from matrix.facts import published
from portal.models import ADMINISTRATORS, ON_CALL, SERVICE_DESK, Person
from routing.decision import Link
from routing.desk.upcoming import next_link
from routing.gather import gather
from routing.incidents.models import Incident, IncidentQuerySet, Status, TimelineEntry
from routing.incidents.wording import text_of
from routing.paging import escalating
from routing.paging.models import Escalation, Page
from routing.presentation import actor_for


def incidents_for(reader: Person, wanted: dict[str, Any]) -> IncidentQuerySet:
    """What the reader may see of what is `wanted` (the filter's fields): unacknowledged first, by due time."""
    found = Incident.objects.visible_to(reader).select_related("project__customer", "assignee", "team", "topic")
    status = wanted.get("status")
    if not status:
        found = found.open()
    elif status != "all":
        found = found.filter(status=status)
    if priority := wanted.get("priority"):
        found = found.filter(priority=priority, kind=Incident.Kind.INCIDENT)  # that of a request says nothing
    if project := wanted.get("project"):
        found = found.filter(project=project)
    if kind := wanted.get("kind"):
        found = found.filter(kind=kind)
    if words := wanted.get("q"):
        found = found.matching(words)
    unanswered_first = Case(When(status=Status.NEW, then=0), default=1)
    by_due_time = Case(When(status=Status.NEW, then=F("respond_by"))).asc(nulls_last=True)
    return found.order_by(unanswered_first, by_due_time, "-pk")


def workers() -> QuerySet[Person]:
    """Everybody of the provider who may have an incident, by name."""
    working = Q(groups__name__in=[SERVICE_DESK, ON_CALL, ADMINISTRATORS]) | Q(is_superuser=True)
    return Person.objects.filter(working, is_active=True, is_staff=True).distinct().order_by("name")


@dataclass(frozen=True)
class Line:
    """One line of the timeline as its reader may see it; `note` says that somebody wrote the text themselves."""

    at: datetime
    actor: str
    text: str
    public: bool
    note: bool


def timeline_for(incident: Incident, reader: Person, *, latest: int | None = None) -> list[Line]:
    """The timeline, newest first, or its `latest` lines: customers see its public part."""
    entries: QuerySet[TimelineEntry] = incident.timeline.prefetch_related("actor__groups").order_by("-pk")
    if not reader.is_staff:
        entries = entries.filter(public=True)
    return [
        Line(entry.at, actor_for(entry, reader), text_of(entry), entry.public, entry.kind == "note")
        for entry in entries[:latest]
    ]


@dataclass(frozen=True)
class Question:
    """What a customer is waited for: who asks, and what; the text may be empty."""

    by: str
    text: str


def question_of(incident: Incident, reader: Person) -> Question | None:
    """What the incident waits for; None where it does not wait for the customer."""
    if not incident.waits_for_customer:
        return None
    entry = incident.timeline.filter(kind="waiting").select_related("actor").order_by("pk").last()
    return Question(actor_for(entry, reader), entry.data.get("question", "")) if entry else None


def pages_of(escalation: Escalation) -> QuerySet[Page]:
    """Everybody who was called, with every message to them."""
    return escalation.pages.prefetch_related("deliveries").order_by("pk")


@dataclass(frozen=True)
class ChainState:
    """Where a chain stands. `next_role` is called at `next_at` unless somebody answers before."""

    escalation: Escalation
    pages: list[Page]
    next_role: str
    next_at: datetime | None


def chain_state(incident: Incident, *, now: datetime) -> ChainState | None:
    """The state of the incident's chain for the provider's people; None where none was started."""
    escalation = Escalation.objects.filter(incident=incident).first()
    if escalation is None:
        return None
    link = None
    if escalation.state in (Escalation.State.DEFERRED, Escalation.State.RUNNING):
        link = _next_link(incident, escalation, now)
    return ChainState(
        escalation=escalation,
        pages=list(pages_of(escalation)),
        next_role=str(labels.ROLE[link.role]) if link else "",
        next_at=link.at if link and link.at > now else escalation.due_at,
    )


def _next_link(incident: Incident, escalation: Escalation, now: datetime) -> Link | None:
    """The next link of the same walk that the tick takes; None where this round has no more."""
    known = gather([incident.project], at=now, known_at=now)[incident.project_id]
    content = escalating.content_in(published([incident.matrix_version_id]), incident)
    escalation.incident = incident
    return next_link(escalation, known, content, now=now)
