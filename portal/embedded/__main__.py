"""Run one command with PostgreSQL and Valkey up: `python -m portal.embedded -- COMMAND ARGUMENT…`.

Servers that `make demo` already runs from this checkout are used, not started twice. Exits with the
command's code, or with 128 plus the number of the signal that ended it.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from portal.embedded.place import EmbeddedError
from portal.embedded.servers import AlreadyRunningError, EmbeddedServers
from portal.embedded.supervisor import exit_on_signals

LOCAL = Path(__file__).resolve().parents[2] / ".local"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m portal.embedded", description=__doc__)
    parser.add_argument("--directory", type=Path, default=LOCAL, help="where the data lies (default: .local)")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--remove", action="store_true", help="delete all data instead")
    action.add_argument("command", nargs="*", default=[], metavar="COMMAND")
    options = parser.parse_args()
    exit_on_signals()
    try:
        if options.remove:
            EmbeddedServers(options.directory).remove()
            return 0
        with servers(options.directory) as environment:
            return run(options.command, environment)
    except EmbeddedError as error:
        print(error, file=sys.stderr)  # noqa: T201  # a command line tool
        return 1


@contextlib.contextmanager
def servers(directory: Path) -> Iterator[dict[str, str]]:
    """The variables that reach the servers: ours for the time of the context, or those running already."""
    try:
        started = EmbeddedServers(directory).__enter__()
    except AlreadyRunningError as running:
        if not running.environment:
            raise
        yield running.environment
    else:
        with contextlib.ExitStack() as stack:
            stack.push(started)
            yield started.environment


def run(command: Sequence[str], environment: dict[str, str]) -> int:
    """In the foreground and in our process group, so that a shell keeps its terminal and its Ctrl-C."""
    process = subprocess.Popen(command, env={**os.environ, **environment})  # noqa: S603  # the user's own command
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
