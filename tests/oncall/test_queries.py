"""Facts of duty gathered from rows, and who is on duty now."""

from datetime import UTC, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence, Override, Rota
from oncall.queries import absence_facts, coverage_of, duty_now, rota_facts
from oncall.rotation import AbsenceKind, DutyWarning, Line
from portal.models import Project
from portal.services import record, retire
from tests.people import BEGAN, SUNDAY_NIGHT, World, make_rota

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def away(world: World, start: timedelta, end: timedelta, kind: str = "day") -> Absence:
    period = DateTimeTZRange(SUNDAY_NIGHT + start, SUNDAY_NIGHT + end)
    return record(Absence, by=None, now=BEGAN, person=world.oncall, kind=kind, period=period)


def override(world: World, start: timedelta, end: timedelta) -> Override:
    period = DateTimeTZRange(SUNDAY_NIGHT + start, SUNDAY_NIGHT + end)
    return record(Override, by=None, now=BEGAN, rota=world.rota, line="primary", person=world.manager, period=period)


def test_rotations_become_rules_with_their_members_in_order(world: World) -> None:
    rota = make_rota("network", [world.backup, world.oncall, world.manager], [world.oncall])
    facts = rota_facts([rota], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)[rota.pk]
    assert facts.zone == "Europe/Berlin"
    rules = {rule.line: rule for rule in facts.rotations}
    assert rules[Line.PRIMARY].members == (world.backup.pk, world.oncall.pk, world.manager.pk)
    assert rules[Line.BACKUP].members == (world.oncall.pk,)
    assert (rules[Line.PRIMARY].valid_from, rules[Line.PRIMARY].valid_until) == (BEGAN, None)
    assert rules[Line.PRIMARY].valid_from.tzinfo is UTC


def test_only_what_overlaps_the_time_asked_about_is_gathered(world: World) -> None:
    override(world, -3 * HOUR, -2 * HOUR)
    running = override(world, -HOUR, HOUR)
    override(world, 20 * DAY, 21 * DAY)
    away(world, -3 * HOUR, -2 * HOUR)
    away(world, DAY, 2 * DAY)
    facts = rota_facts([world.rota], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)[world.rota.pk]
    assert [(fact.person, fact.start) for fact in facts.overrides] == [(world.manager.pk, running.period.lower)]
    assert [(fact.person, fact.start) for fact in facts.absences] == [(world.oncall.pk, SUNDAY_NIGHT + DAY)]
    further = rota_facts([world.rota], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT, horizon=30 * DAY, back=DAY)
    assert len(further[world.rota.pk].overrides) == 3
    assert len(further[world.rota.pk].absences) == 2


def test_a_rota_gets_the_absences_of_its_own_members_alone(world: World) -> None:
    other = make_rota("network", [world.manager], [world.backup])
    away(world, -HOUR, HOUR)
    facts = rota_facts([world.rota, other], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)
    assert len(facts[world.rota.pk].absences) == 1
    assert facts[other.pk].absences == ()


def test_a_rota_without_rotations_has_facts_too(world: World) -> None:
    empty = Rota.objects.create(slug="empty", name="empty", zone="Europe/Berlin")
    assert rota_facts([empty], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)[empty.pk].rotations == ()


def test_what_is_asked_of_the_past_was_known_then(world: World) -> None:
    row = override(world, -HOUR, HOUR)
    retire(row, by=world.admin, now=BEGAN + DAY)
    before = rota_facts([world.rota], at=SUNDAY_NIGHT, known_at=BEGAN + HOUR)
    after = rota_facts([world.rota], at=SUNDAY_NIGHT, known_at=BEGAN + DAY)
    assert len(before[world.rota.pk].overrides) == 1
    assert after[world.rota.pk].overrides == ()


def test_absences_by_person(world: World) -> None:
    away(world, -HOUR, HOUR, kind="short")
    away(world, DAY, 2 * DAY)
    facts = absence_facts([world.oncall.pk, world.backup.pk], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)
    assert list(facts) == [world.oncall.pk]
    assert [fact.kind for fact in facts[world.oncall.pk]] == [AbsenceKind.SHORT, AbsenceKind.DAY]


def test_coverage_with_rota_and_project(world: World) -> None:
    rows = coverage_of([world.webshop], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)
    assert [(row.rota, row.project) for row in rows] == [(world.rota, world.webshop)]
    assert len(coverage_of(Project.objects.all(), at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)) == 2
    assert coverage_of([world.webshop], at=BEGAN - DAY, known_at=SUNDAY_NIGHT, horizon=HOUR) == []


def test_who_is_on_duty(world: World) -> None:
    [duty] = duty_now([world.rota], at=SUNDAY_NIGHT)
    assert (duty.rota, duty.primary, duty.backup) == (world.rota, world.oncall, world.backup)
    # One member a line: nothing ever changes.
    assert duty.until is None
    assert duty.warnings == ()


def test_duty_ends_with_an_override(world: World) -> None:
    override(world, -HOUR, HOUR)
    [duty] = duty_now([world.rota], at=SUNDAY_NIGHT)
    assert duty.primary == world.manager
    assert duty.until == SUNDAY_NIGHT + HOUR


def test_nobody_on_duty_is_none_and_a_warning(world: World) -> None:
    empty = Rota.objects.create(slug="empty", name="empty", zone="Europe/Berlin")
    duties = duty_now([empty, world.rota], at=SUNDAY_NIGHT)
    assert [duty.rota for duty in duties] == [empty, world.rota]
    assert (duties[0].primary, duties[0].backup) == (None, None)
    assert duties[0].warnings == (DutyWarning.NOBODY_PRIMARY, DutyWarning.NOBODY_BACKUP)


def test_the_number_of_queries_does_not_grow_with_the_rotas(world: World) -> None:
    def count() -> int:
        rotas = list(Rota.objects.all())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            duty_now(rotas, at=SUNDAY_NIGHT)
        return len(queries)

    one = count()
    for number in range(10):
        make_rota(f"r{number}", [world.oncall, world.manager], [world.backup])
    assert count() == one <= 7
