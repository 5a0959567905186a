"""Reads everything a handbook is made of, in a constant number of queries, as its customer may know it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from matrix.content import VersionContent
from matrix.facts import published, whole
from matrix.models import MatrixVersion, Topic
from matrix.terms import Window
from portal.hours import WeeklyInterval, open_periods
from portal.models import Contact, Installation, Person, Project, ProjectSupport, SupportHours, WeeklyOpening
from routing.decide import decide
from routing.decision import Source
from routing.gather import ProjectFacts, gather

SEARCH = timedelta(days=14)
"""How far ahead ordinary hours are looked for."""
VERSIONS_TOLD = 10
"""How many versions of the matrix the change log goes back."""


@dataclass(frozen=True)
class VersionGiven:
    """A published version; `content` is None for one too old to be compared."""

    number: int
    effective_from: datetime
    content: VersionContent | None


@dataclass(frozen=True)
class Given:
    """What is known of a project for its handbook.

    `known` is without absences: a handbook says what holds on an ordinary day, and for that `ordinary` has an
    instant in and one outside support hours, as far as there are any. `reader` stands for the project's customer,
    whoever prints it.
    """

    known: ProjectFacts
    content: VersionContent
    versions: tuple[VersionGiven, ...]
    at: datetime
    language: str
    reader: Person
    ordinary: Mapping[Window, datetime]
    provider: str
    switchboard: str
    site: SupportHours | None
    contacts: tuple[Contact, ...]
    reachable: Mapping[int, tuple[WeeklyInterval, ...]]
    topics: tuple[Topic, ...]

    @property
    def project(self) -> Project:
        return self.known.project

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.known.hours.zone)

    @property
    def today(self) -> date:
        return self.at.astimezone(self.zone).date()

    @property
    def version(self) -> VersionGiven:
        """The version in force: the newest of those told."""
        return self.versions[0]


def given_for(project: Project, *, at: datetime, language: str) -> Given | None:
    """What the handbook of `project` (with its customer) says at `at`; None where no matrix is in force."""
    known = _without_absences(gather([project], at=at)[project.pk])
    if known.version is None or not known.content:
        return None
    support = ProjectSupport.objects.as_of(at).filter(project=project).select_related("hours").first()
    installation = Installation.objects.first()
    contacts = tuple(_contacts(project))
    return Given(
        known=known,
        content=whole(known.version),
        versions=_versions(known.version, at),
        at=at,
        language=language,
        reader=Person(name=project.customer.name, language=language, zone=known.hours.zone),
        ordinary=_ordinary(known, at),
        provider=installation.name if installation else "",
        switchboard=str(installation.switchboard or "") if installation else "",
        site=support.hours if support else None,
        contacts=contacts,
        reachable=_weekly({contact.reachable_id for contact in contacts}, at),
        topics=tuple(Topic.objects.all()),
    )


def _without_absences(known: ProjectFacts) -> ProjectFacts:
    duty = tuple(replace(each, rota=replace(each.rota, absences=())) for each in known.duty)
    return replace(known, base=replace(known.base, absences={}), duty=duty)


def _contacts(project: Project) -> list[Contact]:
    """The customer's contacts of the project, in the order in which they are called back."""
    of_project = Q(limited_to=None) | Q(limited_to=project)
    rows = Contact.objects.filter(of_project, customer=project.customer_id, left_at=None, person__is_active=True)
    found = {contact.pk: contact for contact in rows.select_related("person")}
    return sorted(found.values(), key=lambda contact: (contact.call_back_order or len(found) + 1, contact.pk))


def _weekly(calendars: set[int | None], at: datetime) -> dict[int, tuple[WeeklyInterval, ...]]:
    found: dict[int, list[WeeklyInterval]] = defaultdict(list)
    for row in WeeklyOpening.objects.as_of(at).filter(hours__in=calendars - {None}):
        found[row.hours_id].append(WeeklyInterval(row.weekday, row.opens, row.closes))
    return {pk: tuple(intervals) for pk, intervals in found.items()}


def _versions(in_force: MatrixVersion, at: datetime) -> tuple[VersionGiven, ...]:
    """Down from the version in force; one more than is told of is read, to be compared with."""
    rows = MatrixVersion.objects.filter(
        matrix=in_force.matrix_id, published_at__lte=at, effective_from__lte=at, number__lte=in_force.number
    )
    listed = list(rows.order_by("-number").values_list("pk", "number", "effective_from")[: VERSIONS_TOLD + 1])
    contents = published(pk for pk, _number, _begins in listed)
    return tuple(
        VersionGiven(number, begins, whole(contents[pk].version) if pk in contents else None)
        for pk, number, begins in listed
        if number is not None and begins is not None
    )


def _ordinary(known: ProjectFacts, at: datetime) -> dict[Window, datetime]:
    """An instant well within each window, at which as few as possible are out of their own hours."""
    openings = [(period.start, period.end or at) for period in open_periods(known.hours, at, at + SEARCH)]
    edges = [at, *(edge for opening in openings for edge in opening), at + SEARCH]
    closings = list(zip(edges[::2], edges[1::2], strict=True))
    facts = known.facts(priority=next(iter(known.content)), source=Source.CUSTOMER)

    def passed_over(instant: datetime) -> int:
        return len(decide(facts, instant).passed_over)

    windows = {Window.BUSINESS_HOURS: openings, Window.AFTER_HOURS: closings}
    found = {window: _within(spans, at) for window, spans in windows.items()}
    return {window: min(instants, key=passed_over) for window, instants in found.items() if instants}


def _within(spans: list[tuple[datetime, datetime]], at: datetime) -> list[datetime]:
    """An instant a third into each span, of those seen whole where there are any."""
    spans = [(start, end) for start, end in spans if start < end]
    seen_whole = [(start, end) for start, end in spans if start > at and end < at + SEARCH]
    return [start + (end - start) / 3 for start, end in seen_whole or spans]
