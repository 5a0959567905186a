"""The provider that is measured: fifty projects, each with a rota whose primary is somebody else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import override_settings
from knox.models import AuthToken
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence, RotaCoverage
from portal import clock
from portal.models import ON_CALL, Assignment, Project
from portal.services import record
from routing.intake.services import create_intake_key
from routing.models import Escalation, Incident, IntakeKey
from tests.people import BEGAN, SINCE, make_matrix, make_person, make_project, make_rota, make_world

PROJECTS = 50


@dataclass(frozen=True)
class BenchWorld:
    """`keys` are intake tokens, one per project; `token` is a person's, for the API."""

    projects: list[Project]
    keys: list[IntakeKey]
    tokens: list[str]
    token: str


def make_bench_world() -> BenchWorld:
    """Fifty people on fifty rotas: each is primary of one and backup of the next."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        make_password("warm")
        world = make_world()
        people = [make_person(f"engineer{n}@example.com", f"Engineer {n}", 100 + n, ON_CALL) for n in range(PROJECTS)]
    projects = []
    for n, person in enumerate(people):
        project = make_project(world.office, world.alster, f"project-{n}", world.desk_team, world.platform)
        rota = make_rota(f"rota-{n}", [person], [people[(n + 1) % PROJECTS]])
        record(RotaCoverage, by=None, now=BEGAN, rota=rota, project=project, valid=SINCE)
        for order, who in enumerate((world.sdm, world.deputy), start=1):
            record(Assignment, by=None, now=BEGAN, project=project, role="sdm", person=who, order=order, valid=SINCE)
        make_matrix(project)
        projects.append(project)
    now = clock.now()
    made = [create_intake_key(project=project, name="bench", by=None, now=now) for project in projects]
    _, token = AuthToken.objects.create(user=world.desk, expiry=None)
    return BenchWorld(projects, [key for key, _ in made], [token for _, token in made], token)


def fill_projects(world: BenchWorld, size: int) -> None:
    """More projects, until there are `size`: each has six engineers who take turns, an SDM and absences of its own."""
    first = world.projects[0]
    support = first.support.get()
    now = clock.now()
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        for n in range(Project.objects.count(), size):
            people = [make_person(f"more{n}-{m}@example.com", f"More {n}-{m}", 0, ON_CALL) for m in range(7)]
            project = make_project(support.hours, first.customer, f"more-{n}", support.service_desk, support.team)
            rota = make_rota(f"more-{n}", people[:6], [*people[3:6], *people[:3]], number="")
            record(RotaCoverage, by=None, now=BEGAN, rota=rota, project=project, valid=SINCE)
            record(Assignment, by=None, now=BEGAN, project=project, role="sdm", person=people[6], order=1, valid=SINCE)
            away = DateTimeTZRange(now + timedelta(days=3 + n % 40), now + timedelta(days=8 + n % 40))
            for person in (people[n % 6], people[6]):
                record(Absence, by=None, now=now, person=person, kind="day", period=away)
            make_matrix(project)


def forget_incidents() -> None:
    """Everything a measurement has made, so that the next begins with an empty house."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE routing_incident, routing_delivery, routing_alarm, bench_page CASCADE")
        cursor.execute("VACUUM ANALYZE")


def open_escalations(world: BenchWorld, due: list[datetime]) -> None:
    """As many open chains as `due` instants, at which the primary's half hour is over and the backup is paged."""
    versions = {project.pk: project.matrix.versions.get().pk for project in world.projects}
    incidents = Incident.objects.bulk_create(
        (
            Incident(
                project=world.projects[n % PROJECTS],
                priority="blocker",
                title=f"Chain {n}",
                source=Incident.Source.MONITORING,
                matrix_version_id=versions[world.projects[n % PROJECTS].pk],
                reported_at=at - timedelta(minutes=30),
                created_at=at - timedelta(minutes=30),
                respond_by=at + timedelta(minutes=30),
            )
            for n, at in enumerate(due)
        ),
        batch_size=1000,
    )
    Escalation.objects.bulk_create(
        (
            Escalation(
                incident=incident,
                state=Escalation.State.RUNNING,
                route="monitoring",
                step=1,
                step_due_at=at,
                due_at=at,
                called=True,
                started_at=incident.created_at,
            )
            for incident, at in zip(incidents, due, strict=True)
        ),
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE routing_incident, routing_escalation")


NOTE_PAGES = """
CREATE TABLE bench_page (page_id bigint PRIMARY KEY, at timestamptz NOT NULL);
CREATE FUNCTION bench_note_page() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench_page VALUES (NEW.id, clock_timestamp());
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bench_note_page AFTER INSERT ON routing_page DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION bench_note_page();
"""
"""Notes the instant of each page's commit: a page's own `created_at` is when its batch was begun."""


def note_pages() -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOTE_PAGES)
