"""Start the simulated phones as a process of their own and stop them again."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import requests

from demo.phones.client import Phones

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT = 30
STOP_TIMEOUT = 4


class PhonesProcess:
    """A running process; a context manager that ends it. `url` has no slash at its end."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, smtp_port: int, log: IO[bytes]) -> None:
        self._process = process
        self._log = log
        self.port = port
        self.smtp_port = smtp_port
        self.url = f"http://127.0.0.1:{port}"
        self.client = Phones(self.url)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_until_ready(self) -> None:
        """Raises RuntimeError with the process's output where it does not come up."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            if _answers(self.url):
                return
            time.sleep(0.05)
        self.stop()
        self._log.seek(0)
        raise RuntimeError(f"the phones did not start:\n{self._log.read().decode(errors='replace')}")

    def stop(self) -> None:
        """End the process and whatever it started. Doing so twice does no harm."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                break
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                continue
        self._process.wait()


def start_phones(
    *,
    account_sid: str,
    auth_token: str,
    port: int = 0,
    smtp_port: int = 0,
    speech_seconds: float = 0,
    time_scale: float = 0.05,
    sms_url: str = "",
    voice_url: str = "",
    voice_status_url: str = "",
    directory: Path | None = None,
) -> PhonesProcess:
    """Start the phones and wait until they answer. A port of 0 means any that is free."""
    port = port or _free_port()
    smtp_port = smtp_port or _free_port()
    environment = os.environ | {
        "TWILIO_ACCOUNT_SID": account_sid,
        "TWILIO_AUTH_TOKEN": auth_token,
        "PHONES_HOST": "127.0.0.1",
        "PHONES_SPEECH_SECONDS": str(speech_seconds),
        "PHONES_TIME_SCALE": str(time_scale),
        "PHONES_SMS_URL": sms_url,
        "PHONES_VOICE_URL": voice_url,
        "PHONES_VOICE_STATUS_URL": voice_status_url,
        "PHONES_DIRECTORY": str(directory or ""),
    }
    log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    process = subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", "demo.phones", "--port", str(port), "--smtp-port", str(smtp_port)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    phones = PhonesProcess(process, port, smtp_port, log)
    phones.wait_until_ready()
    return phones


def _answers(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"{url}/healthz", timeout=2).ok
        except (requests.ConnectionError, requests.Timeout):
            return False


def _free_port() -> int:
    """Below the range from which the kernel takes ports for outgoing connections, so that none steals it meanwhile."""
    for _attempt in range(100):
        port = random.SystemRandom().randrange(20000, 32000)  # not a seeded one: test runs side by side would collide
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")
