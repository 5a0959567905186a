"""The open incidents as the desk shows them: which, in what order, and how each one's clock and chain stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Least

from matrix.facts import Published, published
from matrix.sla import Clock, RunningClock, Standing, running_clock
from oncall.models import RotaCoverage
from portal.hours import next_change
from portal.models import Person, ProjectSupport
from routing.gather import ProjectFacts
from routing.incidents.models import Incident, IncidentQuerySet, Status, TimelineEntry
from routing.paging.escalating import content_in
from routing.presentation import owner_for

from .upcoming import Upcoming, facts_of_projects, upcoming

_BY_PEOPLE = TimelineEntry.objects.filter(incident=OuterRef("pk"), actor__isnull=False).order_by("-pk")
LAST = {
    "last_kind": Subquery(_BY_PEOPLE.values("kind")[:1]),
    "last_by_staff": Subquery(_BY_PEOPLE.values("actor__is_staff")[:1]),
}
ANSWERED = Q(last_kind="note", last_by_staff=False) & ~Q(status=Status.NEW)
"""The last thing anybody did to it is a message of the customer: somebody of the provider should read it."""


def open_incidents(reader: Person, wanted: Mapping[str, Any], *, now: datetime) -> IncidentQuerySet:
    """What is open and `wanted` (the filter's fields): unacknowledged first, by what is due next, then the rest."""
    found = Incident.objects.visible_to(reader).open()
    conditions = [
        Q(priority=wanted["priority"], kind=Incident.Kind.INCIDENT) if "priority" in wanted else Q(),
        Q(project=wanted["project"]) if "project" in wanted else Q(),
        Q(project__customer=wanted["customer"]) if "customer" in wanted else Q(),
        _of_team(wanted["team"], now) if "team" in wanted else Q(),
        _of_rota(wanted["rota"], now) if "rota" in wanted else Q(),
        Q(assignee=reader) if wanted.get("whose") == "mine" else Q(),
        Q(assignee=None, team=None) if wanted.get("whose") == "nobody" else Q(),
    ]
    found = found.filter(*conditions)
    if wanted.get("status") == "answered":
        found = found.alias(**LAST).filter(ANSWERED)
    elif "status" in wanted:
        found = found.filter(status=wanted["status"])
    if "q" not in wanted:
        return found
    # Searched once, and not for the count and for the rows: of what is open, few have the words.
    numbers = list(found.matching(wanted["q"]).values_list("pk", flat=True))
    return Incident.objects.filter(pk__in=numbers)


def _of_team(team: Any, now: datetime) -> Q:
    """What the team has, whatever the project, and everything of the projects it supports."""
    supported = ProjectSupport.objects.as_of(now).filter(Q(team=team) | Q(service_desk=team))
    return Q(team=team) | Q(project__in=supported.values("project"))


def _of_rota(rota: Any, now: datetime) -> Q:
    covered = RotaCoverage.objects.as_of(now).filter(rota=rota, valid__contains=now)
    return Q(project__in=covered.values("project"))


def in_order(found: IncidentQuerySet) -> IncidentQuerySet:
    """Unacknowledged first, by whatever is due next: the answer, or the next step of the chain. Then the rest."""
    unanswered_first = Case(When(status=Status.NEW, then=0), default=1)
    next_due = Case(
        When(status=Status.NEW, then=Least("respond_by", "escalation__due_at")), default=F("progress_due_at")
    )
    rows = found.alias(**LAST).annotate(answered=Case(When(ANSWERED, then=True), default=False))
    rows = rows.select_related("project__customer", "assignee", "team", "escalation")
    rows = rows.defer("description", "project__hotline", "assignee__direct_line", "assignee__mobile")
    return rows.order_by(unanswered_first, next_due.asc(nulls_last=True), "-pk")


@dataclass(frozen=True, slots=True)
class Counts:
    """What is open, whatever the filter: the numbers of those nobody has taken, and how many there are of each."""

    total: int
    unacknowledged: list[int]
    waiting: int
    answered: int


def counts(reader: Person) -> Counts:
    """Of all that the reader may see."""
    new = Q(status=Status.NEW)
    found = Incident.objects.visible_to(reader).open().order_by().alias(**LAST)
    numbers = found.aggregate(
        total=Count("pk"),
        unacknowledged=ArrayAgg("pk", filter=new, default=[], order_by="pk"),
        waiting=Count("pk", filter=Q(status=Status.WAITING, awaits_customer=True)),
        answered=Count("pk", filter=ANSWERED),
    )
    return Counts(**numbers)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the desk. `counts_to` is where the response clock ends if it goes on as it does at this instant."""

    incident: Incident
    owner: str
    clock: RunningClock | None
    counts_to: datetime | None
    late_at: datetime | None
    next: Upcoming | None

    @property
    def left_minutes(self) -> int:
        """What a clock that is paused has left."""
        return int(self.clock.left.total_seconds() // 60) if self.clock else 0

    @property
    def is_late(self) -> bool:
        return self.clock is not None and self.clock.standing is Standing.LATE

    @property
    def is_missed(self) -> bool:
        return self.clock is not None and self.clock.standing is Standing.MISSED


@dataclass(frozen=True, slots=True)
class Rows:
    """Some lines, and until when they are true unless a row changes."""

    rows: list[Row]
    until: datetime | None


def rows_of(incidents: Iterable[Incident], reader: Person, *, now: datetime) -> Rows:
    """The lines of these incidents, read `in_order`; a constant number of queries for all of them."""
    incidents = list(incidents)
    known = facts_of_projects(incidents, now=now)
    pinned = published(incident.matrix_version_id for incident in incidents)
    chains = [incident.escalation for incident in incidents if hasattr(incident, "escalation")]
    coming = upcoming(chains, known, now=now)
    rows, changes = [], []
    for incident in incidents:
        clock = _clock(incident, known[incident.project_id], pinned, now)
        owner = owner_for(incident, reader)
        row = Row(
            incident=incident,
            owner=owner["name"] if owner else "",
            clock=clock,
            counts_to=now + clock.left if clock else None,
            late_at=now + clock.until_late if clock else None,
            next=coming.get(incident.pk),
        )
        rows.append(row)
        if clock and clock.standing is not Standing.MISSED:
            changes.append(next_change(known[incident.project_id].hours, now))
        if row.next:
            changes.append(row.next.at)
    return Rows(rows, min((change for change in changes if change and change > now), default=None))


def _clock(
    incident: Incident, known: ProjectFacts, pinned: Mapping[int, Published], now: datetime
) -> RunningClock | None:
    """The response clock of an incident that nobody has answered yet."""
    if incident.responded_at is not None or incident.respond_by is None:
        return None
    kind = Clock.SUPPORT_HOURS
    if incident.kind == Incident.Kind.INCIDENT:
        terms = content_in(pinned, incident).get(incident.priority)
        kind = terms.clock if terms else Clock.ROUND_THE_CLOCK
    return running_clock(incident.reported_at, incident.respond_by, kind, known.hours, now)
