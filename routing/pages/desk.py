"""Reads of incidents for the pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When

from portal.models import ADMINISTRATORS, ON_CALL, SERVICE_DESK, Person
from routing.incidents.models import Incident, IncidentQuerySet, Status, TimelineEntry
from routing.incidents.wording import text_of
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
