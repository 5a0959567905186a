"""One supervised process over its lives."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from portal.embedded import processes

FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
SETTLED_SECONDS = 60.0
"""A child that ran this long before it died starts with the shortest delay again."""


@dataclass(frozen=True)
class Child:
    """A process to keep running; `environment` is added to ours.

    One that runs `once` may end with code 0, and its lines stand in the log as they are.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    once: bool = False


class Life:
    """Starts the child when due, notices its death, hands its lines to `tell` and its end to `complain`."""

    def __init__(self, child: Child, *, tell: Callable[[str], None], complain: Callable[[str], None]) -> None:
        self._child = child
        self._tell = tell
        self._complain = complain
        self._process: subprocess.Popen[bytes] | None = None
        self._unfinished = b""
        self._started_at = 0.0
        self._start_at: float | None = 0.0
        self._delay = FIRST_DELAY

    @property
    def output(self) -> IO[bytes] | None:
        """What to wait on for the next line."""
        return None if self._process is None else self._process.stdout

    def care(self, now: float) -> None:
        """To be called several times a second; `now` is monotonic."""
        if self._process is None:
            if self._start_at is not None and now >= self._start_at:
                self._start(now)
        elif (code := self._process.poll()) is not None:
            self._bury(self._process)
            self._start_at = None if self._child.once and code == 0 else self._schedule(code, now)

    def listen(self) -> None:
        """Pass on the complete lines that are there; never waits."""
        if self.output is None:
            return
        try:
            while chunk := os.read(self.output.fileno(), 65536):
                *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
                for line in lines:
                    self._tell(line.decode(errors="replace"))
        except BlockingIOError:
            pass

    def ask_to_stop(self) -> None:
        """Once asked it is not started again."""
        self._start_at = None
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def end(self) -> None:
        """Kill it if it still runs, and what is left of its group in any case."""
        if self._process is not None:
            self._bury(self._process)

    def _start(self, now: float) -> None:
        try:
            self._process = processes.start(
                self._child.argv,
                output=subprocess.PIPE,
                environment={**os.environ, **self._child.environment},
                # Its servers end with us; asked politely it might wait for them for ever.
                if_orphaned=signal.SIGKILL,
            )
        except OSError as error:
            self._complain(f"{self._child.name} cannot be started: {error}")
            self._start_at = self._next_start(now)
            return
        self._started_at = now
        if self.output is not None:
            os.set_blocking(self.output.fileno(), False)

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        processes.kill_group(process)
        self.listen()
        if self._unfinished:
            self._tell(self._unfinished.decode(errors="replace"))
            self._unfinished = b""
        if process.stdout is not None:
            process.stdout.close()
        self._process = None

    def _schedule(self, code: int, now: float) -> float:
        if now - self._started_at > SETTLED_SECONDS:
            self._delay = FIRST_DELAY
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        self._complain(f"{self._child.name} {how}; starting it again in {self._delay:g} s")
        return self._next_start(now)

    def _next_start(self, now: float) -> float:
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST_DELAY)
        return now + delay
