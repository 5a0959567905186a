"""Starting a process that cannot outlive us, and stopping one so that nothing of it stays."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from portal.embedded.place import Account

LAUNCHER = str(Path(__file__).with_name("launcher.py"))


def start(
    argv: Sequence[str],
    *,
    output: IO[bytes] | int,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    directory: Path | None = None,
    if_orphaned: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start `argv` in a process group of its own, so that Ctrl-C in the terminal reaches only us.

    On Linux the kernel sends it `if_orphaned` should we be killed outright; what it started itself is its own
    to look after. Where the program cannot be run, the process says so and ends with code 1.
    """
    # Python of our own between fork and exec (`preexec_fn`) could wait for ever for a lock of a thread that the
    # fork did not copy; a launcher has no threads.
    launcher = [sys.executable, "-I", "-S", LAUNCHER, str(if_orphaned.value)]
    launcher.append("" if account is None else f"{account.uid}:{account.gid}")
    return subprocess.Popen(  # noqa: S603  # the callers name what they start
        [*launcher, *argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=directory,
        env=environment,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes], *, grace: float, politely: signal.Signals = signal.SIGTERM) -> None:
    """Ask the process to end, kill it after `grace` seconds, then kill what is left of its group."""
    if process.poll() is None:
        process.send_signal(politely)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=grace)
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """The process, if it still runs, and everything it left behind in its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def stop_leftover(pid_file: Path, *, program: str, mark: str, politely: signal.Signals) -> None:
    """End a server that an earlier, killed run left behind, and drop a pid file that names nobody of ours.

    The pid may meanwhile belong to an innocent process: only one whose command line holds both `program`
    and `mark` (the path of its files) is touched.
    """
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    command = _command_line(pid)
    if program in command and mark in command:
        _end(pid, politely)
    pid_file.unlink(missing_ok=True)


def _end(pid: int, politely: signal.Signals) -> None:
    for number, seconds in ((politely, 15.0), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + seconds
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        while _command_line(pid) and time.monotonic() < deadline:
            time.sleep(0.05)


def _command_line(pid: int) -> str:
    """The command line of a live process, empty if there is none (or it is a zombie)."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    listed = subprocess.run(  # noqa: S603  # a number and fixed words
        ["/bin/ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a server's log, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
