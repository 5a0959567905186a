"""Gathers the facts a decision needs, for any number of projects in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils.functional import cached_property

from matrix.content import CellContent, PriorityContent, StepContent
from matrix.facts import Published, published
from matrix.models import MatrixVersion, Topic
from matrix.sla import Clock
from matrix.terms import Channel, Priority, Role, Route
from oncall.models import RotaCoverage
from oncall.queries import absence_facts, rota_facts
from oncall.rotation import AbsenceFact, RotaFacts
from portal import clock
from portal.facts import Kept
from portal.hours import Hours, Period
from portal.models import (
    Assignment,
    EscalationManager,
    Installation,
    Person,
    Project,
    ProjectSupport,
    SupportHours,
    Team,
)
from portal.queries import hours_facts

from .decide import decide
from .decision import AssigneeFacts, Decision, DutyFacts, Facts, LastResort, PersonFacts, Source, TeamFacts
from .models import ContactMethod

REACH = timedelta(hours=1)
"""How long facts serve questions about later instants, as long as nothing has changed."""
HORIZON = timedelta(days=15) + REACH
"""How far a decision looks: its answer holds at most 14 days, and a chain may run a day longer."""


class NoMatrix(LookupError):
    """No matrix of the project is in force at the instant asked about."""


@dataclass(frozen=True)
class ProjectFacts:
    """What is known of one project; `facts` and `topic` narrow it to one question."""

    project: Project
    version: MatrixVersion | None
    next_version_at: datetime | None
    content: Mapping[str, PriorityContent]
    base: "Base"
    hours: Hours
    calendar: SupportHours | None
    service_desk: TeamFacts | None
    project_team: TeamFacts | None
    sdm: tuple[AssigneeFacts, ...]
    brm: tuple[AssigneeFacts, ...]
    duty: tuple[DutyFacts, ...]

    def facts(self, *, priority: str, source: Source, pinned: Mapping[str, PriorityContent] | None = None) -> Facts:
        """Facts for an incident of `priority`; `pinned` is the content of the version it was reported under.

        Raises `NoMatrix` where no version is in force.
        """
        content = (self.content if pinned is None else pinned).get(Priority(priority))
        if content is None:
            raise NoMatrix(self.project.key)
        return self._facts(priority, source, content)

    def topic(self, topic: Topic) -> Facts:
        """Facts for a request: office hours only, nobody is paged, one role after the other."""
        steps = tuple(StepContent(Role(role), (Channel.EMAIL,), 0) for role in topic.roles)
        cells = {Route.BUSINESS_HOURS: CellContent(steps), Route.AFTER_HOURS: CellContent(defers=True)}
        content = PriorityContent(topic.answer_minutes, None, Clock.SUPPORT_HOURS, cells)
        return self._facts(topic.key, Source.CUSTOMER, content)

    def _facts(self, priority: str, source: Source, content: PriorityContent) -> Facts:
        return Facts(
            project=self.project.key,
            priority=priority,
            source=source,
            cells=content.cells,
            response_minutes=content.response_minutes,
            clock=content.clock,
            hours=self.hours,
            matrix_version=self.version.number if self.version else None,
            next_version_at=self.next_version_at,
            sdm=self.sdm,
            brm=self.brm,
            service_desk=self.service_desk,
            project_team=self.project_team,
            duty=self.duty,
            managers=self.base.managers,
            absences=self.base.absences,
            last_resort=self.base.last_resort,
            answer_margin=self.base.answer_margin,
        )


@dataclass(frozen=True)
class Base:
    """What all projects share."""

    managers: tuple[PersonFacts, ...]
    absences: Mapping[int, tuple[AbsenceFact, ...]]
    last_resort: LastResort | None
    answer_margin: int


def decision_for(
    project: Project,
    *,
    at: datetime,
    priority: str = "",
    topic: Topic | None = None,
    source: Source = Source.CUSTOMER,
    now: datetime | None = None,
) -> Decision:
    """The decision for one matter of one project at `at` (aware). Raises `NoMatrix` where none is in force.

    `now` spares reading the clock once more.
    """
    known = gather([project], at=at, known_at=min(at, now or clock.now()))[project.pk]
    return decide(known.topic(topic) if topic else known.facts(priority=priority, source=source), at)


def gather(projects: Iterable[Project], *, at: datetime, known_at: datetime | None = None) -> dict[int, ProjectFacts]:
    """Facts of each project around `at`, as recorded at `known_at`: by default the past as it was known then.

    What this process gathered earlier is used again only where nothing has changed since.
    """
    known_at = known_at or min(at, clock.now())
    shelf = _kept.shelf(known_at)
    hour = int(at.timestamp() // REACH.total_seconds())
    facts, missing = {}, []
    for project in projects:
        kept = shelf.get((project.pk, hour))
        if kept and kept.serves(at, known_at):
            facts[project.pk] = replace(kept.facts, project=project)
        else:
            missing.append(project)
    if missing:
        gathering = _Gathering(missing, at, known_at)
        for pk, gathered in gathering.result().items():
            facts[pk] = gathered
            if pk not in gathering.unsettled:
                shelf[pk, hour] = _KeptFacts(at, known_at, gathered)
    return facts


@dataclass(frozen=True, slots=True)
class Span:
    """What is known of a project for `[start, end)`, in which one version of its matrix is in force, or none is."""

    start: datetime
    end: datetime
    facts: ProjectFacts


def gather_ahead(projects: Iterable[Project], *, now: datetime, until: datetime) -> dict[int, tuple[Span, ...]]:
    """Facts of each project for every instant from `now` to `until`, as known `now`: in time order, without holes.

    They serve decisions about any instant in between, and are gathered anew each time.
    """
    projects = list(projects)
    known = _Gathering(projects, now, now, horizon=until - now + HORIZON).result()
    rows = MatrixVersion.objects.filter(
        matrix__project__in=projects, published_at__lte=now, effective_from__gt=now, effective_from__lt=until
    ).order_by("effective_from", "number")
    later: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for project, begins, version in rows.values_list("matrix__project", "effective_from", "pk"):
        if project is not None and begins is not None:
            later[project].append((begins, version))
    content = published(version for begun in later.values() for _, version in begun)
    return {pk: tuple(_spans(facts, later[pk], content, now, until)) for pk, facts in known.items()}


def _spans(
    facts: ProjectFacts,
    later: list[tuple[datetime, int]],
    content: Mapping[int, Published],
    now: datetime,
    until: datetime,
) -> Iterable[Span]:
    start = now
    for begins, version in later:
        if start < begins:
            yield Span(start, begins, replace(facts, next_version_at=begins))
        start = begins
        facts = replace(facts, version=content[version].version, content=content[version].content, next_version_at=None)
    yield Span(start, until, facts)


@dataclass(frozen=True, slots=True)
class _KeptFacts:
    """Facts gathered for one instant. They look further than a decision does, so they serve later questions too,
    until another version of the matrix comes into force. What has ended meanwhile is in them, and is of no account.
    """

    gathered_for: datetime
    known_at: datetime
    facts: ProjectFacts

    def serves(self, at: datetime, known_at: datetime) -> bool:
        begins = self.facts.next_version_at
        in_reach = self.gathered_for <= at < self.gathered_for + REACH and (begins is None or at < begins)
        return in_reach and known_at >= self.known_at


_kept: Kept[tuple[int, int], _KeptFacts] = Kept(size=2000)
"""By project and hour of the question."""


class _Gathering:
    """One gathering: each query once, for all projects together."""

    def __init__(self, projects: list[Project], at: datetime, known_at: datetime, horizon: timedelta = HORIZON) -> None:
        self.projects = projects
        self.at = at
        self.known_at = known_at
        self.horizon = horizon

    def result(self) -> dict[int, ProjectFacts]:
        base = self.base
        return {project.pk: self._project(project, base) for project in self.projects}

    def _project(self, project: Project, base: Base) -> ProjectFacts:
        support = self.support.get(project.pk)
        in_force = self.in_force.get(project.pk)
        return ProjectFacts(
            project=project,
            version=in_force.version if in_force else None,
            next_version_at=self.next_versions.get(project.pk),
            content=in_force.content if in_force else {},
            base=base,
            hours=self.hours[support.hours_id] if support else NEVER,
            calendar=support.hours if support else None,
            service_desk=self._team(support.service_desk) if support else None,
            project_team=self._team(support.team) if support else None,
            sdm=self._assignees(project, Assignment.Role.SDM),
            brm=self._assignees(project, Assignment.Role.BRM),
            duty=tuple(self._duty(coverage) for coverage in self.coverage if coverage.project_id == project.pk),
        )

    # --- one query each -----------------------------------------------------------------------------------

    @cached_property
    def support(self) -> dict[int, ProjectSupport]:
        rows = ProjectSupport.objects.as_of(self.known_at).filter(project__in=self.projects)
        return {row.project_id: row for row in rows.select_related("hours", "service_desk__hours", "team__hours")}

    @cached_property
    def assignments(self) -> list[Assignment]:
        rows = Assignment.objects.as_of(self.known_at).filter(
            project__in=self.projects, valid__overlap=(self.at, self.at + self.horizon)
        )
        return list(rows.select_related("person__working_hours").order_by("project_id", "role", "order"))

    @cached_property
    def managers(self) -> list[Person]:
        rows = EscalationManager.objects.as_of(self.known_at).order_by("order")
        return [row.person for row in rows.select_related("person__working_hours")]

    @cached_property
    def coverage(self) -> list[RotaCoverage]:
        rows = RotaCoverage.objects.as_of(self.known_at).filter(
            project__in=self.projects, valid__overlap=(self.at, self.at + self.horizon)
        )
        return list(rows.select_related("rota"))

    @cached_property
    def in_force(self) -> dict[int, Published]:
        rows = MatrixVersion.objects.in_force(self.at, known_at=self.known_at).filter(matrix__project__in=self.projects)
        versions = dict(rows.values_list("matrix__project", "pk"))
        content = published(versions.values())
        return {project: content[version] for project, version in versions.items() if project is not None}

    @cached_property
    def later_versions(self) -> list[tuple[int, datetime, datetime]]:
        """Project, begin and publication of versions not yet in force, or not yet known of."""
        rows = MatrixVersion.objects.filter(
            Q(effective_from__gt=self.at) | Q(published_at__gt=self.known_at),
            matrix__project__in=self.projects,
            published_at__isnull=False,
        ).order_by("-effective_from")
        return [
            (project, begins, published_at)
            for project, begins, published_at in rows.values_list("matrix__project", "effective_from", "published_at")
            if project is not None and begins is not None and published_at is not None
        ]

    @cached_property
    def next_versions(self) -> dict[int, datetime]:
        return {
            project: begins
            for project, begins, published_at in self.later_versions
            if begins > self.at and published_at <= self.known_at
        }

    @cached_property
    def unsettled(self) -> set[int]:
        """Projects of which more was published since the instant whose knowledge is asked for."""
        return {project for project, _, published_at in self.later_versions if published_at > self.known_at}

    @cached_property
    def rotas(self) -> dict[int, RotaFacts]:
        rotas = {c.rota for c in self.coverage}
        return rota_facts(rotas, at=self.at, known_at=self.known_at, horizon=self.horizon)

    @cached_property
    def duty_people(self) -> dict[int, Person]:
        ids = {
            person
            for rota in self.rotas.values()
            for person in (*(m for r in rota.rotations for m in r.members), *(o.person for o in rota.overrides))
        }
        return {person.pk: person for person in Person.objects.filter(pk__in=ids)}

    @cached_property
    def engineers(self) -> dict[int, PersonFacts]:
        """Everybody whom any of the rotas may name: one table for all projects."""
        return {
            person.pk: PersonFacts(person.pk, person.name, "", self.channels.get(person.pk, frozenset()))
            for person in self.duty_people.values()
        }

    @cached_property
    def channels(self) -> dict[int, frozenset[Channel]]:
        """Person → channels with a verified contact method that is not disabled."""
        known = {a.person_id for a in self.assignments} | {m.pk for m in self.managers} | set(self.duty_people)
        found: dict[int, set[Channel]] = defaultdict(set)
        usable = ContactMethod.objects.usable().filter(person__in=known, person__is_active=True)
        for person, channel in usable.values_list("person", "channel"):
            found[person].add(Channel(channel))
        return {person: frozenset(channels) for person, channels in found.items()}

    @cached_property
    def hours(self) -> dict[int, Hours]:
        calendars: set[SupportHours] = set()
        for row in self.support.values():
            calendars.add(row.hours)
            calendars.update(team.hours for team in (row.service_desk, row.team) if team)
        people = (*(a.person for a in self.assignments), *self.managers)
        calendars.update(person.working_hours for person in people if person.working_hours)
        return hours_facts(calendars, at=self.at, known_at=self.known_at)

    @cached_property
    def base(self) -> Base:
        installation = Installation.objects.first()
        people = {a.person_id for a in self.assignments} | {manager.pk for manager in self.managers}
        resort = installation and installation.last_resort_phone
        return Base(
            managers=tuple(self._person(person) for person in self.managers),
            absences=absence_facts(people, at=self.at, known_at=self.known_at, horizon=self.horizon),
            last_resort=(
                LastResort(installation.last_resort_name, str(installation.switchboard or ""))
                if installation and resort
                else None
            ),
            answer_margin=installation.answer_margin if installation else 15,
        )

    # --- rows to facts --------------------------------------------------------------------------------------

    def _assignees(self, project: Project, role: str) -> tuple[AssigneeFacts, ...]:
        return tuple(
            AssigneeFacts(self._person(row.person), row.order, _period(row.valid))
            for row in self.assignments
            if row.project_id == project.pk and row.role == role
        )

    def _person(self, person: Person) -> PersonFacts:
        return PersonFacts(
            id=person.pk,
            name=person.name,
            direct_line=str(person.direct_line or ""),
            channels=self.channels.get(person.pk, frozenset()),
            hours=self.hours[person.working_hours_id] if person.working_hours_id else None,
        )

    def _team(self, team: Team | None) -> TeamFacts | None:
        if team is None:
            return None
        return TeamFacts(team.pk, team.name, str(team.phone or ""), team.email, self.hours[team.hours_id])

    def _duty(self, coverage: RotaCoverage) -> DutyFacts:
        rota, facts = coverage.rota, self.rotas[coverage.rota_id]
        return DutyFacts(
            slug=rota.slug,
            public_name={"de": rota.public_name_de, "en": rota.public_name_en},
            duty_number=str(rota.duty_number or ""),
            rota=facts,
            people=self.engineers,
            valid=_period(coverage.valid),
        )


BEGINNING = datetime.min.replace(tzinfo=UTC)
NEVER = Hours("UTC", (), frozenset(), ())
"""Business time of a project that nobody has given any: never open, so on-call answers at any hour."""


def _period(value: object) -> Period:
    return Period(getattr(value, "lower", None) or BEGINNING, getattr(value, "upper", None))
