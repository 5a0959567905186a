"""The night: what happened on somebody's projects since the office last closed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from django.db.models import Exists, OuterRef, Q

from matrix import labels
from matrix.terms import Role
from portal.hours import Hours, open_periods
from portal.models import Person, Project
from routing.gather import gather
from routing.incidents.models import Incident, IncidentQuerySet, Status, TimelineEntry
from routing.incidents.services import state_of
from routing.paging.models import Page
from routing.presentation import actor_for

from .projects import assignments_of

MINUTE = timedelta(minutes=1)
SHORTEST = timedelta(hours=4)
"""The office closed for less is a break."""
LOOK_BACK = timedelta(days=28)
LOOK_AHEAD = timedelta(days=28)
MOST = 50
"""So many incidents are told; a storm has more, which the list of incidents shows."""


@dataclass(frozen=True, slots=True)
class Night:
    """`[start, end)` in which the office is closed: a night, a weekend, holidays. While it lasts, `end` is now."""

    start: datetime
    end: datetime
    over: bool


def night_of(hours: Hours, now: datetime) -> Night | None:
    """The last night that had begun by `now`; None where the office was never open before. Pure."""
    periods = open_periods(hours, now - LOOK_BACK, now + LOOK_AHEAD)
    gaps = [(before.end, after.start) for before, after in pairwise(periods)]
    if periods:
        gaps.append((periods[-1].end, now + LOOK_AHEAD))
    nights = [
        Night(closed, min(opened, now), opened <= now)
        for closed, opened in gaps
        if closed is not None and closed <= now and opened - closed >= SHORTEST
    ]
    return nights[-1] if nights else None


@dataclass(frozen=True)
class Called:
    """Somebody who was called for an incident; `state` says what came of it."""

    name: str
    role: str
    at: datetime
    state: str


@dataclass(frozen=True)
class Taken:
    """Who answered, and within how many minutes of the report."""

    name: str
    at: datetime
    minutes: int


@dataclass(frozen=True)
class Happening:
    """One incident of a night."""

    incident: Incident
    called: list[Called]
    taken: Taken | None

    @property
    def is_open(self) -> bool:
        return self.incident.is_open

    @property
    def seen(self) -> str:
        """What whoever takes it over decides by."""
        return state_of(self.incident)


def nights_of(projects: Iterable[Project], *, now: datetime) -> dict[int, Night]:
    """Project → its last night, by its own office hours; projects whose office was never open are missing."""
    known = gather(projects, at=now, known_at=now)
    found = {pk: night_of(facts.hours, now) for pk, facts in known.items()}
    return {pk: night for pk, night in found.items() if night}


def my_nights(person: Person, *, now: datetime) -> tuple[list[Project], dict[int, Night]]:
    """The person's projects, and the last night of each."""
    projects = list({row.project_id: row.project for row in assignments_of(person, at=now)}.values())
    return projects, nights_of(projects, now=now) if projects else {}


def happenings(nights: Mapping[int, Night], *, reader: Person) -> list[Happening]:
    """What happened on the projects in their nights, still open ones first; three queries for any number.

    Of a storm there is one more than `MOST`.
    """
    if not nights:
        return []
    incidents = list(_incidents(nights)[: MOST + 1])
    called = _called(incidents, nights)
    taken = _taken(incidents, reader)
    return [
        Happening(incident, called[incident.pk], taken.get(incident.pk))
        for incident in sorted(incidents, key=lambda each: (not each.is_open, each.reported_at))
    ]


def _incidents(nights: Mapping[int, Night]) -> IncidentQuerySet:
    """Those of which their timeline tells anything in the night, the most recent first."""
    together: dict[Night, list[int]] = defaultdict(list)
    for project, night in nights.items():
        together[night].append(project)
    wanted = Q(pk__in=[])
    for night, projects in together.items():
        told = TimelineEntry.objects.filter(incident=OuterRef("pk"), at__gte=night.start, at__lt=night.end)
        # What was over before is not looked through.
        alive = Q(restored_at=None) | Q(restored_at__gte=night.start) | ~Q(status__in=[Status.RESOLVED, Status.CLOSED])
        wanted |= Q(Exists(told), alive, project__in=projects, created_at__lt=night.end)
    rows = Incident.objects.filter(wanted, kind=Incident.Kind.INCIDENT)
    return rows.select_related("project", "assignee", "team").order_by("-pk")


def _called(incidents: list[Incident], nights: Mapping[int, Night]) -> dict[int, list[Called]]:
    """Incident → whom its chain called in the night, in order; who was merely told something is left out."""
    pages = Page.objects.filter(escalation__incident__in=incidents, informs=False).exclude(route=Page.DIRECT_ROUTE)
    found: dict[int, list[Called]] = defaultdict(list)
    for page in pages.select_related("escalation__incident").order_by("created_at", "pk"):
        night = nights[page.escalation.incident.project_id]
        if night.start <= page.created_at < night.end:
            role = str(labels.ROLE[Role(page.role)])
            found[page.escalation.incident_id].append(
                Called(page.name, role, page.created_at, page.get_state_display())
            )
    return found


def _taken(incidents: list[Incident], reader: Person) -> dict[int, Taken]:
    """Incident → who took it last."""
    entries = TimelineEntry.objects.filter(incident__in=incidents, kind="acknowledged").select_related("actor")
    reported = {incident.pk: incident.reported_at for incident in incidents}
    return {
        entry.incident_id: Taken(
            actor_for(entry, reader), entry.at, ceil((entry.at - reported[entry.incident_id]) / MINUTE)
        )
        for entry in entries.order_by("pk")
    }
