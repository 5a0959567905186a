"""The list, reporting an incident, and reading it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import clock
from portal.models import Contact, Person
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.models import Escalation
from tests.people import World

from .conftest import Login

INCIDENTS = "/api/v1/incidents/"
NEW = {"project": "webshop", "priority": "blocker", "title": "Shop is down"}


def make_incident(world: World, title: str = "Shop is down", **fields: Any) -> Incident:
    options: dict[str, Any] = {
        "project": world.webshop,
        "priority": "blocker",
        "source": Incident.Source.PORTAL,
        "by": world.alice,
        "reporter": world.alice,
        "now": clock.now(),
    }
    return services.create_incident(title=title, **{**options, **fields})


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [row["number"] for row in answer.json()["results"]]


# --- list -----------------------------------------------------------------------------------------------------


def test_the_list_is_newest_first_and_holds_what_the_caller_may_see(world: World, api: Login) -> None:
    older, newer = make_incident(world), make_incident(world)
    foreign = make_incident(world, project=world.kundenportal, by=world.charlie)
    answer = api(world.alice).get(INCIDENTS).json()
    assert (answer["count"], answer["next"], answer["previous"]) == (2, None, None)
    assert [row["number"] for row in answer["results"]] == [newer.number, older.number]
    assert numbers(api(world.desk).get(INCIDENTS)) == [foreign.number, newer.number, older.number]


def test_the_list_comes_in_pages(world: World, api: Login) -> None:
    for number in range(51):
        make_incident(world, f"No. {number}")
    client = api(world.desk)
    first = client.get(INCIDENTS).json()
    assert (first["count"], len(first["results"])) == (51, 50)
    second = client.get(first["next"]).json()
    assert (second["next"], len(second["results"])) == (None, 1)
    assert client.get(INCIDENTS, {"page": "3"}).status_code == 404


def test_filters(world: World, api: Login) -> None:
    client = api(world.desk)
    plain = make_incident(world)
    other = make_incident(world, "Certificate expires", project=world.kundenportal, priority="minor", by=world.charlie)
    mine = services.acknowledge(make_incident(world, description="Paying fails"), by=world.desk, now=clock.now())
    for query, expected in [
        ({"status": "acknowledged"}, [mine]),
        ({"priority": "minor"}, [other]),
        ({"project": "kundenportal"}, [other]),
        ({"assignee": "me"}, [mine]),
        ({"assignee": "DESK@example.com"}, [mine]),
        ({"assignee": "sdm@example.com"}, []),
        ({"q": "certificate"}, [other]),
        ({"q": "paying"}, [mine]),
        ({"q": plain.number}, [plain]),
        ({"q": f"#{plain.number}"}, [plain]),
        ({"q": "9" * 100}, []),
        ({"status": "new", "project": "webshop"}, [plain]),
        ({"status": "", "q": ""}, [mine, other, plain]),
    ]:
        assert numbers(client.get(INCIDENTS, query)) == [incident.number for incident in expected], query


@pytest.mark.parametrize(
    "query", [{"status": "lost"}, {"priority": "P1"}, {"project": "nothing"}, {"assignee": "somebody"}, {"q": "\0"}]
)
def test_a_filter_that_is_not_understood_is_an_error(world: World, api: Login, query: dict[str, str]) -> None:
    answer = api(world.desk).get(INCIDENTS, query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(query)


def test_another_customers_project_is_no_filter(world: World, api: Login) -> None:
    unknown = api(world.alice).get(INCIDENTS, {"project": "nothing"})
    foreign = api(world.alice).get(INCIDENTS, {"project": "kundenportal"})
    assert foreign.status_code == 400
    assert foreign.json() == unknown.json()


@pytest.mark.parametrize("reader", ["desk", "alice"])
def test_the_number_of_queries_does_not_grow_with_the_incidents(world: World, api: Login, reader: str) -> None:
    client = api(getattr(world, reader))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(INCIDENTS).status_code == 200
        return len(queries)

    def taken_by(person: Person) -> None:
        services.acknowledge(make_incident(world), by=person, now=clock.now())

    taken_by(world.desk)
    one = count()
    for number in range(49):
        taken_by([world.desk, world.oncall, world.backup, world.sdm][number % 4])
    assert len(client.get(INCIDENTS).json()["results"]) == 50
    assert count() == one <= 12


# --- create ---------------------------------------------------------------------------------------------------


def test_a_contact_reports_and_the_chain_starts(world: World, api: Login) -> None:
    answer = api(world.alice).post(INCIDENTS, {**NEW, "description": "White page"}, format="json")
    assert answer.status_code == 201
    shown = answer.json()
    incident = Incident.objects.get()
    assert answer["Location"] == shown["url"] == f"http://testserver/api/v1/incidents/{incident.pk}/"
    assert {key: shown[key] for key in ("number", "kind", "project", "priority", "status", "source", "title")} == {
        "number": str(incident.pk),
        "kind": "incident",
        "project": "webshop",
        "priority": "blocker",
        "status": "new",
        "source": "api",
        "title": "Shop is down",
    }
    assert shown["reporter"] == {"name": "Alice Alster", "email": "alice@alster.example"}
    assert shown["assignee"] is None
    assert "escalation" not in shown
    assert incident.respond_by == incident.reported_at + timedelta(minutes=60)
    assert Escalation.objects.get().incident == incident


def test_staff_log_for_a_caller_and_take_it_in_the_same_act(world: World, api: Login) -> None:
    reported_at = (clock.now() - timedelta(minutes=20)).replace(microsecond=0)
    answer = api(world.desk).post(
        INCIDENTS,
        {**NEW, "reporter": "bob@alster.example", "reported_at": reported_at.isoformat(), "take": True},
        format="json",
    )
    shown = answer.json()
    assert (shown["status"], shown["assignee"]["email"]) == ("acknowledged", "desk@example.com")
    assert shown["reporter"]["name"] == "Bob Alster"
    assert shown["escalation"]["state"] == "acknowledged"
    assert Incident.objects.get().reported_at == reported_at


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": None}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"priority": "urgent"}, "priority"),
        ({"project": "nothing"}, "project"),
        ({"project": ["webshop"]}, "project"),
        ({"reporter": "charlie@seeburg.example"}, "reporter"),
        ({"reporter": "nobody@example.com"}, "reporter"),
        ({"reported_at": "2026-01-01T10:00:00"}, "reported_at"),
        ({"reported_at": 5}, "reported_at"),
    ],
)
def test_what_is_not_understood_creates_nothing(world: World, api: Login, change: Any, field: str) -> None:
    answer = api(world.desk).post(INCIDENTS, {**NEW, **change}, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert not Incident.objects.exists()


def test_nothing_is_reported_in_the_future(world: World, api: Login) -> None:
    later = (clock.now() + timedelta(minutes=5)).isoformat()
    assert api(world.desk).post(INCIDENTS, {**NEW, "reported_at": later}, format="json").status_code == 400


def test_another_customers_project_is_not_revealed(world: World, api: Login) -> None:
    client = api(world.alice)
    foreign = client.post(INCIDENTS, {**NEW, "project": "kundenportal"}, format="json")
    unknown = client.post(INCIDENTS, {**NEW, "project": "nothing"}, format="json")
    assert foreign.status_code == unknown.status_code == 400
    assert foreign.json() == unknown.json()


def test_who_may_not_report_is_refused(world: World, api: Login) -> None:
    Contact.objects.filter(person=world.alice).update(can_report=False)
    assert api(world.alice).post(INCIDENTS, NEW, format="json").status_code == 403
    # Of the provider, but neither desk nor on-call nor administrator.
    assert api(world.brm).post(INCIDENTS, NEW, format="json").status_code == 403
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    "change", [{"take": True}, {"reporter": "bob@alster.example"}, {"reported_at": "2026-11-01T10:00:00Z"}]
)
def test_customers_do_not_log_for_others(world: World, api: Login, change: Any) -> None:
    answer = api(world.alice).post(INCIDENTS, {**NEW, **change}, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(change)


# --- read -----------------------------------------------------------------------------------------------------


def test_staff_see_where_the_chain_stands(world: World, api: Login) -> None:
    incident = make_incident(world)
    shown = api(world.desk).get(f"{INCIDENTS}{incident.number}/").json()
    assert set(shown["escalation"]) == {"state", "route", "round", "step", "due_at"}
    assert shown["html_url"] == f"http://testserver/incidents/{incident.number}/"


def test_customers_do_not_read_an_on_call_engineers_name(world: World, api: Login) -> None:
    incident = services.acknowledge(make_incident(world), by=world.oncall, now=clock.now())
    answer = api(world.alice).get(f"{INCIDENTS}{incident.number}/")
    assert answer.json()["assignee"] == {"name": "on-call engineer"}
    assert "Nightly" not in answer.content.decode()
    assert api(world.desk).get(f"{INCIDENTS}{incident.number}/").json()["assignee"]["name"] == "Marek Nightly"


@pytest.mark.parametrize("email", ["oncall@example.com", "backup@example.com", "nobody@example.com"])
def test_customers_do_not_find_out_by_guessing_who_was_on_call(world: World, api: Login, email: str) -> None:
    services.acknowledge(make_incident(world), by=world.oncall, now=clock.now())
    assert api(world.alice).get(INCIDENTS, {"assignee": email}).json()["count"] == 0


def test_what_monitoring_found_is_shown_to_customers_once_taken(world: World, api: Login) -> None:
    found = make_incident(world, priority="critical", source=Incident.Source.MONITORING, by=None, reporter=None)
    address = f"{INCIDENTS}{found.number}/"
    assert api(world.alice).get(address).status_code == 404
    services.acknowledge(found, by=world.oncall, now=clock.now())
    assert api(world.alice).get(address).json()["reporter"] is None


@pytest.mark.parametrize("number", ["999999", "9" * 40, "abc", "-1"])
def test_no_such_incident(world: World, api: Login, number: str) -> None:
    answer = api(world.desk).get(f"{INCIDENTS}{number}/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
