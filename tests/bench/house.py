"""The portal's processes as they run in production, on this machine."""

import os
import random
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from demo.phones.client import Phones
from demo.phones.process import PhonesProcess, start_phones
from demo.run import celery, celery_worker, gunicorn
from portal.embedded import processes

START_SECONDS = 30
LOG = Path(".local") / "bench.log"
"""What the processes say; a benchmark's own output is its table."""
ACCOUNT, TOKEN = "AC" + "0" * 32, secrets.token_hex(16)
PORTAL = {
    "DJANGO_SETTINGS_MODULE": "portal.settings",
    "LOG_LEVEL": "WARNING",
    "INTAKE_RATE_PER_MINUTE": "100000000",
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_FROM_NUMBER": "+496990009000",
}


@contextmanager
def running(*commands: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """The commands as processes, killed with the block."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        with LOG.open("ab") as log:
            for command in commands:
                started.append(  # noqa: PERF401 -- what was started is to be killed also where the next fails
                    processes.start(
                        command,
                        output=log,
                        environment={**os.environ, **(environment or {})},
                        if_orphaned=signal.SIGKILL,
                    )
                )
        yield
    finally:
        for process in started:
            processes.stop(process, grace=3)


@contextmanager
def web(application: str = "portal.wsgi", *, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The web server with an application of ours or the portal; its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*gunicorn(), "--keep-alive=75", "--bind", f"127.0.0.1:{port}", application]
    given = {"PUBLIC_URL": url, "ALLOWED_HOSTS": "127.0.0.1", **(environment or {})}
    with running(command, environment=given):
        wait_until(lambda: _listens(port))
        yield url


@contextmanager
def whole_house() -> Iterator[tuple[str, Phones]]:
    """Web, worker, sender, beat and the simulated phones; the portal's URL, and how to reach the phones."""
    port = free_port()
    with start_phones(account_sid=ACCOUNT, auth_token=TOKEN) as phones:
        environment = _with_phones(phones, f"http://127.0.0.1:{port}")
        commands = [
            [*gunicorn(), "--keep-alive=75", "--bind", f"127.0.0.1:{port}", "portal.wsgi"],
            [*celery_worker("escalation"), "--concurrency=1"],
            [*celery_worker("delivery"), "--pool=threads", "--concurrency=16"],
            [*celery("beat"), "--loglevel=WARNING", "--scheduler=celery.beat:Scheduler", "--pidfile="],
        ]
        with running(*commands, environment=environment):
            wait_until(lambda: _listens(port))
            yield environment["PUBLIC_URL"], phones.client


def _with_phones(phones: PhonesProcess, public_url: str) -> dict[str, str]:
    return {
        "PUBLIC_URL": public_url,
        "ALLOWED_HOSTS": "127.0.0.1",
        "TWILIO_BASE_URL": phones.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{phones.smtp_port}",
    }


def wait_until(holds: Callable[[], object], *, seconds: float = START_SECONDS) -> float:
    """Wait for a condition of other processes; the seconds it took. Raises TimeoutError."""
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() > began + seconds:
            raise TimeoutError(f"did not come true in {seconds} s; see {LOG}")
        time.sleep(0.05)
    return time.perf_counter() - began


def free_port() -> int:
    """Below the range from which the kernel takes ports for outgoing connections, so that none steals it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
