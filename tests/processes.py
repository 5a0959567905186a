"""The portal's processes as tests start, kill and restart them."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.db import connection

from demo.phones.process import PhonesProcess

ROOT = Path(__file__).resolve().parent.parent
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "portal"]
WORKER = [*CELERY, "worker", "--without-gossip", "--without-mingle", "--loglevel=WARNING"]
COMMANDS: Mapping[str, Sequence[str]] = {
    "worker": [*WORKER, "--queues=escalation", "--hostname=escalation@%h", "--concurrency=1"],
    "sender": [*WORKER, "--queues=delivery", "--hostname=delivery@%h", "--pool=threads", "--concurrency=4"],
    "beat": [*CELERY, "beat", "--loglevel=WARNING", "--scheduler=celery.beat:Scheduler", "--pidfile="],
    "watchdog": [sys.executable, "manage.py", "watchdog"],
}


def web(port: int) -> list[str]:
    """The command of the web server on a port of this machine."""
    command = [sys.executable, "-m", "gunicorn", "--worker-class=gthread", "--workers=2", "--threads=4"]
    return [*command, "--log-level=warning", "--no-control-socket", f"--bind=127.0.0.1:{port}", "portal.wsgi"]


def database_url() -> str:
    """The address of this test's database, for processes of their own."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def surroundings(
    *, database_url: str, redis_url: str, phones: PhonesProcess, port: int | None = None
) -> dict[str, str]:
    """The variables that lead to the servers, to the phones, and from the phones to the web server on `port`."""
    found = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TWILIO_BASE_URL": phones.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{phones.smtp_port}",
        "ALLOWED_HOSTS": "*",
    }
    return found | {"PUBLIC_URL": f"http://127.0.0.1:{port}"} if port else found


def free_port() -> int:
    """Below the range from which the kernel takes ports for outgoing connections, so that none steals it meanwhile."""
    for _attempt in range(100):
        port = random.SystemRandom().randrange(20000, 32000)  # not a seeded one: runs side by side would collide
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def start(
    command: Sequence[str], environment: Mapping[str, str], log: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """One process in a group of its own, so that what it starts can be killed with it."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", **environment}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to its whole group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def running(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The processes by name, ended with the block."""
    started = {name: start(command, environment) for name, command in commands.items()}
    try:
        yield started
    finally:
        for process in started.values():
            kill(process)


def eventually(holds: Callable[[], Any], *, seconds: float = 30) -> float:
    """Wait until `holds`; how long it took. A condition of other processes has no event to wait for."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, "did not come true in time"
        time.sleep(0.05)
    return time.monotonic() - began
