"""Projects, whom to contact, and the matrix."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matrix.models import MatrixVersion, Topic
from portal.models import Project
from tests.people import PRIVATE, SUNDAY_NIGHT, TUESDAY, World, make_project

from .conftest import Login

NIGHT = SUNDAY_NIGHT.isoformat()


def contacts(api: Login, person: Any, key: str = "webshop", **query: str) -> Any:
    return api(person).get(f"/api/v1/projects/{key}/contacts/", query)


def test_projects_are_those_the_caller_may_see(world: World, api: Login) -> None:
    assert [p["key"] for p in api(world.alice).get("/api/v1/projects/").json()] == ["webshop"]
    assert [p["key"] for p in api(world.desk).get("/api/v1/projects/").json()] == ["kundenportal", "webshop"]


def test_a_project(world: World, api: Login) -> None:
    assert api(world.alice).get("/api/v1/projects/webshop/").json() == {
        "key": "webshop",
        "name": "Webshop",
        "customer": {"key": "alster", "name": "Alster GmbH"},
        "hotline": "+496990009301",
        "languages": [],
        "retired_at": None,
    }


def test_staff_read_the_decision_with_persons(world: World, api: Login) -> None:
    answer = contacts(api, world.desk, priority="blocker", at=NIGHT).json()
    assert {key: answer[key] for key in ("project", "priority", "source", "at", "window", "route")} == {
        "project": "webshop",
        "priority": "blocker",
        "source": "customer",
        "at": "2026-11-29T03:00:00+01:00",
        "window": "after_hours",
        "route": "after_hours",
    }
    assert answer["matrix_version"] == 1
    assert answer["deferred_until"] is None
    assert answer["respond_by"] == "2026-11-29T04:00:00+01:00"
    first, second, third = answer["chain"]
    assert (first["position"], first["role"], first["after_minutes"]) == (1, "on_call_primary", 0)
    assert (first["people"][0]["name"], first["people"][0]["phone"]) == ("Marek Nightly", "+496990009200")
    assert first["reason"]["code"] == "on_duty"
    assert (second["role"], second["after_minutes"], second["people"][0]["name"]) == (
        "on_call_backup",
        30,
        "Elif Nightly",
    )
    assert third["informs"] is True
    assert answer["warnings"] == []


def test_customers_read_the_public_name_and_number(world: World, api: Login) -> None:
    answer = contacts(api, world.alice, priority="blocker", at=NIGHT)
    assert answer.json()["chain"][0]["people"] == [{"name": "On-call engineer, platform", "phone": "+496990009200"}]
    assert "Nightly" not in answer.content.decode()
    assert PRIVATE not in answer.content.decode()


def test_monitoring_and_topics_have_chains_of_their_own(world: World, api: Login) -> None:
    Topic.objects.create(key="offer", name_de="Angebot", name_en="Offer", roles=["brm"])
    Topic.objects.create(key="security", name_de="Sicherheit", name_en="Security", becomes_incident="blocker")
    at = TUESDAY.isoformat()
    monitored = contacts(api, world.desk, priority="blocker", source="monitoring", at=at).json()
    assert (monitored["route"], monitored["chain"][0]["role"]) == ("monitoring", "on_call_primary")
    offer = contacts(api, world.desk, topic="offer", at=at).json()
    assert [(link["role"], link["people"][0]["name"]) for link in offer["chain"]] == [("brm", "Katharina Business")]
    security = contacts(api, world.desk, topic="security", at=at).json()
    assert (security["priority"], security["chain"][0]["role"]) == ("blocker", "sdm")


def test_without_an_instant_it_is_now(world: World, api: Login) -> None:
    before = datetime.now().astimezone()
    answer = contacts(api, world.desk, priority="blocker", source="", at="").json()
    assert abs(datetime.fromisoformat(answer["at"]) - before) < timedelta(minutes=1)
    assert answer["source"] == "customer"


@pytest.mark.parametrize(
    "at", ["2026-11-29T03:00:00+01:00", "2026-11-29T03:00:00 01:00", "2026-11-29T02:00Z", "2026-11-29 03:00:00 01:00"]
)
def test_an_instant_may_have_lost_its_plus(world: World, api: Login, at: str) -> None:
    assert contacts(api, world.desk, priority="blocker", at=at).json()["at"] == "2026-11-29T03:00:00+01:00"


def test_instants_are_in_the_readers_zone(world: World, api: Login) -> None:
    world.desk.zone = "Asia/Tokyo"
    world.desk.save()
    assert contacts(api, world.desk, priority="blocker", at=NIGHT).json()["at"] == "2026-11-29T11:00:00+09:00"


def test_texts_are_in_the_readers_language(world: World, api: Login) -> None:
    world.alice.language = "de"
    world.alice.save()
    people = contacts(api, world.alice, priority="blocker", at=NIGHT).json()["chain"][0]["people"]
    assert people[0]["name"] == "Rufbereitschaft Plattform"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "priority"),
        ({"priority": ""}, "priority"),
        ({"priority": "urgent"}, "priority"),
        ({"priority": "blocker", "source": "phone"}, "source"),
        ({"priority": "blocker", "at": "2026-11-29T03:00:00"}, "at"),
        ({"priority": "blocker", "at": "2026-11-29 03:00"}, "at"),
        ({"priority": "blocker", "at": "yesterday"}, "at"),
        ({"priority": "blocker", "at": "2126-11-29T03:00:00Z"}, "at"),
        ({"priority": "blocker", "at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"priority": "blocker", "at": "9999-12-31T23:59:59-14:00"}, "at"),
        ({"topic": "nothing"}, "topic"),
        ({"topic": "\0"}, "topic"),
    ],
)
def test_what_is_not_understood_is_a_field_error(world: World, api: Login, query: dict[str, str], field: str) -> None:
    answer = contacts(api, world.alice, **query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]


def test_priority_and_topic_exclude_each_other(world: World, api: Login) -> None:
    Topic.objects.create(key="offer", name_de="Angebot", name_en="Offer", roles=["brm"])
    assert contacts(api, world.alice, priority="blocker", topic="offer").status_code == 400


def test_a_project_without_a_matrix_says_so(world: World, api: Login) -> None:
    make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    for path in ("contacts/?priority=blocker", "matrix/"):
        answer = api(world.alice).get(f"/api/v1/projects/bare/{path}")
        assert answer.status_code == 404
        assert "matrix" in answer.json()["detail"]


def test_the_matrix_in_force(world: World, api: Login) -> None:
    answer = api(world.alice).get("/api/v1/projects/webshop/matrix/").json()
    assert (answer["project"], answer["version"]) == ("webshop", 1)
    blocker, _critical, major, _minor = answer["priorities"]
    assert blocker["priority"] == "blocker"
    assert blocker["definition"] == {"de": "Bedeutung von blocker", "en": "Meaning of blocker"}
    assert blocker["examples"]["de"] == ["Beispiel eins", "Beispiel zwei"]
    assert blocker["targets"]["response_minutes"] == 60
    assert blocker["reporting"]["after_hours"]["ways"] == ["phone", "portal"]
    steps = blocker["routes"]["after_hours"]["steps"]
    assert [(step["role"], step["wait"], step["after_minutes"]) for step in steps] == [
        ("on_call_primary", 30, 0),
        ("on_call_backup", 15, 30),
        ("escalation_manager", 15, 45),
    ]
    assert major["routes"]["after_hours"] == {
        "route": "after_hours",
        "defers": True,
        "defers_outside_hours": False,
        "steps": [],
    }
    assert major["routes"]["monitoring"] is None


def test_a_draft_is_not_shown(world: World, api: Login) -> None:
    MatrixVersion.objects.create(matrix=world.webshop.matrix)
    assert api(world.alice).get("/api/v1/projects/webshop/matrix/").json()["version"] == 1


def test_the_number_of_queries_does_not_grow_with_the_projects(world: World, api: Login) -> None:
    client = api(world.desk)
    counts = []
    for _round in range(2):
        client.get("/api/v1/projects/webshop/contacts/?priority=blocker")
        for path in ("", "webshop/contacts/?priority=blocker", "webshop/matrix/"):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(f"/api/v1/projects/{path}").status_code == 200
            counts.append(len(queries))
        for _number in range(20):
            make_project(world.office, world.alster, f"p{Project.objects.count()}", world.desk_team, world.platform)
    assert counts[:3] == counts[3:]
    assert max(counts) <= 25
