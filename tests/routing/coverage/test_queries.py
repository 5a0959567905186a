"""Coverage of real rows: what is missing is found, and the number of queries does not grow."""

from datetime import timedelta

from psycopg2.extras import DateTimeTZRange

from matrix.models import MatrixVersion
from matrix.services import copy_version, publish
from oncall.models import Absence, Override, RotaCoverage, Rotation
from portal.models import Assignment, DatedOpening, Installation, Project
from portal.services import record, retire, supersede
from routing.coverage.findings import Finding, Kind, Severity
from routing.coverage.queries import coverage, covered_projects
from routing.models import ContactMethod
from tests.people import BEGAN, SINCE, TUESDAY, World, make_person, make_project, make_rota
from tests.routing.pages.helpers import queries

DAY = timedelta(days=1)
LATER = TUESDAY + 30 * DAY


def look(*keys: str, weeks: int = 8) -> dict[Kind, list[Finding]]:
    projects = [project for project in covered_projects() if not keys or project.key in keys]
    found: dict[Kind, list[Finding]] = {}
    for finding in coverage(projects, now=TUESDAY, weeks=weeks).findings:
        found.setdefault(finding.kind, []).append(finding)
    return found


def test_a_whole_world_has_no_gap_and_only_its_holidays_to_note(world: World) -> None:
    found = look()
    assert set(found) == {Kind.HOLIDAY}
    # Christmas on a Friday, Boxing Day on a Saturday, and New Year's Day.
    assert [f"{finding.day}" for finding in found[Kind.HOLIDAY]] == ["2026-12-25", "2027-01-01"]
    assert found[Kind.HOLIDAY][0].projects == ("kundenportal", "webshop")


def test_what_is_arranged_for_a_holiday_ends_the_note(world: World) -> None:
    christmas = TUESDAY.replace(month=12, day=25, hour=0)
    record(
        Override,
        by=None,
        now=BEGAN,
        rota=world.rota,
        line="primary",
        person=world.manager,
        period=DateTimeTZRange(christmas, christmas + DAY),
    )
    record(
        DatedOpening, by=None, now=BEGAN, hours=world.office, day=christmas.date().replace(2027, 1, 1), label="closed"
    )
    assert look() == {}


def test_a_duty_that_ends_leaves_gaps_for_every_project_of_the_rota(world: World) -> None:
    for rotation in Rotation.objects.current().filter(rota=world.rota):
        retire(rotation, by=None, now=TUESDAY - DAY)
    found = look()
    assert {finding.projects for finding in found[Kind.GAP]} == {("kundenportal", "webshop")}
    assert {concern for finding in found[Kind.GAP] for concern in finding.concerns} == {
        ("blocker", "after_hours"),
        ("critical", "after_hours"),
        ("blocker", "monitoring"),
        ("critical", "monitoring"),
    }
    assert [(f.subject, f.role) for f in found[Kind.EMPTY_LINE]] == [
        ("platform", "on_call_backup"),
        ("platform", "on_call_primary"),
    ]
    assert all(finding.projects == ("kundenportal", "webshop") for finding in found[Kind.EMPTY_LINE])


def test_a_handover_nobody_takes_is_found_with_its_instant(world: World) -> None:
    backup = Rotation.objects.current().get(rota=world.rota, line="backup")
    places = list(backup.places.values_list("person", flat=True))
    ended = supersede(backup, by=None, now=TUESDAY - DAY, valid=DateTimeTZRange(BEGAN, LATER))
    ended.places.create(position=0, person_id=places[0])
    found = look()
    (empty,) = found[Kind.EMPTY_LINE]
    assert (empty.role, empty.since, empty.until) == ("on_call_backup", LATER, TUESDAY + 56 * DAY)
    # Without a backup the primary is alone, outside hours and for monitoring.
    assert {finding.subject for finding in found[Kind.SINGLE_POINT]} == {world.oncall.name}
    assert all(finding.since >= LATER for finding in found[Kind.SINGLE_POINT])
    assert Kind.GAP not in found


def test_one_person_on_both_lines_is_found(world: World) -> None:
    rota = make_rota("small", [world.oncall], [world.oncall], number="")
    RotaCoverage.objects.filter(project=world.webshop).update(rota=rota)
    found = look("webshop")
    assert [finding.subject for finding in found[Kind.SAME_PERSON]] == ["small"]
    assert {finding.subject for finding in found[Kind.SINGLE_POINT]} == {world.oncall.name}


def test_numbers_that_are_missing_or_not_verified_are_found(world: World) -> None:
    ContactMethod.objects.filter(person=world.backup).update(verified_at=None)
    ContactMethod.objects.filter(person=world.sdm, channel__in=["voice", "sms"]).delete()
    found = look()
    assert [(f.subject, f.role) for f in found[Kind.NO_NUMBER]] == [(world.backup.name, "on_call_backup")]
    assert [(f.subject, f.role, f.projects) for f in found[Kind.OTHER_CHANNEL]] == [
        (world.sdm.name, "sdm", ("kundenportal", "webshop"))
    ]


def test_a_project_without_anything_is_told_what_it_lacks(world: World) -> None:
    Project.objects.create(customer=world.alster, key="bare", name="Bare")
    found = look("bare")
    assert set(found) == {Kind.NO_MATRIX, Kind.NO_ROTA, Kind.NOBODY_ASSIGNED, Kind.NO_HOURS}
    assert found[Kind.NO_MATRIX][0].severity is Severity.GAP
    Project.objects.filter(key="bare").update(retired_at=TUESDAY)
    assert look("bare") == {}


def test_a_version_that_begins_later_counts_from_then_on(world: World) -> None:
    draft = copy_version(world.versions["webshop"], matrix=world.webshop.matrix)
    draft.terms.filter(priority="blocker").update(response_minutes=30)
    publish(draft, by=world.admin, now=TUESDAY - DAY, reason="tighter", effective_from=LATER, accept=True)
    (late,) = look("webshop")[Kind.LATE_CHAIN][:1]
    assert late.since >= LATER
    assert (late.severity, late.accepted) == (Severity.NOTE, True)
    MatrixVersion.objects.filter(pk=world.versions["webshop"].pk)


def test_sdm_without_deputy_away_and_no_last_resort(world: World) -> None:
    for row in Assignment.objects.current().filter(project=world.webshop, role="sdm"):
        retire(row, by=None, now=TUESDAY - DAY)
    Installation.objects.update(last_resort_phone="")
    found = look("webshop")
    assert [(f.role, f.severity) for f in found[Kind.NOBODY_ASSIGNED]] == [("sdm", Severity.RISK)]
    assert len(found[Kind.NO_LAST_RESORT]) == 1
    record(
        Absence,
        by=None,
        now=BEGAN,
        person=world.oncall,
        kind="day",
        period=DateTimeTZRange(LATER, LATER + DAY),
    )
    assert {finding.subject for finding in look("webshop")[Kind.SINGLE_POINT]} == {world.backup.name}


def test_queries_do_not_grow_with_projects(world: World, django_assert_max_num_queries: object) -> None:
    few = queries(lambda: coverage(covered_projects(), now=TUESDAY))
    for number in range(6):
        project = make_project(world.office, world.alster, f"more-{number}", world.desk_team, world.platform)
        engineer = make_person(f"more-{number}@example.com", f"More {number}", 60 + number)
        rota = make_rota(f"more-{number}", [engineer], [world.backup], number="")
        record(RotaCoverage, by=None, now=BEGAN, rota=rota, project=project, valid=SINCE)
        record(Assignment, by=None, now=BEGAN, project=project, role="sdm", person=engineer, order=1, valid=SINCE)
    assert queries(lambda: coverage(covered_projects(), now=TUESDAY)) <= few
    assert few <= 25
