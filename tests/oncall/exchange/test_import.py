"""Importing a roster: each row's fate first, then overrides, the same however often it is imported."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from psycopg2.extras import DateTimeTZRange

from oncall.exchange.parsing import parse
from oncall.exchange.plan import Fate, digest
from oncall.exchange.services import PlanChanged, import_roster, plan_import
from oncall.models import Override
from oncall.rotation import AbsenceKind, Line
from oncall.services import hand_over, record_absence
from tests.oncall.duty import NOW, Crew, duty, make_crew, next_turn
from tests.people import World
from tests.routing.intake.test_races import wait_until_somebody_waits_for_us
from tests.routing.pages.helpers import queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def crew(world: World) -> Crew:
    return make_crew(world)


def rows(*records: str) -> str:
    return "\n".join(["line,person,start,end", *records])


CHRISTMAS = rows(
    "primary,Tom Night,2026-12-24 10:00,2026-12-26 10:00",
    "primary,tom@media.example,2026-12-28 10:00,2026-12-29 10:00",
    "backup,Nobody Known,2026-12-24 10:00,2026-12-26 10:00",
    "primary,Ole Night,2026-11-20 10:00,2026-11-21 10:00",
    "backup,Pia Night,2027-01-02 10:00,2027-01-04 10:00",
    "backup,Romy Night,2027-01-03 10:00,2027-01-05 10:00",
    "primary,Tom Night,x,2026-12-26 10:00",
)


def test_every_row_has_its_fate_and_importing_twice_is_importing_once(world: World, crew: Crew) -> None:
    found = parse(CHRISTMAS, zone=crew.rota.zone)
    planned = plan_import(crew.rota, found, now=NOW)
    assert [each.fate for each in planned] == [
        Fate.NEW, Fate.NEW, Fate.UNKNOWN, Fate.PAST, Fate.OVERLAPS, Fate.OVERLAPS, Fate.INVALID,
    ]  # fmt: skip
    assert not Override.objects.exists()
    import_roster(crew.rota, found, seen=digest(planned), by=world.admin, now=NOW, why="Christmas")
    assert [(each.person, each.recorded_by, each.recorded_why) for each in Override.objects.all()] == [
        (crew.tom, world.admin, "Christmas")
    ] * 2
    assert [turn.start.day for turn in duty(crew.rota, crew.tom, known_at=NOW)] == [24, 28]
    again = plan_import(crew.rota, found, now=NOW)
    assert [each.fate for each in again][:2] == [Fate.SAME, Fate.SAME]
    import_roster(crew.rota, found, seen=digest(again), by=world.admin, now=NOW, why="Christmas")
    assert Override.objects.count() == 2
    # What changed meanwhile is shown anew before anything is done.
    with pytest.raises(PlanChanged):
        import_roster(crew.rota, found, seen=digest(planned), by=world.admin, now=NOW, why="Christmas")


def test_what_replaces_clashes_or_runs_already(world: World, crew: Crew) -> None:
    turn = next_turn(crew.rota, crew.ole)
    period = DateTimeTZRange(turn.start, turn.start + timedelta(days=1))
    hand_over(crew.rota, Line.PRIMARY, crew.pia, period, by=world.admin, now=NOW)
    record_absence(crew.tom, AbsenceKind.DAY, period, by=crew.tom, now=NOW)
    found = parse(
        rows(
            f"primary,Tom Night,{turn.start.isoformat()},{turn.end.isoformat()}",
            f"backup,Nora Night,{(NOW - timedelta(days=1)).isoformat()},{turn.start.isoformat()}",
            f"backup,Quirin Night,{turn.end.isoformat()},{(turn.end + timedelta(days=1)).isoformat()}",
        ),
        zone=crew.rota.zone,
    )
    planned = plan_import(crew.rota, found, now=NOW)
    assert [(each.fate, each.away) for each in planned] == [
        (Fate.REPLACES, True), (Fate.BOTH_LINES, False), (Fate.NEW, False),
    ]  # fmt: skip
    import_roster(crew.rota, found, seen=digest(planned), by=world.admin, now=NOW + timedelta(minutes=1), why="x")
    assert [each.person for each in Override.objects.current().order_by("period")] == [crew.tom, crew.quirin]
    # One that runs begins now, and the plan is the same some minutes later.
    runs = parse(
        rows(f"primary,Tom Night,{(NOW - timedelta(days=1)).isoformat()},{turn.start.isoformat()}"), zone="UTC"
    )
    later = NOW + timedelta(minutes=2)
    seen = digest(plan_import(crew.rota, runs, now=later))
    [each] = import_roster(crew.rota, runs, seen=seen, by=world.admin, now=later + timedelta(minutes=3), why="x")
    assert each.start == later + timedelta(minutes=3)
    assert plan_import(crew.rota, runs, now=later + timedelta(minutes=9))[0].fate is Fate.SAME


def test_who_is_on_duty_elsewhere_is_pointed_out(world: World, crew: Crew) -> None:
    found = parse(rows(f"primary,{world.oncall.email},2026-12-24,2026-12-25"), zone="UTC")
    [each] = plan_import(crew.rota, found, now=NOW)
    assert (each.fate, each.elsewhere) == (Fate.NEW, True)


@pytest.mark.django_db(transaction=True)
def test_whoever_is_second_sees_what_the_first_did(world: World) -> None:
    crew = make_crew(world)
    found = parse(CHRISTMAS, zone=crew.rota.zone)
    seen = digest(plan_import(crew.rota, found, now=NOW))

    def importing() -> None:
        import_roster(crew.rota, found, seen=seen, by=world.admin, now=NOW, why="x")

    def second() -> str:
        try:
            importing()
        except PlanChanged:
            return "changed"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            importing()
            waiting = pool.submit(second)
            wait_until_somebody_waits_for_us()
        assert waiting.result(20) == "changed"
    assert Override.objects.count() == 2


def test_planning_costs_the_same_for_many_rows(world: World, crew: Crew) -> None:
    many = parse(
        rows(*[f"primary,Tom Night,2026-12-{day:02},2026-12-{day:02}T20:00" for day in range(1, 29)]), zone="UTC"
    )
    one = queries(lambda: plan_import(crew.rota, many[:1], now=NOW))
    assert queries(lambda: plan_import(crew.rota, many, now=NOW)) == one <= 8
