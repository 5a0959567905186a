"""Beat, worker, sender and watchdog as the processes they are, with PostgreSQL, Valkey and the phones beside them."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
import redis
from django.conf import settings

from demo.phones.process import PhonesProcess, start_phones
from portal import clock
from portal.embedded import Valkey
from routing.incidents.models import Incident
from routing.incidents.services import create_incident
from routing.paging.models import Alarm, Delivery, Escalation, Page, Pulse
from tests.people import World, make_world
from tests.processes import COMMANDS, database_url, eventually, kill, running, surroundings

Processes = dict[str, subprocess.Popen[bytes]]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def phones() -> Iterator[PhonesProcess]:
    sid, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    with start_phones(account_sid=sid, auth_token=token) as process:
        yield process


def processes(*names: str, redis_url: str, phones: PhonesProcess) -> AbstractContextManager[Processes]:
    """The processes `names`, ended with the block."""
    environment = surroundings(database_url=database_url(), redis_url=redis_url, phones=phones)
    return running({name: COMMANDS[name] for name in names}, environment)


def alert(world: World) -> Incident:
    return create_incident(
        project=world.webshop,
        priority="blocker",
        title="HTTP 503 on all frontends",
        source=Incident.Source.MONITORING,
        by=None,
        now=clock.now(),
    )


def test_a_signal_rings_the_primary_and_the_moved_due_time_the_backup(
    world: World, phones: PhonesProcess, redis_server: Valkey
) -> None:
    with processes("beat", "worker", "sender", redis_url=redis_server.url, phones=phones):
        eventually(lambda: Pulse.objects.filter(name="tick").exists())
        incident = alert(world)
        assert phones.client.wait(str(world.oncall.mobile), "ringing", timeout=10)
        assert phones.client.wait(str(world.oncall.mobile), "sms", timeout=10)
        # Thirty minutes, to the second, by moving the due time instead of a shorter wait.
        page = Page.objects.get()
        escalation = Escalation.objects.get(incident=incident)
        assert (escalation.due_at - page.created_at).total_seconds() == 30 * 60
        Escalation.objects.filter(pk=escalation.pk).update(due_at=clock.now(), step_due_at=clock.now())
        assert phones.client.wait(str(world.backup.mobile), "ringing", timeout=10)


def test_losing_redis_delays_a_page_by_seconds_and_loses_none(
    world: World, phones: PhonesProcess, redis_server: Valkey
) -> None:
    with processes("beat", "worker", "sender", "watchdog", redis_url=redis_server.url, phones=phones):
        eventually(lambda: Pulse.objects.filter(name="tick").exists())
        redis_server.stop()
        alert(world)
        took = eventually(lambda: phones.client.calls(to=str(world.oncall.mobile)), seconds=15)
        assert took < 10
        assert Alarm.objects.filter(kind="tick_late", cleared_at=None).exists()
        redis_server.start()
        # Workers come back by themselves, and the watchdog stands by again.
        eventually(lambda: not Alarm.objects.filter(kind="tick_late", cleared_at=None).exists(), seconds=60)
        assert len(phones.client.calls(to=str(world.oncall.mobile))) == 1


def test_with_all_workers_dead_the_watchdog_pages_until_they_are_back(
    world: World, phones: PhonesProcess, redis_server: Valkey
) -> None:
    with processes("beat", "worker", "sender", "watchdog", redis_url=redis_server.url, phones=phones) as started:
        eventually(lambda: Pulse.objects.filter(name="tick").exists())
        for name in ("worker", "sender"):
            kill(started[name])
        incident = alert(world)
        took = eventually(lambda: phones.client.calls(to=str(world.oncall.mobile)), seconds=15)
        assert took < 10
        # The backup's turn comes and goes without them, too.
        Escalation.objects.filter(incident=incident).update(due_at=clock.now(), step_due_at=clock.now())
        assert eventually(lambda: phones.client.calls(to=str(world.backup.mobile)), seconds=15) < 5
        assert Alarm.objects.filter(kind="tick_late", cleared_at=None).exists()
        with processes("worker", "sender", redis_url=redis_server.url, phones=phones):
            eventually(lambda: not Alarm.objects.filter(kind="tick_late", cleared_at=None).exists(), seconds=60)
            assert len(phones.client.calls(to=str(world.oncall.mobile))) == 1
            assert len(phones.client.calls(to=str(world.backup.mobile))) == 1


def test_a_worker_outlives_redis_stopped_while_a_late_task_runs(
    world: World, phones: PhonesProcess, redis_server: Valkey
) -> None:
    """With kombu 5.7.0 the worker died here, which is why it is pinned."""
    phones.client.mode(str(world.oncall.mobile), "slow", seconds=3)
    with processes("beat", "worker", "sender", redis_url=redis_server.url, phones=phones) as started:
        eventually(lambda: Pulse.objects.filter(name="tick").exists())
        alert(world)
        eventually(lambda: Delivery.objects.filter(state=Delivery.State.SENDING).exists())
        redis_server.stop()
        time.sleep(4)
        redis_server.start()
        stopped = clock.now()
        eventually(lambda: Pulse.objects.filter(name="tick", at__gt=stopped).exists(), seconds=60)
        assert all(process.poll() is None for process in started.values())
        eventually(lambda: not Delivery.objects.filter(state__in=["queued", "sending"]).exists(), seconds=30)
        assert len(phones.client.calls(to=str(world.oncall.mobile))) == 1


def test_a_worker_goes_on_after_redis_hung(world: World, phones: PhonesProcess, redis_server: Valkey) -> None:
    """A confirmation that times out must not leave the worker with its hands full for ever."""
    with redis.Redis.from_url(redis_server.url) as client:
        pid = client.info("server")["process_id"]
    with processes("beat", "worker", "sender", redis_url=redis_server.url, phones=phones):
        eventually(lambda: Pulse.objects.filter(name="tick").exists())
        os.kill(pid, signal.SIGSTOP)
        time.sleep(12)
        os.kill(pid, signal.SIGCONT)
        resumed = clock.now()
        eventually(lambda: Pulse.objects.filter(name="tick", at__gt=resumed).exists(), seconds=60)
        alert(world)
        assert phones.client.wait(str(world.oncall.mobile), "ringing", timeout=20)


def test_a_slow_provider_does_not_keep_a_watchdog_from_paging(
    world: World, phones: PhonesProcess, redis_server: Valkey
) -> None:
    redis_server.stop()
    phones.client.mode(str(world.oncall.mobile), "slow", seconds=9)
    with processes("watchdog", redis_url=redis_server.url, phones=phones):
        alert(world)
        eventually(lambda: Delivery.objects.filter(state=Delivery.State.SENDING).exists())
        incident = alert(world)
        assert eventually(lambda: Page.objects.filter(escalation__incident=incident).exists()) < 5
        assert Delivery.objects.filter(state=Delivery.State.SENDING).exists()
