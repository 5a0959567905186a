"""The embedded servers and the supervisor, with real processes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
import redis

from portal.embedded import EmbeddedServers, Valkey
from portal.embedded.servers import AlreadyRunningError

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks processes up in /proc"),
]

ROOT = Path(__file__).resolve().parents[2]

HOUSE = """
import sys
from pathlib import Path
from portal.embedded import Child, EmbeddedServers, Supervisor, exit_on_signals

exit_on_signals()
names = sys.argv[2::2]
children = [
    Child(name, [sys.executable, "-u", "-c", code], once=name == "once")
    for name, code in zip(names, sys.argv[3::2])
]
with EmbeddedServers(Path(sys.argv[1]), durable=False) as servers:
    Supervisor(children, servers=servers, grace=1.0).run()
"""
IDLE = "import time; print('up'); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)"
PARENT = "import subprocess, time; subprocess.Popen(['sleep', '600']); print('up'); time.sleep(600)"


def own_environment() -> dict[str, str]:
    names = {"DATABASE_URL", "REDIS_URL"}
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return {**inherited, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "local"
    yield path
    EmbeddedServers(path).remove()


def servers_in(directory: Path) -> EmbeddedServers:
    return EmbeddedServers(directory, durable=False, given={})


def query(url: str, sql: str) -> str:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""


def data_directory(servers: EmbeddedServers) -> Path:
    return Path(query(servers.environment["DATABASE_URL"], "SHOW data_directory"))


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def descendants(pid: int) -> set[tuple[int, str]]:
    """Every process below `pid`, each with its start time, so that a reused number is not mistaken for it."""
    found: set[tuple[int, str]] = set()
    generation = {pid}
    everybody = processes()
    while generation:
        children = {(child, start) for child, (parent, start) in everybody.items() if parent in generation}
        generation = {child for child, _start in children - found}
        found |= children
    return found


def processes() -> dict[int, tuple[int, str]]:
    """Parent and start time by pid, without zombies."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(stat.parent.name)] = (int(fields[1]), fields[19])
    return found


def still_alive(those: set[tuple[int, str]]) -> set[tuple[int, str]]:
    return those & {(pid, start) for pid, (_parent, start) in processes().items()}


class House:
    """A supervisor with both servers and the given children, in a process of its own."""

    def __init__(self, directory: Path, script: str, **children: str) -> None:
        self.log = directory.parent / "house.log"
        arguments = [part for pair in children.items() for part in pair]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", script, str(directory), *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=own_environment(),
            )

    def text(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: str) -> None:
        eventually(lambda: bool(re.search(pattern, self.text(), re.MULTILINE)))

    def end(self, number: signal.Signals) -> set[tuple[int, str]]:
        """Send the signal; what is left of the house when its own process has gone."""
        those = descendants(self.process.pid)
        assert len(those) > 5, "PostgreSQL, Valkey and the children should have been found"
        self.process.send_signal(number)
        self.process.wait(timeout=20)
        return still_alive(those)


@contextmanager
def house(directory: Path, script: str = HOUSE, /, **children: str) -> Iterator[House]:
    running = House(directory, script, **children)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait(timeout=30)


def test_both_servers_answer_and_keep_to_this_machine(directory: Path) -> None:
    with servers_in(directory) as servers:
        url = servers.environment["DATABASE_URL"]
        assert query(url, "SHOW server_version").startswith("18.")
        assert query(url, "SHOW listen_addresses") == ""
        assert query(url, "SHOW server_encoding") == "UTF8"
        assert query(url, "SELECT lower('ÄÖÜ')") == "äöü"
        with redis.Redis.from_url(servers.environment["REDIS_URL"]) as client:
            assert client.ping()
            assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_valkey_wants_its_password(redis_server: Valkey) -> None:
    without = re.sub(r":[^:@/]+@", "", redis_server.url)
    with redis.Redis.from_url(without) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_a_server_named_by_the_environment_is_not_started(directory: Path) -> None:
    with EmbeddedServers(directory, given={"DATABASE_URL": "postgres://elsewhere/db"}) as servers:
        assert list(servers.environment) == ["REDIS_URL"]


def test_both_named_by_the_environment_touch_nothing(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere"}
    with EmbeddedServers(tmp_path / "local", given=given) as servers:
        assert servers.environment == {}
    assert not (tmp_path / "local").exists()


def test_the_second_start_keeps_the_data(directory: Path) -> None:
    with servers_in(directory) as servers:
        query(servers.environment["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    with servers_in(directory) as servers:
        assert query(servers.environment["DATABASE_URL"], "SELECT answer FROM kept") == "42"


def test_durable_unless_told_otherwise(directory: Path) -> None:
    with EmbeddedServers(directory, given={}) as servers:
        settings = [
            query(servers.environment["DATABASE_URL"], f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        ]
    assert settings == ["on", "on", "on"]


def test_a_second_owner_is_refused_and_told_how_to_join(directory: Path) -> None:
    with servers_in(directory) as first:
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())) as refusal, servers_in(directory):
            pass
        assert refusal.value.environment == first.environment


def test_servers_that_died_come_back_at_the_same_address(directory: Path) -> None:
    with servers_in(directory) as servers:
        urls = servers.environment
        assert servers.restart_dead() == []
        pid_files = (data_directory(servers) / "postmaster.pid", directory / "valkey.pid")
        pids = {int(file.read_text().split()[0]) for file in pid_files}
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not pids & processes().keys())
        assert servers.restart_dead() == ["Postgres", "Valkey"]
        assert servers.environment == urls
        assert query(urls["DATABASE_URL"], "SELECT 1") == "1"
        with redis.Redis.from_url(urls["REDIS_URL"]) as client:
            assert client.ping()


@pytest.mark.parametrize("name", ["with a space, and 'quotes'", "/".join(["deep"] * 30)], ids=["odd", "deep"])
def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    servers = servers_in(tmp_path / name)
    with servers:
        assert query(servers.environment["DATABASE_URL"], "SELECT 1") == "1"
    servers.remove()


def test_a_pid_file_that_names_an_innocent_process_is_dropped(directory: Path) -> None:
    with servers_in(directory) as servers:
        data = data_directory(servers)
    with subprocess.Popen(["sleep", "60"]) as innocent:
        (data / "postmaster.pid").write_text(f"{innocent.pid}\n{data}\n")
        with servers_in(directory) as servers:
            assert query(servers.environment["DATABASE_URL"], "SELECT 1") == "1"
        assert innocent.poll() is None
        innocent.kill()


def test_an_interrupted_first_start_is_begun_again(directory: Path) -> None:
    remains = directory / "postgres.new"
    remains.mkdir(parents=True)
    (remains / "PG_VERSION").write_text("18\n")
    with servers_in(directory) as servers:
        assert query(servers.environment["DATABASE_URL"], "SELECT 1") == "1"


def test_a_child_that_died_is_started_again_and_its_last_words_are_kept(directory: Path) -> None:
    code = "import sys; print('up'); sys.stdout.write('last words'); sys.exit(3)"
    with house(directory, web=IDLE, failing=code) as running:
        running.wait_for(r"failing \| up\nfailing \| last words\n *\| failing ended with code 3; .* in 1 s")
        running.wait_for(r"(failing \| up(.|\n)*){2}in 2 s")
        assert running.text().count("web     | up") == 1


def test_a_child_that_runs_once_is_left_alone_when_done(directory: Path) -> None:
    with house(directory, once="print('hello')", web=IDLE) as running:
        running.wait_for("^hello$")
        time.sleep(1.5)
        assert running.text().count("hello") == 1
        assert "ended" not in running.text()


def test_a_server_that_died_is_started_again_by_the_supervisor(directory: Path) -> None:
    with house(directory, web=IDLE) as running:
        running.wait_for(r"web \| up")
        valkey = next(pid for pid, _ in descendants(running.process.pid) if "valkey-server" in command(pid))
        os.kill(valkey, signal.SIGKILL)
        running.wait_for(r"\| Valkey died and was started again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_nothing_running(directory: Path, number: signal.Signals) -> None:
    with house(directory, web=IDLE, stubborn=STUBBORN, parent=PARENT) as running:
        running.wait_for(r"(\| up\n(.|\n)*){3}")
        assert running.end(number) == set()
        assert running.process.returncode == 0
        assert not (directory / "servers.json").exists()


def test_children_are_asked_to_stop_and_have_time_for_it(directory: Path) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(time.sleep(0.3) or print('bye')))"
    )
    with house(directory, web=f"{code}; print('up'); time.sleep(600)") as running:
        running.wait_for(r"\| up")
        running.end(signal.SIGTERM)
        assert "web | bye\n" in running.text()


def test_a_second_signal_is_an_order(directory: Path) -> None:
    script = HOUSE.replace("grace=1.0", "grace=600.0")
    with house(directory, script, stubborn=STUBBORN) as running:
        running.wait_for(r"\| up")
        running.process.send_signal(signal.SIGINT)
        running.wait_for(r"\| stopping")
        assert running.end(signal.SIGINT) == set()


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_recovers(directory: Path) -> None:
    with house(directory, web=IDLE, stubborn=STUBBORN) as running:
        running.wait_for(r"(\| up\n(.|\n)*){2}")
        with pytest.raises(AlreadyRunningError) as refusal, servers_in(directory):
            pass
        query(refusal.value.environment["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        left = running.end(signal.SIGKILL)
        eventually(lambda: not still_alive(left))
    with servers_in(directory) as servers:
        assert query(servers.environment["DATABASE_URL"], "SELECT answer FROM kept") == "42"


def test_a_log_that_nobody_reads_any_more_ends_it(directory: Path) -> None:
    chatty = "import time\nwhile True: print('line'); time.sleep(0.05)"
    process = subprocess.Popen(
        [sys.executable, "-c", HOUSE, str(directory), "chatty", chatty],
        stdout=subprocess.PIPE,
        env=own_environment(),
    )
    assert process.stdout is not None
    assert b"line" in process.stdout.readline()
    those = descendants(process.pid)
    process.stdout.close()
    assert process.wait(timeout=20) == 0
    assert still_alive(those) == set()


def command_line(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal.embedded", "--directory", str(directory), "--", *command],
        env=own_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_the_command_line_passes_the_exit_code(directory: Path, script: str, code: int) -> None:
    assert command_line(directory, "sh", "-c", script).returncode == code


def test_the_command_line_passes_the_urls_and_every_argument(directory: Path) -> None:
    done = command_line(directory, "sh", "-c", 'echo "$DATABASE_URL $REDIS_URL $1 $2"', "sh", "--", "--help")
    assert re.fullmatch(r"postgres://\S+ redis://\S+ -- --help\n", done.stdout)


def test_the_command_line_joins_servers_that_run_already(directory: Path) -> None:
    with servers_in(directory) as servers:
        done = command_line(directory, "sh", "-c", "echo $DATABASE_URL $REDIS_URL")
        assert done.stdout.split() == [servers.environment["DATABASE_URL"], servers.environment["REDIS_URL"]]
        assert query(servers.environment["DATABASE_URL"], "SELECT 1") == "1"


def test_removal_is_refused_while_the_servers_run(directory: Path) -> None:
    with servers_in(directory), pytest.raises(AlreadyRunningError):
        EmbeddedServers(directory).remove()


def test_a_valkey_stopped_and_started_again_keeps_its_address(redis_server: Valkey) -> None:
    url = redis_server.url
    with redis.Redis.from_url(url, socket_connect_timeout=1) as client:
        redis_server.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        redis_server.start()
        assert client.ping()
    assert redis_server.url == url


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
