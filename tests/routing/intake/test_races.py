"""Two requests at once, on real PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils import timezone

from routing.incidents import services as incidents
from routing.incidents.models import Incident
from routing.intake.models import Signal
from tests.people import World

from .posting import alert, group, make_key, post

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8


def post_at_once(token: str, bodies: list[object], format_name: str) -> list[list[str]]:
    """The incidents each body was answered with, all posted at the same moment."""
    barrier = Barrier(len(bodies))

    def run(body: object) -> list[str]:
        try:
            barrier.wait(10)
            answer = post(token, body, format_name)
            assert answer.status_code == 202, answer.content
            numbers: list[str] = answer.json()["incidents"]
            return numbers
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(run, bodies))


def test_the_same_new_alert_at_once_is_one_incident_and_every_signal_is_kept(world: World) -> None:
    _, token = make_key(world.webshop)
    answers = post_at_once(token, [group([alert("DiskFull")])] * THREADS, "alertmanager")
    incident = Incident.objects.get()
    assert answers == [[incident.number]] * THREADS
    assert incident.signals.count() == THREADS
    assert incident.timeline.filter(kind="reported").count() == 1


def test_overlapping_batches_in_opposite_order_do_not_wait_for_each_other_crosswise(world: World) -> None:
    _, token = make_key(world.webshop)
    alerts = [alert(f"Alert{i}") for i in range(10)]
    post_at_once(token, [group(alerts), group(reversed(alerts))] * 2, "alertmanager")
    assert Incident.objects.count() == 10
    assert Signal.objects.filter(incident__isnull=False).count() == 40


def test_a_resolve_by_hand_at_once_loses_no_alert(world: World) -> None:
    """Whoever is first, a firing alert ends up on an incident that was open when it came."""
    _, token = make_key(world.webshop)
    body = {"title": "Down", "dedup_key": "a"}
    standing = Incident.objects.get(pk=post(token, body).json()["incidents"][0])
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            incidents.resolve(standing, by=world.oncall, now=timezone.now(), reason="fixed")
            posted = pool.submit(post_at_once, token, [body], "generic")
            wait_until_somebody_waits_for_us()
        [[number]] = posted.result(20)
    assert number != standing.number
    assert Incident.objects.open().get().number == number


def test_a_reopen_at_once_is_joined(world: World) -> None:
    _, token = make_key(world.webshop)
    body = {"title": "Down", "dedup_key": "a"}
    standing = Incident.objects.get(pk=post(token, body).json()["incidents"][0])
    incidents.resolve(standing, by=world.oncall, now=timezone.now(), reason="fixed")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            incidents.reopen(standing, by=world.oncall, now=timezone.now())
            posted = pool.submit(post_at_once, token, [body], "generic")
            wait_until_somebody_waits_for_us()
        assert posted.result(20) == [[standing.number]]
    assert standing.signals.count() == 2


def wait_until_somebody_waits_for_us() -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waited")
