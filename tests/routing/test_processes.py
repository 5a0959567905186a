"""Beat, worker, sender and watchdog as the processes they are, with PostgreSQL, Valkey and the phones beside them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from demo.phones.process import PhonesProcess, start_phones
from portal import clock
from portal.embedded import Valkey
from routing.incidents.models import Incident
from routing.incidents.services import create_incident
from routing.paging.models import Alarm, Delivery, Escalation, Page, Pulse
from tests.people import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ROOT = Path(__file__).resolve().parent.parent.parent
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "portal"]
WORKER = [*CELERY, "worker", "--without-gossip", "--without-mingle", "--loglevel=WARNING"]
COMMANDS = {
    "worker": [*WORKER, "--queues=escalation", "--hostname=escalation@%h", "--concurrency=1"],
    "sender": [*WORKER, "--queues=delivery", "--hostname=delivery@%h", "--pool=threads", "--concurrency=4"],
    "beat": [*CELERY, "beat", "--loglevel=WARNING", "--scheduler=celery.beat:Scheduler", "--pidfile="],
    "watchdog": [sys.executable, "manage.py", "watchdog"],
}


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def phones() -> Iterator[PhonesProcess]:
    sid, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    with start_phones(account_sid=sid, auth_token=token) as process:
        yield process


def database_url() -> str:
    """The address of this test's database, for processes of their own."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@contextmanager
def running(names: list[str], *, redis_url: str, phones: PhonesProcess) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The processes `names`, ended with the block."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "REDIS_URL": redis_url,
        "TWILIO_BASE_URL": phones.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{phones.smtp_port}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    started = {
        name: subprocess.Popen(COMMANDS[name], cwd=ROOT, env=environment, start_new_session=True) for name in names
    }
    try:
        yield started
    finally:
        for process in started.values():
            os.killpg(process.pid, signal.SIGKILL)
        for process in started.values():
            process.wait()


def eventually(holds: Callable[[], object], *, seconds: float = 30) -> float:
    """Wait until `holds`; how long it took. A condition of other processes has no event to wait for."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, "did not come true in time"
        time.sleep(0.05)
    return time.monotonic() - began


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
    with running(["beat", "worker", "sender"], redis_url=redis_server.url, phones=phones):
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
    with running(["beat", "worker", "sender", "watchdog"], redis_url=redis_server.url, phones=phones):
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


def test_a_worker_outlives_redis_stopped_while_a_late_task_runs(
    world: World, phones: PhonesProcess, redis_server: Valkey
) -> None:
    """With kombu 5.7.0 the worker died here, which is why it is pinned."""
    phones.client.mode(str(world.oncall.mobile), "slow", seconds=3)
    with running(["beat", "worker", "sender"], redis_url=redis_server.url, phones=phones) as processes:
        eventually(lambda: Pulse.objects.filter(name="tick").exists())
        alert(world)
        eventually(lambda: Delivery.objects.filter(state=Delivery.State.SENDING).exists())
        redis_server.stop()
        time.sleep(4)
        redis_server.start()
        stopped = clock.now()
        eventually(lambda: Pulse.objects.filter(name="tick", at__gt=stopped).exists(), seconds=60)
        assert all(process.poll() is None for process in processes.values())
        eventually(lambda: not Delivery.objects.filter(state__in=["queued", "sending"]).exists(), seconds=30)
        assert len(phones.client.calls(to=str(world.oncall.mobile))) == 1
