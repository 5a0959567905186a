"""Both servers, as far as the environment does not name others."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from portal.embedded.place import EmbeddedError, Place, give_to_owner, write_private
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey

ENVIRONMENT_FILE = "servers.json"


class AlreadyRunningError(EmbeddedError):
    """Another process owns the servers of this directory.

    `environment` holds the variables that reach them; it is empty while they are still starting.
    """

    def __init__(self, directory: Path, owner: str, environment: dict[str, str]) -> None:
        super().__init__(f"{directory} is in use by process {owner}: stop that one first.")
        self.environment = environment


class EmbeddedServers:
    """A context in which PostgreSQL and Valkey run, with their files in `directory`.

    A server whose variable (`DATABASE_URL`, `REDIS_URL`) is set in `given` is not started: the operator's is
    used. `environment` holds the variables of those that are ours. `durable=False` trades safety against
    power failure for speed: for tests alone.
    """

    def __init__(self, directory: Path, *, durable: bool = True, given: Mapping[str, str] = os.environ) -> None:
        self._directory = directory.resolve()
        self._durable = durable
        self._wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not given.get(name)]
        self._servers: dict[str, Postgres | Valkey] = {}
        self._lock: int | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {name: server.url for name, server in self._servers.items()}

    def __enter__(self) -> Self:
        if self._wanted:
            place = Place(self._directory)
            self._take_lock()
            try:
                self._start(place)
            except BaseException:
                self.stop()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def restart_dead(self) -> list[str]:
        """Start again what died by itself; the names of those servers."""
        dead = [server for server in self._servers.values() if not server.running]
        for server in dead:
            server.start()
        return [type(server).__name__ for server in dead]

    def stop(self) -> None:
        """Valkey first, then PostgreSQL."""
        for server in reversed(self._servers.values()):
            server.stop()
        self._servers.clear()
        if self._lock is not None:
            (self._directory / ENVIRONMENT_FILE).unlink(missing_ok=True)
            self._release_lock()

    def remove(self) -> None:
        """Delete the directory and all data outside it. Raises AlreadyRunningError while servers run."""
        place = Place(self._directory)
        self._take_lock()
        place.remove()
        self._release_lock()

    def _start(self, place: Place) -> None:
        for name in self._wanted:
            server = Postgres(place, durable=self._durable) if name == "DATABASE_URL" else Valkey(place.directory)
            self._servers[name] = server
            server.start()
        write_private(self._directory / ENVIRONMENT_FILE, json.dumps(self.environment))

    def _take_lock(self) -> None:
        """The kernel drops the lock with its owner, however that ends; so it is never stale."""
        path = self._directory / "lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 20).decode().strip()
            os.close(lock)
            raise AlreadyRunningError(self._directory, owner, self._published()) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        give_to_owner(path)
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _published(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self._directory / ENVIRONMENT_FILE).read_text())
        except (OSError, ValueError):
            return {}
        return found
