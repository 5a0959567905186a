"""Servers of the run's own: a durable PostgreSQL that can be struck down, and a Valkey."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import redis

from portal.embedded import Valkey
from portal.embedded.place import Place
from portal.embedded.postgres import Postgres


class Servers:
    """PostgreSQL writes through to disk, as in production: what it has committed survives its death."""

    def __init__(self, directory: Path) -> None:
        self._place = Place(directory)
        self.postgres = Postgres(self._place, durable=True)
        self.valkey = Valkey(self._place.directory)

    @property
    def postgres_log(self) -> Path:
        return self._place.directory / "postgres.log"

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()

    def remove(self) -> None:
        self._place.remove()

    def restart_postgres(self) -> None:
        """An immediate shutdown: sessions are cut without a word, and the log is replayed at the start."""
        pid = int((self._place.data / "postmaster.pid").read_text().split("\n", 1)[0])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)
        while self.postgres.running:
            time.sleep(0.02)
        self.postgres.start()

    def flush_valkey(self) -> None:
        """Every wake-up under way is gone; as it is anyway while the server is stopped."""
        if not self.valkey.running:
            return
        with redis.Redis.from_url(self.valkey.url) as client:
            client.flushall()
