"""`python -m tests.chaos.nursery`: keeps the portal's processes running, each a fork of this one.

The program is loaded once, here: a process that is killed each second would else spend all its time, and the
machine's, on starting. Each has a session, a log and a command line of its own and runs what that says.

Reads from its first line on standard input, as JSON, `commands` by name, `pause` in seconds before a dead process is
started again, and `logs`, a directory. Writes "started NAME PID" and "died NAME" lines; ends all with its input.
"""

import json
import os
import random
import runpy
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

LOOK_SECONDS = 0.05


def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    load()
    kept = Kept(wanted["commands"], wanted["pause"], Path(wanted["logs"]))
    try:
        while not select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
            kept.look()
    finally:
        kept.end()


def load() -> None:
    """What every process would import. Nothing here connects anywhere or starts a thread."""
    import celery.bin.celery
    import django
    import gunicorn.app.wsgiapp
    import gunicorn.workers.gthread
    from django.urls import get_resolver

    django.setup()
    from portal.celery import app

    app.loader.import_default_modules()
    _ = celery.bin.celery, gunicorn.app.wsgiapp, gunicorn.workers.gthread, get_resolver().url_patterns


class Kept:
    def __init__(self, commands: dict[str, list[str]], pause: float, logs: Path) -> None:
        self.commands = commands
        self.pause = pause
        self.logs = logs
        self.alive: dict[int, str] = {}
        self.due = dict.fromkeys(commands, 0.0)

    def look(self) -> None:
        for name, at in list(self.due.items()):
            if time.monotonic() >= at:
                del self.due[name]
                pid = self.start(name)
                self.alive[pid] = name
                say(f"started {name} {pid}")
        while pid := a_dead_child():
            # Of others we know nothing: what a killed process left behind comes to us only where init is not there.
            if name := self.alive.pop(pid, ""):
                end_group(pid)
                self.due[name] = time.monotonic() + self.pause
                say(f"died {name}")

    def start(self, name: str) -> int:
        pid = os.fork()
        if pid == 0:
            become(self.commands[name], self.logs / f"{name}.log")
        return pid

    def end(self) -> None:
        for pid in self.alive:
            end_group(pid)


def a_dead_child() -> int:
    """Its process id; 0 where all live."""
    with suppress(ChildProcessError):
        return os.waitpid(-1, os.WNOHANG)[0]
    return 0


def end_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def become(command: list[str], log: Path) -> NoReturn:
    """Run `python -m MODULE …` or `python FILE …` in this process."""
    code: Any = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, 1)
        os.dup2(opened, 2)
        random.seed()
        if command[1] == "-m":
            sys.argv = [command[2], *command[3:]]
            runpy.run_module(command[2], run_name="__main__", alter_sys=True)
        else:
            sys.argv = command[1:]
            runpy.run_path(command[1], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
