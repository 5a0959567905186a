"""Facts kept between questions are never a moment out of date: a change, and the next answer differs."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg2.extras import DateTimeTZRange

from matrix.models import Cell, MatrixVersion, Step
from oncall.models import Absence, Override, Rota, RotationMember
from oncall.queries import duty_now
from portal.models import Assignment, DatedOpening, Installation, Person, Team
from portal.services import record, retire, supersede
from routing.decide import decide
from routing.decision import Facts, Source
from routing.gather import _Gathering, decision_for, gather
from routing.models import ContactMethod
from tests.people import BEGAN, SUNDAY_NIGHT, TUESDAY, World, make_matrix, make_person, make_project

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUESTION = {"priority": "blocker", "source": Source.CUSTOMER}


def around(instant, hours=5):
    return DateTimeTZRange(instant - hours * HOUR, instant + hours * HOUR)


def assigned(world: World) -> Assignment:
    return Assignment.objects.current().filter(project=world.webshop, role="sdm").order_by("order").first()


def publish_another(world: World) -> None:
    """A second version, in force since a minute before: nobody but the escalation manager is called."""
    version = MatrixVersion.objects.create(matrix=world.webshop.matrix)
    old = world.versions["webshop"]
    for terms in old.terms.all():
        terms.pk, terms.version = None, version
        terms.save()
    for route in ("business_hours", "after_hours"):
        cell = Cell.objects.create(version=version, priority="blocker", route=route)
        Step.objects.create(cell=cell, position=0, role="escalation_manager", channels=["voice"], wait=5)
    MatrixVersion.objects.filter(pk=version.pk).update(
        number=2, published_at=BEGAN + HOUR, effective_from=TUESDAY - timedelta(minutes=1), reason="simpler"
    )


CHANGES: dict[str, Callable[[World], object]] = {
    "absence": lambda w: record(Absence, by=None, now=BEGAN, person=w.sdm, kind="day", period=around(TUESDAY)),
    "meeting": lambda w: record(Absence, by=None, now=BEGAN, person=w.sdm, kind="short", period=around(TUESDAY)),
    "assignment ended": lambda w: retire(assigned(w), by=None, now=BEGAN + HOUR),
    "assignment": lambda w: supersede(assigned(w), by=None, now=BEGAN + HOUR, person=w.admin),
    "name": lambda w: Person.objects.filter(pk=w.sdm.pk).update(name="Jana Married"),
    "direct line": lambda w: Person.objects.filter(pk=w.sdm.pk).update(direct_line="+496990009177"),
    "no way to reach": lambda w: ContactMethod.objects.filter(person=w.sdm).update(disabled_at=BEGAN),
    "closed today": lambda w: record(DatedOpening, by=None, now=BEGAN, hours=w.office, day=TUESDAY.date()),
    "zone": lambda w: type(w.office).objects.filter(pk=w.office.pk).update(zone="Asia/Tokyo"),
    "margin and last resort": lambda w: Installation.objects.update(last_resort_name="Another", answer_margin=1),
    "team": lambda w: Team.objects.update(name="Another team"),
    "public name": lambda w: Rota.objects.update(public_name_en="Another", duty_number="+496990009201"),
    "rotation": lambda w: RotationMember.objects.update(person=w.admin),
    "override": lambda w: record(
        Override, by=None, now=BEGAN, rota=w.rota, line="primary", person=w.manager, period=around(TUESDAY)
    ),
    "matrix": publish_another,
}


def everything(world: World) -> list[Facts]:
    """What the portal's answers are made from by day and by night."""
    return [
        gather([world.webshop], at=at, known_at=SUNDAY_NIGHT + DAY)[world.webshop.pk].facts(**QUESTION)
        for at in (TUESDAY, SUNDAY_NIGHT)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_in_the_next_answer(world: World, change: str) -> None:
    before = everything(world)
    assert everything(world) == before
    CHANGES[change](world)
    after = everything(world)
    assert after != before
    fresh = _Gathering([world.webshop], TUESDAY, SUNDAY_NIGHT + DAY).result()[world.webshop.pk]
    assert fresh.facts(**QUESTION) == after[0]


@pytest.mark.django_db
def test_nothing_is_gathered_twice(world: World) -> None:
    everything(world)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        everything(world)
    assert [query["sql"] for query in queries] == ["SELECT number FROM portal_factsversion"] * 2


@pytest.mark.django_db
def test_every_table_that_facts_are_read_from_changes_their_version(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        gather([world.webshop], at=TUESDAY, known_at=TUESDAY)
        duty_now([world.rota], at=TUESDAY)
    read = {table for query in queries for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'portal_facts_changed'::regproc")
        watched = {table for (table,) in cursor.fetchall()}
    # A version's content may change until it is published, and then no more.
    immutable = {"matrix_priorityterms", "matrix_reporting", "matrix_cell", "matrix_step"}
    assert len(read) > 15
    assert read - immutable <= watched


@pytest.mark.django_db
def test_kept_facts_answer_as_fresh_ones_at_any_instant(world: World) -> None:
    """Whatever hour they were gathered in: openings, ends of absences and of overrides lie between."""
    CHANGES["meeting"](world)
    CHANGES["override"](world)
    for minutes in range(0, 26 * 60, 7):
        at = TUESDAY - 10 * HOUR + timedelta(minutes=minutes, seconds=minutes % 60)
        kept = gather([world.webshop], at=at, known_at=at)[world.webshop.pk]
        fresh = _Gathering([world.webshop], at, at).result()[world.webshop.pk]
        for source in Source:
            question = {"priority": "blocker", "source": source}
            assert decide(kept.facts(**question), at) == decide(fresh.facts(**question), at), at


@pytest.mark.django_db
def test_a_version_to_come_comes_into_force_in_the_middle_of_an_hour(world: World) -> None:
    CHANGES["matrix"](world)
    before, after = TUESDAY - timedelta(seconds=90), TUESDAY - timedelta(seconds=60)
    assert decision_for(world.webshop, at=before - HOUR / 2, priority="blocker").matrix_version == 1
    for at, number in ((before, 1), (after, 2), (before, 1), (after, 2)):
        assert decision_for(world.webshop, at=at, priority="blocker").matrix_version == number


@pytest.mark.django_db
def test_what_is_published_later_is_not_known_earlier(world: World) -> None:
    CHANGES["matrix"](world)
    for known_at, number in ((BEGAN, 1), (BEGAN + 2 * HOUR, 2), (BEGAN, 1), (BEGAN + 2 * HOUR, 2)):
        known = gather([world.webshop], at=SUNDAY_NIGHT, known_at=known_at)[world.webshop.pk]
        assert known.version.number == number


@pytest.mark.django_db
def test_the_project_asked_for_is_the_project_answered(world: World) -> None:
    gather([world.webshop], at=TUESDAY, known_at=TUESDAY)
    again = type(world.webshop).objects.get(pk=world.webshop.pk)
    assert gather([again], at=TUESDAY, known_at=TUESDAY)[again.pk].project is again


@pytest.mark.django_db
def test_who_is_on_duty_follows_the_rows(world: World) -> None:
    assert [duty.primary for duty in duty_now([world.rota], at=TUESDAY)] == [world.oncall]
    row = CHANGES["override"](world)
    assert [duty.primary for duty in duty_now([world.rota], at=TUESDAY)] == [world.manager]
    retire(row, by=None, now=BEGAN + HOUR)
    assert [duty.primary for duty in duty_now([world.rota], at=TUESDAY)] == [world.oncall]
    Person.objects.filter(pk=world.oncall.pk).update(name="Marek Renamed")
    assert [duty.primary.name for duty in duty_now([world.rota], at=TUESDAY)] == ["Marek Renamed"]


@pytest.mark.django_db(transaction=True)
def test_what_another_connection_has_not_committed_is_not_seen_and_then_is(world: World) -> None:
    """And what it has gathered from its own uncommitted change, it keeps from everybody else."""

    def names() -> list[str]:
        return [p.name for p in decision_for(world.webshop, at=TUESDAY, priority="blocker").chain[0].people]

    changed, looked, theirs = threading.Event(), threading.Event(), []

    def change_and_roll_back() -> None:
        from django.db import transaction

        try:
            with transaction.atomic():
                CHANGES["name"](world)
                theirs.extend(names())
                changed.set()
                assert looked.wait(10)
                transaction.set_rollback(True)
        finally:
            connection.close()

    assert names() == ["Jana Manager"]
    other = threading.Thread(target=change_and_roll_back)
    other.start()
    assert changed.wait(10)
    assert names() == ["Jana Manager"]
    looked.set()
    other.join(10)
    assert theirs == ["Jana Married"]
    assert names() == ["Jana Manager"]
    CHANGES["name"](world)
    assert names() == ["Jana Married"]


@pytest.mark.django_db(transaction=True)
def test_a_published_version_is_read_once(world: World) -> None:
    project = make_project(world.office, world.alster, "fresh", world.desk_team, world.platform)
    make_matrix(project)
    gather([project], at=TUESDAY, known_at=TUESDAY)
    make_person("new@example.com", "New", 60)  # changes the facts, but no matrix
    with CaptureQueriesContext(connection) as queries:
        gather([project], at=TUESDAY, known_at=TUESDAY)
    assert not any("matrix_step" in query["sql"] for query in queries)
