"""Intake keys in the hands of an administrator: made, tried, rotated, changed by two at once, revoked."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import localtime

from portal import clock
from portal.models import AuditEntry
from routing.incidents.models import Incident
from routing.intake import keys as services
from routing.intake.models import FormerToken, IntakeKey, Signal
from routing.keys.formats import SETUPS
from routing.keys.forms import RulesField
from routing.paging.models import Delivery, Page
from tests.people import PRIVATE, World
from tests.routing.intake.posting import alert, group, make_key, post, rows
from tests.routing.pages.helpers import as_person, queries, text

BASE = "/administration/keys/"


def test_a_key_is_made_shown_once_and_works(world: World) -> None:
    admin = as_person(world.admin)
    given = {
        "project": "webshop",
        "name": "Prometheus",
        "default_priority": "major",
        "severity_map": "Warning = minor\n page=Blocker",
        "why": "new cluster",
    }
    made = admin.post(f"{BASE}new/", given)
    token = made.context["token"]
    assert "no-store" in made["Cache-Control"]
    key = IntakeKey.objects.get()
    assert key.severity_map == {"warning": "minor", "page": "blocker"}
    page = text(made)
    for setup in SETUPS.values():
        assert f"/intake/{token}/{setup.name}/" in page
    shown = text(admin.get(f"{BASE}{key.pk}/"))
    assert token not in shown
    assert "YOUR-TOKEN" in shown
    assert "Not used yet" in shown
    assert "new cluster" in shown
    assert post(token, SETUPS["alertmanager"].sample, "alertmanager").status_code == 202
    assert post(token, {"events": [{"title": "one"}, {"title": ""}]}).status_code == 202
    assert post(token, {"events": 7}).status_code == 400
    shown = text(admin.get(f"{BASE}{key.pk}/"))
    assert "Not used yet" not in shown
    assert "Disk of db1 is 95 % full" in shown
    assert "events.1.title: Must not be empty." in shown
    assert "events: Must be a list." in shown
    for bad in ("warning minor", "warning = urgent", "= minor", "a = minor\na = major"):
        refused = admin.post(f"{BASE}new/", given | {"severity_map": bad})
        assert refused.status_code == 400, bad
    assert admin.post(f"{BASE}new/", given | {"why": ""}).status_code == 400
    assert IntakeKey.objects.count() == 1
    field = RulesField(required=False)
    assert field.clean(field.prepare_value(key.severity_map)) == key.severity_map


def test_the_samples_are_what_the_intake_takes(world: World) -> None:
    _key, token = make_key(world.webshop)
    for setup in SETUPS.values():
        answer = post(token, json.loads(setup.sample_line), setup.name).json()
        assert answer["accepted"] == 1, setup.name


def test_a_rotated_token_works_until_the_instant_chosen(world: World) -> None:
    key, old = make_key(world.webshop)
    first = post(old, {"title": "down", "dedup_key": "a"}).json()["incidents"]
    admin = as_person(world.admin)
    seen = services.state_of(key)
    until = f"{localtime(clock.now() + timedelta(days=2)):%Y-%m-%dT%H:%M}"
    path = f"{BASE}{key.pk}/rotate/"
    for bad in ("", "2001-01-01T00:00", "2099-01-01T00:00", "garbage"):
        assert admin.post(path, {"seen": seen, "until": bad, "why": "yearly"}).status_code == 400
    made = admin.post(path, {"seen": seen, "until": until, "why": "yearly"})
    new = made.context["token"]
    assert new != old
    # Both tokens are the same key: what one opened the other joins and resolves.
    assert post(new, {"title": "down", "dedup_key": "a"}).json()["incidents"] == first
    assert post(old, {"status": "resolved", "dedup_key": "a"}).json()["incidents"] == first
    page = text(admin.get(f"{BASE}{key.pk}/"))
    assert "works until" in page
    assert page.count("Last used:") == 2
    assert old not in page
    assert new not in page
    FormerToken.objects.update(works_until=clock.now())
    assert post(old, {"title": "x"}).status_code == 404
    assert post(new, {"title": "x"}).status_code == 202
    # A second rotation with an overlap can be cut off before its time.
    seen = services.state_of(key)
    newest = admin.post(path, {"seen": seen, "until": until, "why": "again"}).context["token"]
    assert post(new, {"title": "x"}).status_code == 202
    cut = {"seen": services.state_of(key), "why": "done"}
    assert admin.post(f"{BASE}{key.pk}/cut-off/", cut).status_code == 302
    assert [post(each, {"title": "x"}).status_code for each in (new, newest)] == [404, 202]
    # Revoking ends all of them for good, and is asked first.
    assert admin.get(f"{BASE}{key.pk}/revoke/").status_code == 200
    assert post(newest, {"title": "x"}).status_code == 202
    assert admin.post(f"{BASE}{key.pk}/revoke/", {"seen": services.state_of(key), "why": ""}).status_code == 400
    assert admin.post(f"{BASE}{key.pk}/revoke/", {"seen": services.state_of(key), "why": "gone"}).status_code == 302
    assert post(newest, {"title": "x"}).status_code == 404
    again = admin.post(path, {"seen": services.state_of(key), "until": until, "why": "no"})
    assert again.status_code == 409
    told = [
        (each.why, each.action, sorted(each.changes)) for each in services.changes_of(key) if each.by == world.admin
    ]
    assert told == [
        ("gone", "changed", ["revoked_at"]),
        ("done", "changed", ["works_until"]),
        ("again", "changed", ["token_start"]),
        ("again", "created", ["key", "token_start", "works_until"]),
        ("yearly", "changed", ["token_start"]),
        ("yearly", "created", ["key", "token_start", "works_until"]),
    ]
    assert not any(token in json.dumps(each.changes) for each in AuditEntry.objects.all() for token in (old, new))


def test_the_second_of_two_editors_sees_what_the_first_did(world: World) -> None:
    key, _token = make_key(world.webshop)
    admin, seen = as_person(world.admin), services.state_of(key)
    given = {"seen": seen, "name": "First", "default_priority": "critical", "severity_map": "", "why": "rename"}
    path = f"{BASE}{key.pk}/change/"
    assert admin.post(path, given).status_code == 302
    second = admin.post(path, given | {"name": "Second", "why": "another name"})
    assert second.status_code == 409
    page = text(second)
    assert "Henrike Admin" in page
    assert "(rename)" in page
    assert 'value="Second"' in page
    key.refresh_from_db()
    assert key.name == "First"
    field = second.context["form"]["seen"].value()
    assert admin.post(path, given | {"name": "Second", "seen": field}).status_code == 302
    key.refresh_from_db()
    assert key.name == "Second"
    assert admin.post(path, given | {"seen": "garbage"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_two_rotations_at_once_one_is_refused(world: World) -> None:
    key, _token = make_key(world.webshop)
    seen, now = services.state_of(key), clock.now()

    def rotate(_number: int) -> str:
        try:
            services.rotate_key(key, seen=seen, until=now + timedelta(days=1), by=world.admin, now=now, why="both")
        except services.KeyChanged:
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(rotate, range(2))) == ["done", "refused"]
    assert FormerToken.objects.count() == 1


def test_a_trial_says_what_the_intake_does_and_does_nothing(world: World) -> None:
    key, token = make_key(world.webshop, severity_map={"critical": "blocker"})
    admin = as_person(world.admin)
    path = f"{BASE}{key.pk}/test/"
    night = "2026-11-29T03:00"

    def ask(body: object, format_name: str = "generic") -> str:
        given = {"format": format_name, "at": night, "body": body if isinstance(body, str) else json.dumps(body)}
        response = admin.post(path, given)
        assert response.status_code == 200
        assert PRIVATE not in text(response)
        return text(response)

    before = rows()
    shown = ask(SETUPS["alertmanager"].sample, "alertmanager")
    assert "A new incident would be made." in shown
    assert "Blocker" in shown
    assert world.oncall.name in shown
    assert "after 30 min" in shown
    assert "test-disk-db1" in shown
    assert "joins" not in shown
    assert "the whole post would be refused" in ask("{").lower()
    assert "the whole post would be refused" in ask("[]").lower()
    assert "Must not be empty." in ask({"title": ""})
    assert "Belongs to no open incident" in ask({"status": "resolved", "dedup_key": "a"})
    assert "Repeats an event of this post" in ask([{"title": "a", "dedup_key": "a"}] * 2)
    assert "and 5 more events" in ask([{"title": "a"}] * 25)
    assert rows() == before
    assert not Page.objects.exists()
    assert not Delivery.objects.exists()
    number = post(token, group([alert("Disk")]), "alertmanager").json()["incidents"][0]
    assert "Joins the open incident" in ask(group([alert("Disk")]), "alertmanager")
    assert f"/incidents/{number}/" in ask(group([alert("Disk", "resolved")]), "alertmanager")
    assert Incident.objects.count() == 1
    assert Incident.objects.get().status == "new"
    for bad in (
        {"format": "zabbix", "body": "{}"},
        {"format": "generic"},
        {"format": "generic", "body": "x", "at": "y"},
    ):
        assert admin.post(path, bad).status_code == 400
    assert queries(lambda: ask([{"title": "a"}])) == queries(lambda: ask([{"title": str(n)} for n in range(50)]))
    assert queries(lambda: ask([{"title": "a"}])) <= 20


def test_only_administrators_find_them_and_queries_are_bounded(world: World) -> None:
    key, token = make_key(world.webshop)
    parts = ("", "change/", "rotate/", "cut-off/", "revoke/", "test/")
    for name in ("alice", "charlie", "desk", "sdm", "brm", "oncall"):
        client = as_person(getattr(world, name))
        for part in parts:
            assert client.get(f"{BASE}{key.pk}/{part}").status_code == 404, (name, part)
            assert client.post(f"{BASE}{key.pk}/{part}", {"why": "x"}).status_code == 404, (name, part)
        assert client.post(f"{BASE}new/", {}).status_code == 404
    assert Client().get(f"{BASE}{key.pk}/").status_code == 302
    admin = as_person(world.admin)
    assert all(admin.get(f"{BASE}{key.pk}/{part}").status_code == 200 for part in parts)
    assert admin.get(f"{BASE}999999/").status_code == 404
    one = queries(lambda: admin.get(BASE)), queries(lambda: admin.get(f"{BASE}{key.pk}/"))
    for number in range(5):
        make_key(world.kundenportal, name=f"k{number}")
        post(token, {"title": str(number)})
    many = queries(lambda: admin.get(BASE)), queries(lambda: admin.get(f"{BASE}{key.pk}/"))
    assert many == one
    assert max(many) <= 20
    assert Signal.objects.count() == 5
