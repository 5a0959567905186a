"""What may be done to an incident, by whom, and when."""

from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.models import Contact, Person
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.models import Escalation
from tests.people import World
from tests.routing.pages.helpers import report

from .conftest import Login

STAFF_ACTIONS: dict[str, dict[str, Any]] = {
    "acknowledge": {},
    "start": {},
    "assign": {"assignee": "sdm@example.com"},
    "pass-on": {},
    "wait": {},
    "resolve": {"reason": "Restarted"},
    "priority": {"priority": "critical", "reason": "One frontend is left", "consent": "Alice"},
    "close": {},
}


@pytest.fixture
def incident(world: World) -> Incident:
    return services.create_incident(
        project=world.webshop,
        priority="blocker",
        title="Shop is down",
        source=Incident.Source.PORTAL,
        by=world.alice,
        reporter=world.alice,
        now=clock.now(),
    )


def act(api: Login, person: Person, incident: Incident, action: str, body: Any = None) -> Any:
    return api(person).post(f"/api/v1/incidents/{incident.pk}/{action}/", body or {}, format="json")


def kinds(incident: Incident) -> list[str]:
    return list(incident.timeline.order_by("pk").values_list("kind", flat=True))


def test_acknowledging_takes_it_and_repeating_it_changes_nothing(world: World, api: Login, incident: Incident) -> None:
    shown = act(api, world.oncall, incident, "acknowledge")
    assert shown.status_code == 200
    assert (shown.json()["status"], shown.json()["assignee"]["name"]) == ("acknowledged", "Marek Nightly")
    assert shown.json()["responded_at"] is not None
    assert Escalation.objects.get().state == "acknowledged"
    again = act(api, world.oncall, incident, "acknowledge")
    assert (again.status_code, again.json()) == (200, shown.json())
    assert kinds(incident).count("acknowledged") == 1
    assert "API" in api(world.desk).get(f"/api/v1/incidents/{incident.pk}/timeline/").json()[-1]["text"]


def test_a_second_person_does_not_take_it_away(world: World, api: Login, incident: Incident) -> None:
    act(api, world.oncall, incident, "acknowledge")
    answer = act(api, world.backup, incident, "acknowledge")
    assert (answer.status_code, answer.json()["assignee"]["name"]) == (200, "Marek Nightly")


def test_assigning_while_new_acknowledges_on_their_behalf(world: World, api: Login, incident: Incident) -> None:
    answer = act(api, world.desk, incident, "assign", {"assignee": "SDM@example.com"})
    assert (answer.json()["status"], answer.json()["assignee"]["name"]) == ("acknowledged", "Jana Manager")


@pytest.mark.parametrize("email", ["nobody@example.com", "alice@alster.example", "brm@example.com", "jana", "", None])
def test_only_who_works_incidents_is_assigned(world: World, api: Login, incident: Incident, email: Any) -> None:
    answer = act(api, world.desk, incident, "assign", {"assignee": email})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["assignee"]


def test_passing_on_calls_the_next_with_the_note(world: World, api: Login, incident: Incident) -> None:
    act(api, world.oncall, incident, "acknowledge")
    answer = act(api, world.oncall, incident, "pass-on", {"note": "Not my system"})
    assert (answer.status_code, answer.json()["status"], answer.json()["assignee"]) == (200, "new", None)
    assert answer.json()["escalation"]["round"] == 2
    assert incident.timeline.get(kind="passed_on").data["note"] == "Not my system"


def test_working_waiting_resolving_closing_and_reopening(world: World, api: Login, incident: Incident) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    for action, body, status in [
        ("acknowledge", {}, "acknowledged"),
        ("start", {}, "in_progress"),
        ("wait", {"until": tomorrow}, "waiting"),
        ("start", {}, "in_progress"),
        ("wait", {"until": None}, "waiting"),
        ("resolve", {"reason": "Restarted"}, "resolved"),
        ("reopen", {"reason": "Down again"}, "new"),
        ("resolve", {"reason": "Replaced"}, "resolved"),
        ("close", {}, "closed"),
    ]:
        answer = act(api, world.desk, incident, action, body)
        assert (answer.status_code, answer.json()["status"]) == (200, status), action


def test_waiting_may_ask_the_customer_something(world: World, api: Login, incident: Incident) -> None:
    act(api, world.oncall, incident, "acknowledge")
    act(api, world.oncall, incident, "wait", {"question": "Since when?"})
    told = api(world.alice).get(f"/api/v1/incidents/{incident.pk}/timeline/").json()[-1]
    assert told["text"] == "Waiting for the customer: Since when?"
    assert "Marek" not in told["actor"]
    act(api, world.alice, incident, "notes", {"text": "Since nine"})
    assert api(world.alice).get(f"/api/v1/incidents/{incident.pk}/").json()["status"] == "in_progress"


@pytest.mark.parametrize("action", ["start", "wait", "close", "reopen"])
def test_what_the_status_forbids_is_a_conflict(world: World, api: Login, incident: Incident, action: str) -> None:
    before = kinds(incident)
    answer = act(api, world.desk, incident, action)
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert "new" in answer.json()["detail"]
    assert kinds(incident) == before


def test_customers_add_nothing_to_what_is_closed(world: World, api: Login, incident: Incident) -> None:
    """Nobody would read it, as on the page."""
    act(api, world.desk, incident, "resolve", {"reason": "Restarted"})
    act(api, world.desk, incident, "close")
    before = kinds(incident)
    assert act(api, world.alice, incident, "notes", {"text": "Still broken"}).status_code == 409
    assert kinds(incident) == before
    assert act(api, world.desk, incident, "notes", {"text": "For the record"}).status_code == 200


@pytest.mark.parametrize("action", [*STAFF_ACTIONS, "reopen"])
def test_a_closed_incident_stays_closed(world: World, api: Login, incident: Incident, action: str) -> None:
    act(api, world.desk, incident, "resolve", {"reason": "Restarted"})
    act(api, world.desk, incident, "close")
    answer = act(api, world.desk, incident, action, STAFF_ACTIONS.get(action))
    assert answer.status_code == 409
    incident.refresh_from_db()
    assert incident.status == "closed"


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("resolve", {}, "reason"),
        ("resolve", {"reason": " "}, "reason"),
        ("wait", {"until": "2026-11-29T03:00:00"}, "until"),
        ("wait", {"until": "2026-01-01T00:00:00Z"}, "until"),
        ("wait", {"until": "9999-12-31T00:00:00Z"}, "until"),
        ("priority", {"priority": "urgent", "reason": "x"}, "priority"),
        ("priority", {"reason": "x"}, "priority"),
        ("priority", {"priority": "minor"}, "reason"),
        ("notes", {"text": ""}, "text"),
        ("notes", {"text": "Hello", "public": "perhaps"}, "public"),
        ("pass-on", {"note": ["a"]}, "note"),
    ],
)
def test_what_is_not_understood_changes_nothing(
    world: World, api: Login, incident: Incident, action: str, body: Any, field: str
) -> None:
    before = kinds(incident)
    answer = act(api, world.desk, incident, action, body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert kinds(incident) == before


def test_a_body_that_is_no_object_is_refused(world: World, api: Login, incident: Incident) -> None:
    answer = api(world.desk).post(f"/api/v1/incidents/{incident.pk}/resolve/", ["reason"], format="json")
    assert answer.status_code == 400


@pytest.mark.parametrize("action", STAFF_ACTIONS)
@pytest.mark.parametrize("who", ["alice", "brm"])
def test_only_who_works_incidents_acts_on_them(
    world: World, api: Login, incident: Incident, action: str, who: str
) -> None:
    answer = act(api, getattr(world, who), incident, action, STAFF_ACTIONS[action])
    assert answer.status_code == 403
    incident.refresh_from_db()
    assert incident.status == "new"


@pytest.mark.parametrize("action", [*STAFF_ACTIONS, "reopen", "notes"])
def test_the_customer_next_door_finds_nothing(world: World, api: Login, incident: Incident, action: str) -> None:
    assert act(api, world.charlie, incident, action, STAFF_ACTIONS.get(action)).status_code == 404


def test_another_priority_moves_the_targets(world: World, api: Login, incident: Incident) -> None:
    change = {"priority": "major", "reason": "A detour works"}
    refused = act(api, world.desk, incident, "priority", change)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["consent"])
    answer = act(api, world.desk, incident, "priority", {**change, "consent": "Alice Alster"})
    assert (answer.status_code, answer.json()["priority"]) == (200, "major")
    assert answer.json()["respond_by"] != incident.respond_by
    entry = api(world.alice).get(f"/api/v1/incidents/{incident.pk}/timeline/").json()
    assert any("from Blocker to Major: A detour works" in line["text"] for line in entry)


def test_customers_add_public_notes(world: World, api: Login, incident: Incident) -> None:
    assert act(api, world.alice, incident, "notes", {"text": "Since 02:50"}).status_code == 200
    assert incident.timeline.get(kind="note").public is True
    assert act(api, world.alice, incident, "notes", {"text": "Psst", "public": False}).status_code == 403
    assert incident.timeline.filter(kind="note").count() == 1


def test_staff_add_internal_notes_unless_they_say_otherwise(world: World, api: Login, incident: Incident) -> None:
    act(api, world.desk, incident, "notes", {"text": "Caller is cross"})
    act(api, world.desk, incident, "notes", {"text": "We are on it", "public": True})
    assert list(incident.timeline.filter(kind="note").values_list("public", flat=True)) == [False, True]


def test_customers_reopen(world: World, api: Login, incident: Incident) -> None:
    act(api, world.desk, incident, "resolve", {"reason": "Restarted"})
    answer = act(api, world.alice, incident, "reopen", {"reason": "Still down"})
    assert (answer.status_code, answer.json()["status"]) == (200, "new")


def test_a_customer_reopens_what_monitoring_found(world: World, api: Login) -> None:
    """Untaken it is hidden from them again; the answer is about the incident all the same."""
    found = services.create_incident(
        project=world.webshop,
        priority="critical",
        title="Disk full",
        source=Incident.Source.MONITORING,
        by=None,
        now=clock.now(),
    )
    services.resolve(found, by=world.oncall, now=clock.now(), reason="Cleaned")
    assert act(api, world.alice, found, "reopen").json()["status"] == "new"


def test_a_contact_without_the_right_only_reads(world: World, api: Login, incident: Incident) -> None:
    Contact.objects.filter(person=world.bob).update(can_report=False)
    act(api, world.desk, incident, "resolve", {"reason": "Restarted"})
    assert act(api, world.bob, incident, "notes", {"text": "Hello"}).status_code == 403
    assert act(api, world.bob, incident, "reopen").status_code == 403
    assert api(world.bob).get(f"/api/v1/incidents/{incident.pk}/").status_code == 200


def test_a_team_has_it(world: World, api: Login, incident: Incident) -> None:
    answer = act(api, world.desk, incident, "assign", {"team": "platform", "note": "The SAN"})
    assert (answer.status_code, answer.json()["team"], answer.json()["assignee"]) == (200, "platform", None)
    for body in ({"team": "nobody"}, {"team": "platform", "assignee": "sdm@example.com"}, {}):
        assert act(api, world.desk, incident, "assign", body).status_code == 400
    assert act(api, world.oncall, incident, "acknowledge").json()["assignee"]["name"] == "Marek Nightly"


def test_somebody_is_called_in(world: World, api: Login, incident: Incident) -> None:
    body = {"person": "backup@example.com", "note": "The SAN"}
    assert act(api, world.oncall, incident, "call-in", body).status_code == 409
    act(api, world.oncall, incident, "acknowledge")
    answer = act(api, world.oncall, incident, "call-in", body)
    assert (answer.status_code, answer.json()["assignee"]["name"]) == (200, "Marek Nightly")
    again = act(api, world.oncall, incident, "call-in", body)
    assert (again.status_code, list(again.json()["errors"])) == (400, ["person"])
    pages = api(world.desk).get(f"/api/v1/incidents/{incident.pk}/pages/").json()
    rows = pages["results"] if isinstance(pages, dict) else pages
    assert [(page["person"], page["route"], page["state"]) for page in rows] == [("Elif Nightly", "call_in", "open")]


def test_duplicates_are_merged_and_others_linked(world: World, api: Login, incident: Incident) -> None:
    other = report(world.webshop, world.alice)
    theirs = report(world.kundenportal, world.charlie)
    refused = act(api, world.desk, incident, "merge", {"number": theirs.number})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["number"])
    assert act(api, world.desk, incident, "relate", {"number": theirs.number}).status_code == 200
    assert act(api, world.desk, incident, "relate", {"number": incident.number}).status_code == 400
    assert act(api, world.desk, incident, "merge", {"number": "999999"}).status_code == 400
    assert act(api, world.desk, incident, "merge", {"number": other.number}).json()["status"] == "closed"
    assert act(api, world.desk, incident, "merge", {"number": other.number}).status_code == 409
