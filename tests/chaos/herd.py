"""Processes that are started again whenever they die."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes import ROOT

STOP_SECONDS = 10


class Herd:
    """The processes by name, while the context lasts; each logs to `logs`/NAME.log.

    `pause` seconds pass before the dead are started again, about as long as a start takes where nothing is loaded.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        *,
        logs: Path,
        pause: float = 1.0,
    ) -> None:
        self.names = list(commands)
        self.deaths: Counter[str] = Counter()
        self._wanted = {"commands": commands, "pause": pause, "logs": str(logs)}
        self._environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", **environment}
        self._pids: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a key that interrupts us is not meant for them
        )
        self._say(json.dumps(self._wanted))
        self._listener = threading.Thread(target=self._listen, name="herd", daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        self._nursery.wait(STOP_SECONDS)
        self._listener.join()

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all it started."""
        if pid := self._pids.get(name):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def kill_child(self, name: str, chance: random.Random) -> None:
        """SIGKILL to one process that `name` started, which is to replace it."""
        if children := _children(self._pids.get(name, 0)):
            with suppress(ProcessLookupError):
                os.kill(chance.choice(children), signal.SIGKILL)
            self.deaths[f"{name}'s child"] += 1

    def whole(self) -> bool:
        """Whether every process runs."""
        return len(self._pids) == len(self.names)

    def _say(self, line: str) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(f"{line}\n")
        self._nursery.stdin.flush()

    def _listen(self) -> None:
        assert self._nursery.stdout is not None
        for line in self._nursery.stdout:
            match line.split():
                case ["started", name, pid]:
                    self._pids[name] = int(pid)
                case ["died", name]:
                    self._pids.pop(name, None)
                    self.deaths[name] += 1


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in listed.split()]
