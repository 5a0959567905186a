"""The log's page: every kind of change, told once, in order, found by its filters, and for administrators alone."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

from django.utils.timezone import localtime
from psycopg2.extras import DateTimeTZRange

from matrix.services import copy_version, publish
from oncall import services as rosters
from oncall import swaps
from oncall.models import Rotation
from oncall.rotation import AbsenceKind, Line
from portal import audit, clock
from portal.contacts import services as contacts
from portal.contacts.details import Details
from portal.models import Assignment, AuditEntry, Customer, Membership, WeeklyOpening
from portal.services import retire, supersede
from tests.people import BERLIN, PRIVATE, World
from tests.routing.pages.helpers import as_person, queries, text

PAGE = "/administration/audit/"
EXPORT = f"{PAGE}audit.csv"


def shown(world: World, **asked: Any) -> str:
    response = as_person(world.admin).get(PAGE, asked)
    assert response.status_code == 200, asked
    return text(response)


def table(world: World, **asked: Any) -> list[dict[str, str]]:
    response = as_person(world.admin).get(EXPORT, asked)
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def make_history(world: World) -> None:
    """One change of every kind, each at an instant of its own."""
    admin, day = world.admin, timedelta(days=1)
    now = clock.now()
    sdm = Assignment.objects.current().get(project=world.webshop, role="sdm", order=1)
    supersede(sdm, by=admin, now=now, why="Jana is on leave", person=world.deputy)
    retire(Membership.objects.get(person=world.desk), by=admin, now=clock.now(), why="moved")
    now = clock.now()
    for row in WeeklyOpening.objects.filter(hours=world.office).order_by("weekday")[:2]:
        supersede(row, by=admin, now=now, why="summer", closes="17:00")
    period = DateTimeTZRange(now + 3 * day, now + 4 * day)
    rosters.record_override(
        world.rota, Line.PRIMARY, world.backup, period, by=admin, now=clock.now(), why="=cmd|'/c calc'!A1"
    )
    rosters.record_absence(
        world.oncall, AbsenceKind.DAY, DateTimeTZRange(now + 9 * day, now + 10 * day), by=admin, now=clock.now(),
        why="broken leg",
    )  # fmt: skip
    draft = copy_version(world.versions["webshop"], matrix=world.versions["webshop"].matrix)
    publish(draft, by=admin, now=clock.now(), reason="new contract", accept=True)
    contacts.new_pin(world.alster.contacts.get(person=world.alice), now=clock.now())
    with audit.acting(admin, "new contract"):
        world.alster.name = "Alster <AG>"
        world.alster.save()
        world.oncall.mobile = f"{PRIVATE}77"
        world.oncall.save()


def test_every_change_is_told_with_before_and_after(world: World) -> None:
    make_history(world)
    rows = table(world)
    by_admin = [row for row in rows if row["By"] == "Henrike Admin" and row["Kind"] != "sign-ins"]
    assert [(row["What"], row["Action"], row["Object"]) for row in by_admin] == [
        ("Person", "changed", "Marek Nightly"),
        ("Customer", "changed", "Alster <AG>"),
        ("Matrix version", "published", "webshop"),
        ("Absence", "added", "Marek Nightly"),
        ("Override", "added", "platform"),
        ("Weekly opening", "changed", "office"),
        ("Membership", "ended", "Service Desk"),
        ("Assignment", "changed", "webshop"),
    ]
    assignment, override = by_admin[-1], by_admin[4]
    assert "person: Jana Manager" in assignment["Before"]
    assert "person: Tobias Deputy" in assignment["After"]
    assert assignment["Why"] == "Jana is on leave"
    assert override["Why"].startswith("'=cmd")
    assert by_admin[5]["Before"].count("weekday") == 2
    assert by_admin[5]["After"].count("17:00") == 2
    assert "number: 2" in by_admin[2]["After"]
    assert by_admin[2]["Why"] == "new contract"
    assert [row["Action"] for row in rows if row["Kind"] == "customers' contacts"] == ["new PIN for the phone"]

    page = shown(world)
    for secret in (PRIVATE, "broken leg", "Alster <AG>"):
        assert secret not in page
    assert "…77" in page
    assert "Alster &lt;AG&gt;" in page


def test_filters_stand_in_the_address(world: World) -> None:
    make_history(world)
    kinds = {row["Kind"] for row in table(world, kind="rosters")}
    assert kinds == {"rosters"}
    assert {row["What"] for row in table(world, about=f"person:{world.oncall.pk}", by=world.admin.pk)} == {
        "Person", "Absence",
    }  # fmt: skip
    assert all(row["By"] == "the portal itself" for row in table(world, by=0))
    named = table(world, object="alster", by=world.admin.pk)
    assert {row["What"] for row in named} == {"Customer", "Matrix version", "Assignment"}
    assert table(world, object="nobody is called like this") == []
    tomorrow = (localtime(clock.now(), BERLIN) + timedelta(days=1)).date().isoformat()
    assert table(world, since=tomorrow) == []
    assert table(world, until="2020-01-01") == []
    assert "Nothing matches" in shown(world, since=tomorrow)
    for asked in ({"kind": "x"}, {"by": "x"}, {"about": "group:1"}, {"about": "person:9" + "9" * 30}, {"since": "x"}):
        for path in (PAGE, EXPORT):
            assert as_person(world.admin).get(path, asked).status_code == 400, asked
    for after in (
        "x",
        "~~~",
        "2026-01-01~1~1~1",
        f"{clock.now().isoformat()}~99~1~1",
        f"{clock.now().isoformat()}~1~1~{10**30}",
        "9999-12-31T23:59:59-14:00~1~1~1",
    ):
        assert as_person(world.admin).get(PAGE, {"after": after}).status_code == 200, after


def test_pages_follow_one_another_without_gap_or_repetition(world: World) -> None:
    make_history(world)
    Customer.objects.bulk_create([Customer(key=f"c{number}", name=f"Customer {number}") for number in range(130)])
    client = as_person(world.admin)
    path, seen = PAGE, []
    while path:
        response = client.get(path)
        seen += [(line.at, line.what, line.about, line.action) for line in response.context["lines"]]
        path = f"{PAGE}{response.context['next']}" if response.context["next"] else ""
        Customer.objects.create(key=f"late{len(seen)}", name="Comes while somebody reads")
    assert len({about for _at, _what, about, _action in seen if about.startswith("Customer ")}) == 130
    assert [at for at, *_rest in seen] == sorted((at for at, *_rest in seen), reverse=True)
    assert not any(about == "Comes while somebody reads" for _at, _what, about, _action in seen)
    assert len([about for _at, _what, about, _action in seen if about.startswith("Customer ")]) == 130


def test_the_page_takes_as_many_queries_with_a_hundred_thousand_lines(world: World) -> None:
    make_history(world)
    client = as_person(world.admin)
    few = queries(lambda: client.get(PAGE))
    begun = clock.now() - timedelta(days=400)
    AuditEntry.objects.bulk_create(
        AuditEntry(
            kind="people", action="changed", object_type="person", object_id=world.desk.pk, model="portal.person",
            name="Lukas", at=begun + timedelta(minutes=number), changes={"name": ["a", str(number)]},
        )
        for number in range(3000)
    )  # fmt: skip
    assert queries(lambda: client.get(PAGE)) <= few <= 20
    asked = {"object": "e", "kind": "people", "since": "2020-01-01"}
    assert queries(lambda: client.get(PAGE, asked)) <= 20


def test_swaps_and_rotations_are_told(world: World) -> None:
    period = DateTimeTZRange(clock.now() + timedelta(days=3), clock.now() + timedelta(days=4))
    swap = swaps.ask(world.rota, Line.PRIMARY, period, of=[world.manager], by=world.oncall, now=clock.now())
    swaps.accept(swap, by=world.manager, now=clock.now())
    told = table(world, about=f"rota:{world.rota.pk}", kind="rosters")
    assert [(row["What"], row["Action"], row["By"]) for row in told[:3]] == [
        ("Override", "added", "Georg Operations"),
        ("Swap", "accepted", "Georg Operations"),
        ("Swap", "asked", "Marek Nightly"),
    ]
    rotation = Rotation.objects.filter(line="primary").get()
    assert any("members: Marek Nightly" in row["After"] for row in told if row["What"] == "Rotation"), rotation


def test_contact_details_are_told(world: World) -> None:
    contact = world.alster.contacts.get(person=world.bob)
    details = Details.of(contact)
    contacts.change(contact, by=world.alice, now=clock.now(), details=replace(details, can_order=True))
    (row,) = table(world, kind="contacts")
    assert (row["By"], row["Action"]) == ("Alice Alster", "changed")
    assert "may order: yes" in row["After"]


def test_the_export_is_for_administrators_alone(world: World) -> None:
    for name in ("alice", "charlie", "desk", "sdm", "brm", "oncall"):
        assert as_person(getattr(world, name)).get(EXPORT).status_code == 404, name
