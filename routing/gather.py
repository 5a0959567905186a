"""Gathers the facts a decision needs, for any number of projects in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.functional import cached_property

from matrix.content import CellContent, PriorityContent, StepContent
from matrix.facts import content_of
from matrix.models import MatrixVersion, Topic
from matrix.sla import Clock
from matrix.terms import Channel, Priority, Role, Route
from oncall.models import RotaCoverage
from oncall.queries import absence_facts, rota_facts
from oncall.rotation import AbsenceFact, RotaFacts
from portal import clock
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

HORIZON = timedelta(days=15)
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
) -> Decision:
    """The decision for one matter of one project at `at` (aware). Raises `NoMatrix` where none is in force."""
    known = gather([project], at=at)[project.pk]
    return decide(known.topic(topic) if topic else known.facts(priority=priority, source=source), at)


def gather(projects: Iterable[Project], *, at: datetime, known_at: datetime | None = None) -> dict[int, ProjectFacts]:
    """Facts of each project around `at`, as recorded at `known_at`: by default the past as it was known then."""
    known_at = known_at or min(at, clock.now())
    return _Gathering(list(projects), at, known_at).result()


class _Gathering:
    """One gathering: each query once, for all projects together."""

    def __init__(self, projects: list[Project], at: datetime, known_at: datetime) -> None:
        self.projects = projects
        self.at = at
        self.known_at = known_at

    def result(self) -> dict[int, ProjectFacts]:
        content = content_of(self.versions.values())
        base = self.base
        return {project.pk: self._project(project, base, content) for project in self.projects}

    def _project(
        self, project: Project, base: Base, content: Mapping[int, Mapping[str, PriorityContent]]
    ) -> ProjectFacts:
        support = self.support.get(project.pk)
        version = self.versions.get(project.pk)
        return ProjectFacts(
            project=project,
            version=version,
            next_version_at=self.next_versions.get(project.pk),
            content=content[version.pk] if version else {},
            base=base,
            hours=self.hours[support.hours_id] if support else NEVER,
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
            project__in=self.projects, valid__overlap=(self.at, self.at + HORIZON)
        )
        return list(rows.select_related("person__working_hours").order_by("project", "role", "order"))

    @cached_property
    def managers(self) -> list[Person]:
        rows = EscalationManager.objects.as_of(self.known_at).order_by("order")
        return [row.person for row in rows.select_related("person__working_hours")]

    @cached_property
    def coverage(self) -> list[RotaCoverage]:
        rows = RotaCoverage.objects.as_of(self.known_at).filter(
            project__in=self.projects, valid__overlap=(self.at, self.at + HORIZON)
        )
        return list(rows.select_related("rota"))

    @cached_property
    def versions(self) -> dict[int, MatrixVersion]:
        rows = MatrixVersion.objects.in_force(self.at, known_at=self.known_at).filter(matrix__project__in=self.projects)
        found = rows.select_related("matrix").with_content()
        return {row.matrix.project_id: row for row in found if row.matrix.project_id is not None}

    @cached_property
    def next_versions(self) -> dict[int, datetime]:
        rows = MatrixVersion.objects.filter(
            matrix__project__in=self.projects, published_at__lte=self.known_at, effective_from__gt=self.at
        ).order_by("-effective_from")
        return {project: begins for project, begins in rows.values_list("matrix__project", "effective_from") if begins}

    @cached_property
    def rotas(self) -> dict[int, RotaFacts]:
        return rota_facts({c.rota for c in self.coverage}, at=self.at, known_at=self.known_at)

    @cached_property
    def duty_people(self) -> dict[int, Person]:
        ids = {
            person
            for rota in self.rotas.values()
            for person in (*(m for r in rota.rotations for m in r.members), *(o.person for o in rota.overrides))
        }
        return {person.pk: person for person in Person.objects.filter(pk__in=ids)}

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
            absences=absence_facts(people, at=self.at, known_at=self.known_at, horizon=HORIZON),
            last_resort=LastResort(installation.last_resort_name, str(resort)) if installation and resort else None,
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
            people={
                person.pk: PersonFacts(person.pk, person.name, "", self.channels.get(person.pk, frozenset()))
                for person in self.duty_people.values()
            },
            valid=_period(coverage.valid),
        )


BEGINNING = datetime.min.replace(tzinfo=UTC)
NEVER = Hours("UTC", (), frozenset(), ())
"""Business time of a project that nobody has given any: never open, so on-call answers at any hour."""


def _period(value: object) -> Period:
    return Period(getattr(value, "lower", None) or BEGINNING, getattr(value, "upper", None))
