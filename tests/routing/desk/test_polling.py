"""An unchanged desk costs one cheap query, and every kind of change is seen."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence, Override
from portal import clock
from portal.models import ON_CALL, Customer, Person, Project
from portal.services import record
from routing.incidents import services
from routing.incidents.models import Incident, TimelineEntry
from routing.paging.alarms import clear_alarms, raise_alarm
from routing.paging.escalating import advance_due
from tests.people import World, make_rota
from tests.routing.pages.helpers import as_person, queries, report

THREADS = 8
HTMX = {"HX-Request": "true"}


def poll(client: Client, tag: str = "", path: str = "/desk/") -> Any:
    return client.get(path, headers={**HTMX, "If-None-Match": tag} if tag else HTMX)


def test_an_unchanged_desk_is_one_query_beside_session_and_user(world: World) -> None:
    report(world.webshop, world.alice)
    client = as_person(world.desk)
    tag = poll(client)["ETag"]
    answers: list[Any] = []
    assert queries(lambda: answers.append(poll(client, tag))) == 3
    assert answers[0].status_code == 304
    assert not answers[0].content


def test_the_whole_page_says_its_tag_and_is_always_whole(world: World) -> None:
    client = as_person(world.desk)
    response = client.get("/desk/")
    assert "ETag" not in response
    assert poll(client, response.context["tag"]).status_code == 304
    assert client.get("/desk/", headers={"If-None-Match": response.context["tag"]}).status_code == 200


@pytest.mark.parametrize("tag", ["*", '"x"', 'W/"-"', 'W/"1-99999999999999999999999"', "nonsense", 'W/"é-٣"'])
def test_a_tag_nobody_gave_is_no_answer(world: World, tag: str) -> None:
    assert poll(as_person(world.desk), tag).status_code == 200


def test_a_tag_holds_for_its_reader_and_its_address(world: World) -> None:
    tag = poll(as_person(world.desk))["ETag"]
    assert poll(as_person(world.sdm), tag).status_code == 200
    assert poll(as_person(world.desk), tag, "/desk/?whose=mine").status_code == 200
    german = as_person(world.desk)
    german.cookies["django_language"] = "de"
    assert poll(german, tag).status_code == 200


def _acknowledge(world: World, incident: Incident) -> None:
    services.acknowledge(incident, by=world.desk, now=clock.now())


def _note_of_the_customer(world: World, incident: Incident) -> None:
    services.add_note(incident, by=world.alice, now=clock.now(), text="Still down", public=True)


def _rename(model: type[Any], row: Any) -> None:
    with transaction.atomic():
        model.objects.filter(pk=row.pk).update(name="Another name")


def _away(world: World) -> None:
    period = DateTimeTZRange(clock.now(), clock.now() + timedelta(hours=1))
    record(Absence, by=None, now=clock.now(), person=world.sdm, kind="short", period=period)


def _override(world: World) -> None:
    period = DateTimeTZRange(clock.now(), clock.now() + timedelta(hours=1))
    given = {"rota": world.rota, "line": "primary", "person": world.admin, "period": period}
    record(Override, by=None, now=clock.now(), **given)


CHANGES: dict[str, Callable[[World, Incident], object]] = {
    "a new incident": lambda world, _: report(world.kundenportal, world.charlie),
    "acknowledged": _acknowledge,
    "resolved": lambda world, i: services.resolve(i, by=world.desk, now=clock.now(), reason="Done"),
    "passed on": lambda world, i: services.pass_on(i, by=world.desk, now=clock.now()),
    "assigned": lambda world, i: services.assign(i, assignee=world.oncall, by=world.desk, now=clock.now()),
    "another priority": lambda world, i: services.change_priority(
        i, priority="minor", by=world.desk, now=clock.now(), why="No", consent="Alice"
    ),
    "a step of the chain": lambda _world, _i: advance_due(now=clock.now() + timedelta(minutes=6)),
    "a note of the customer": _note_of_the_customer,
    "an internal note": lambda world, i: services.add_note(i, by=world.desk, now=clock.now(), text="x", public=False),
    "an alarm": lambda _world, _i: raise_alarm("tick_late", "tick", now=clock.now()),
    "the end of an alarm": lambda _world, _i: clear_alarms("1", "intake_rate", now=clock.now()),
    "somebody away": lambda world, _: _away(world),
    "somebody else on duty": lambda world, _: _override(world),
    "a new rota": lambda world, _: make_rota("second", [world.desk], [world.sdm]),
    "a customer's name": lambda world, _: _rename(Customer, world.alster),
    "a project's name": lambda world, _: _rename(Project, world.webshop),
    "a person's name": lambda world, _: _rename(Person, world.oncall),
    "the reader's groups": lambda world, _: world.desk.groups.add(Group.objects.get(name=ON_CALL)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_is_seen(world: World, change: str) -> None:
    incident = report(world.webshop, world.alice)
    raise_alarm("intake_rate", "1", now=clock.now(), name="x", project="y")
    client = as_person(world.desk)
    tag = poll(client)["ETag"]
    assert poll(client, tag).status_code == 304
    CHANGES[change](world, incident)
    answer = poll(client, tag)
    assert answer.status_code == 200
    assert poll(client, answer["ETag"]).status_code == 304


def test_what_changes_by_itself_is_seen_in_time(world: World) -> None:
    client = as_person(world.desk)
    back = clock.now() + timedelta(seconds=2)
    record(
        Absence,
        by=None,
        now=clock.now(),
        person=world.sdm,
        kind="short",
        period=DateTimeTZRange(clock.now() - timedelta(hours=1), back),
    )
    answer = poll(client)
    assert b"Jana Manager" in answer.content
    assert poll(client, answer["ETag"]).status_code == 304
    while clock.now() < back:
        time.sleep(0.1)
    answer = poll(client, answer["ETag"])
    assert answer.status_code == 200
    assert b"Everybody is there." in answer.content


@pytest.mark.django_db(transaction=True)
def test_what_was_written_before_and_committed_after_is_seen(world: World) -> None:
    """Numbers of entries are taken before the commit: the lower one may appear second."""
    incident = report(world.webshop, world.alice)
    client = as_person(world.desk)
    written, commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            _entry(incident, world.alice)
            written.set()
            commit.wait(30)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        written.wait(30)
        _entry(incident, world.bob)
        tag = poll(client)["ETag"]
        assert poll(client, tag).status_code == 304
        commit.set()
        running.result()
    assert poll(client, tag).status_code == 200


def _entry(incident: Incident, by: Person) -> None:
    said = {"text": "Still down"}
    TimelineEntry.objects.create(incident=incident, at=clock.now(), kind="note", actor=by, public=True, data=said)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_desks(world: World) -> None:
    """A hundred people look at the desk at once; while nothing happens each asks one cheap question."""
    for _ in range(5):
        report(world.webshop, world.alice)
    clients = [as_person(world.desk) for _ in range(100)]

    def ask(client: Client, mine: str) -> tuple[int, int]:
        asked = []

        def count(execute: Any, sql: str, *rest: Any) -> Any:
            asked.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(count):
            status = poll(client, mine).status_code
        return status, len(asked)

    mine = poll(clients[0])["ETag"]
    with ThreadPoolExecutor(THREADS) as pool:
        quiet = list(pool.map(lambda client: ask(client, mine), clients))
        assert set(quiet) == {(304, 3)}
        report(world.webshop, world.alice)
        loud = list(pool.map(lambda client: ask(client, mine)[0], clients))
        assert set(loud) == {200}
        together = threading.Barrier(THREADS)
        list(pool.map(lambda _: (together.wait(30), connection.close()), range(THREADS)))
