"""The timeline and the pages of an incident."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery
from tests.people import PRIVATE, World

from .conftest import Login


@pytest.fixture
def incident(world: World) -> Incident:
    """One that monitoring found: the primary was called, and took it."""
    now = clock.now()
    made = services.create_incident(
        project=world.webshop,
        priority="blocker",
        title="Shop is down",
        source=Incident.Source.MONITORING,
        by=None,
        actor_name="Prometheus",
        now=now,
    )
    advance_due(now=now + timedelta(seconds=1), limit=10)
    services.add_note(made, by=world.desk, now=now, text="Only for us", public=False)
    services.acknowledge(made, by=world.oncall, now=now + timedelta(minutes=2), via="voice")
    services.add_note(made, by=world.desk, now=now, text="We are on it", public=True)
    return made


def read(api: Login, person: Any, incident: Incident, what: str) -> Any:
    return api(person).get(f"/api/v1/incidents/{incident.pk}/{what}/")


def test_staff_read_everything_oldest_first(world: World, api: Login, incident: Incident) -> None:
    entries = read(api, world.desk, incident, "timeline").json()
    assert set(entries[0]) == {"at", "kind", "actor", "text", "public"}
    assert [entry["kind"] for entry in entries if entry["kind"] in ("reported", "paged", "note", "acknowledged")] == [
        "reported",
        "paged",
        "note",
        "acknowledged",
        "note",
    ]
    assert entries[0]["actor"] == "Prometheus"
    assert "Marek Nightly" in next(entry["text"] for entry in entries if entry["kind"] == "paged")
    assert next(entry["actor"] for entry in entries if entry["kind"] == "acknowledged") == "Marek Nightly"


def test_customers_read_what_is_public_without_on_call_names(world: World, api: Login, incident: Incident) -> None:
    answer = read(api, world.alice, incident, "timeline")
    entries = answer.json()
    assert all(entry["public"] for entry in entries)
    assert [entry["kind"] for entry in entries] == ["reported", "acknowledged", "note"]
    # Nor is a monitoring system's own name, which tells of the provider's inside.
    assert [entry["actor"] for entry in entries] == ["our monitoring", "on-call engineer", "Lukas Desk"]
    assert entries[-1]["text"] == "We are on it"
    assert "Nightly" not in answer.content.decode()


def test_staff_read_who_was_called_and_how(world: World, api: Login, incident: Incident) -> None:
    Delivery.objects.filter(channel="voice").update(state="delivered", attempts=1, provider_id="CA1")
    answer = read(api, world.desk, incident, "pages")
    [page] = answer.json()
    assert {key: page[key] for key in ("person", "role", "step", "round", "state")} == {
        "person": "Marek Nightly",
        "role": "on_call_primary",
        "step": 0,
        "round": 1,
        "state": "acknowledged",
    }
    assert page["created_at"] is not None
    by_channel = {delivery["channel"]: delivery for delivery in page["deliveries"]}
    assert set(by_channel) == {"voice", "sms"}
    assert {key: by_channel["voice"][key] for key in ("state", "attempts", "provider_id")} == {
        "state": "delivered",
        "attempts": 1,
        "provider_id": "CA1",
    }
    assert PRIVATE not in answer.content.decode()


def test_pages_are_for_the_providers_people(world: World, api: Login, incident: Incident) -> None:
    assert read(api, world.alice, incident, "pages").status_code == 403
    assert read(api, world.charlie, incident, "pages").status_code == 404


def test_an_incident_without_a_chain_has_no_pages(world: World, api: Login) -> None:
    request = services.create_incident(
        project=world.webshop,
        priority="minor",
        title="More disk",
        source=Incident.Source.PORTAL,
        by=world.alice,
        now=clock.now(),
        kind=Incident.Kind.REQUEST,
    )
    assert read(api, world.desk, request, "pages").json() == []
    assert api(world.desk).get(f"/api/v1/incidents/{request.pk}/").json()["escalation"] is None


@pytest.mark.parametrize("reader", ["desk", "alice"])
def test_the_number_of_queries_does_not_grow_with_the_entries(
    world: World, api: Login, incident: Incident, reader: str
) -> None:
    client = api(getattr(world, reader))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/api/v1/incidents/{incident.pk}/timeline/").status_code == 200
        return len(queries)

    one = count()
    for number in range(30):
        writer = [world.desk, world.oncall, world.backup, world.sdm][number % 4]
        services.add_note(incident, by=writer, now=clock.now(), text="More", public=True)
    assert count() == one
