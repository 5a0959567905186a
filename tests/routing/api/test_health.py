"""Alive, ready, and figures for Prometheus."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from portal import clock
from portal.embedded import Valkey
from portal.models import Installation
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.models import Alarm, Delivery, Escalation, Pulse
from tests.people import World


@pytest.fixture
def ticking(world: World) -> None:
    Pulse.objects.update_or_create(name="tick", defaults={"at": clock.now()})


def ready(client: Client) -> tuple[int, str, list[str]]:
    answer = client.get("/readyz")
    body = answer.json()
    return answer.status_code, body["status"], body["missing"]


def test_alive_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")  # the test has no access to a database and would fail at a query
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready(ticking: None, client: Client) -> None:
    assert ready(client) == (200, "ready", [])
    assert client.get("/readyz").json()["checks"]["tick"]["age_seconds"] < 10


def test_not_ready_without_a_tick(world: World, client: Client) -> None:
    Pulse.objects.all().delete()
    assert ready(client) == (503, "not ready", ["tick"])


def test_not_ready_with_an_old_tick(ticking: None, client: Client) -> None:
    Pulse.objects.update(at=clock.now() - timedelta(seconds=11))
    assert ready(client) == (503, "not ready", ["tick"])


def test_not_ready_without_a_last_resort(ticking: None, client: Client) -> None:
    Installation.objects.update(last_resort_phone="")
    assert ready(client) == (503, "not ready", ["last_resort"])


def test_degraded_without_the_broker(
    ticking: None, client: Client, redis_server: Valkey, settings: LazySettings
) -> None:
    settings.CELERY_BROKER_URL = redis_server.url
    assert ready(client) == (200, "ready", [])
    redis_server.stop()
    assert ready(client) == (200, "degraded", ["broker"])


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_the_database(client: Client) -> None:
    """A database that refuses every connection: no name of its own is needed, a wrong port will do."""
    connection.close()
    port = connection.settings_dict["PORT"], connection.settings_dict["HOST"]
    try:
        connection.settings_dict.update(PORT="1", HOST="127.0.0.1")
        status, word, missing = ready(client)
    finally:
        connection.close()
        connection.settings_dict.update(PORT=port[0], HOST=port[1])
    assert (status, word) == (503, "not ready")
    assert {"database", "tick", "last_resort"} <= set(missing)


# --- figures --------------------------------------------------------------------------------------------------


def figures(client: Client) -> dict[tuple[str, tuple[str, ...]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name.removeprefix("direktdraht_"), tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def make_incident(world: World, **fields: Any) -> Incident:
    options = {"priority": "blocker", "title": "Down", "source": Incident.Source.PORTAL, "by": world.desk}
    return services.create_incident(project=world.webshop, now=clock.now(), **{**options, **fields})


def test_figures(ticking: None, world: World, client: Client) -> None:
    late = make_incident(world)
    make_incident(world)
    make_incident(world, take=True)
    now = clock.now()
    Escalation.objects.filter(state="running").update(due_at=now + timedelta(minutes=1))
    Escalation.objects.filter(incident=late).update(due_at=now - timedelta(seconds=6))
    Alarm.objects.create(kind="last_resort", key="1", raised_at=now)
    Alarm.objects.create(kind="last_resort", key="2", raised_at=now, cleared_at=now)
    for state, age in (("delivered", 1), ("delivered", 2), ("failed", 3), ("failed", 25)):
        Delivery.objects.create(
            channel="sms", to="+49", language="de", state=state, created_at=now - timedelta(hours=age)
        )
    shown = figures(client)
    assert shown["pulse_age_seconds", ("tick",)] < 10
    assert shown["open_incidents", ("new",)] == 2
    assert shown["open_incidents", ("acknowledged",)] == 1
    assert shown["open_incidents", ("waiting",)] == 0
    assert shown["overdue_escalations", ()] == 1
    assert shown["deliveries_24h", ("sms", "delivered")] == 2
    assert shown["deliveries_24h", ("sms", "failed")] == 1
    assert shown["open_alarms", ("last_resort",)] == 1


def test_a_scrape_is_six_queries(ticking: None, world: World, client: Client) -> None:
    for _number in range(5):
        make_incident(world)
    with CaptureQueriesContext(connection) as queries:
        figures(client)
    assert len(queries) <= 6


def test_figures_are_for_this_host_alone(world: World, client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
