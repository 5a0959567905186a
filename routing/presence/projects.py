"""The projects somebody answers for: what is open there, and who stands in while they are away."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet

from matrix import labels
from matrix.terms import Priority, Role
from oncall.rotation import AbsenceFact, AbsenceKind
from portal.hours import next_opening
from portal.models import Assignment, Contact, Person, Project
from routing.decide import decide
from routing.decision import Facts, Link, Source
from routing.gather import ProjectFacts, gather
from routing.incidents.models import Incident, Status
from routing.presentation import Json, contact_for
from routing.resolve import resolve

A_WHILE = timedelta(hours=1)
MOST_CONTACTS = 5
LATER = datetime.max.replace(tzinfo=UTC)
URGENCY = {priority: place for place, priority in enumerate(Priority)}


@dataclass(frozen=True)
class StandIn:
    """Who is called first in somebody's place; `role` is theirs, empty where it is the same role."""

    name: str
    role: str


@dataclass(frozen=True)
class Place:
    """A role in a project; of a deputy, `holder` is who holds it, else empty."""

    role: str
    holder: str
    in_meeting: StandIn | None
    away: StandIn | None


@dataclass(frozen=True)
class OpenIncident:
    """`due` is when it asks for something next: an answer, or the service restored."""

    incident: Incident
    due: datetime | None
    answered: bool


@dataclass(frozen=True)
class MyProject:
    """One project of somebody's, with all that their page shows of it."""

    project: Project
    places: list[Place]
    incidents: list[OpenIncident]
    contacts: list[Json]
    more_contacts: int

    @property
    def unanswered(self) -> int:
        return sum(not each.answered for each in self.incidents)

    @property
    def next_due(self) -> OpenIncident | None:
        """The one that asks for something first."""
        dated = [each for each in self.incidents if each.due]
        return min(dated, key=lambda each: each.due or each.incident.reported_at, default=None)


def assignments_of(person: Person, *, at: datetime) -> list[Assignment]:
    """Where the person is SDM or BRM, or deputy, at `at`; by project."""
    rows = Assignment.objects.as_of(at).filter(person=person, valid__contains=at, project__retired_at=None)
    return list(rows.select_related("project__customer").order_by("project__key", "role", "order"))


def my_projects(person: Person, *, now: datetime) -> list[MyProject]:
    """Each project with its roles, what is open, and the customer's contacts; first what asks for something first.

    As many queries for one as for many.
    """
    rows = assignments_of(person, at=now)
    projects = {row.project_id: row.project for row in rows}
    known = gather(projects.values(), at=now, known_at=now) if projects else {}
    incidents = _open_incidents(projects)
    contacts = _contacts(projects.values())
    found = [
        MyProject(
            project=project,
            places=[_place(row, known[pk], now) for row in rows if row.project_id == pk],
            incidents=incidents[pk],
            contacts=[contact_for(contact) for contact in contacts[pk][:MOST_CONTACTS]],
            more_contacts=max(0, len(contacts[pk]) - MOST_CONTACTS),
        )
        for pk, project in projects.items()
    ]
    return sorted(found, key=_urgency)


def _urgency(mine: MyProject) -> tuple[bool, datetime, str]:
    due = mine.next_due.due if mine.next_due else None
    return not mine.unanswered, due or LATER, mine.project.key


def my_incidents(person: Person) -> QuerySet[Incident]:
    """What is assigned to the person and still open, the most recent first."""
    return (
        Incident.objects.visible_to(person)
        .open()
        .filter(assignee=person)
        .select_related("project", "assignee", "topic")
    )


def as_open(incident: Incident) -> OpenIncident:
    """When the incident asks for something next."""
    answered = incident.status != Status.NEW
    if incident.status == Status.WAITING:
        return OpenIncident(incident, incident.waiting_until, answered)
    return OpenIncident(incident, incident.resolve_by if answered else incident.respond_by, answered)


def away_from_projects(person: Person, *, start: datetime, now: datetime) -> list[tuple[Project, Place]]:
    """Each role the person holds with who stands in from `start` on, as the resolver would name them."""
    rows = assignments_of(person, at=now)
    known = gather({row.project for row in rows}, at=start, known_at=now) if rows else {}
    places = [(row.project, _place(row, known[row.project_id], start)) for row in rows]
    return [(project, place) for project, place in places if not place.holder]


# --- Who stands in ----------------------------------------------------------------------------------------------


def _place(row: Assignment, known: ProjectFacts, at: datetime) -> Place:
    assignees = known.sdm if row.role == Role.SDM else known.brm
    first = next((each.person for each in assignees if each.valid.contains(at)), None)
    return Place(
        role=str(labels.ROLE[Role(row.role)]),
        holder=first.name if first and first.id != row.person_id else "",
        in_meeting=_stand_in(row, known, AbsenceKind.SHORT, at),
        away=_stand_in(row, known, AbsenceKind.DAY, at),
    )


def _stand_in(row: Assignment, known: ProjectFacts, kind: AbsenceKind, at: datetime) -> StandIn | None:
    """Whom the resolver would name first, were the person away in office hours; None where that is nobody."""
    if not known.content:
        return None
    priority = min(known.content, key=lambda each: URGENCY[Priority(each)])
    facts = known.facts(priority=priority, source=Source.CUSTOMER)
    at = next_opening(facts.hours, at) or at
    away = AbsenceFact(row.person_id, kind, at, at + A_WHILE)
    # Planned absences of the person's own say nothing of who stands in for them.
    facts = replace(facts, absences={**facts.absences, row.person_id: (away,)})
    return _first(facts, Role(row.role), at)


def _first(facts: Facts, role: Role, at: datetime) -> StandIn | None:
    found = resolve(facts, role, at)
    if found.people:
        return StandIn(found.people[0].name, "")
    if role is not Role.SDM:
        return None
    link = next((link for link in decide(facts, at).chain if not link.informs), None)
    return _named(link) if link else None


def _named(link: Link) -> StandIn:
    name = link.people[0].name
    role = str(labels.ROLE[link.role])
    return StandIn(name, "" if role == name else role)


# --- One query each ---------------------------------------------------------------------------------------------


def _open_incidents(projects: Iterable[int]) -> dict[int, list[OpenIncident]]:
    """Project → what is open, unanswered first, then by due time."""
    rows = (
        Incident.objects.open()
        .filter(project__in=list(projects))
        .select_related("project", "assignee", "team", "topic")
    )
    found: dict[int, list[OpenIncident]] = defaultdict(list)
    for incident in rows:
        found[incident.project_id].append(as_open(incident))
    for each in found.values():
        each.sort(key=lambda row: (row.answered, row.due is None, row.due or row.incident.reported_at))
    return found


def _contacts(projects: Iterable[Project]) -> dict[int, list[Contact]]:
    """Project → the customer's people for it, in the order in which they are called back."""
    projects = list(projects)
    rows = Contact.objects.current().filter(
        customer__in={project.customer_id for project in projects}, person__is_active=True
    )
    rows = rows.select_related("person").prefetch_related("limited_to").order_by("call_back_order", "pk")
    found: dict[int, list[Contact]] = defaultdict(list)
    for contact in rows:
        limits = {each.pk for each in contact.limited_to.all()}
        for project in projects:
            if contact.customer_id == project.customer_id and (not limits or project.pk in limits):
                found[project.pk].append(contact)
    return found
