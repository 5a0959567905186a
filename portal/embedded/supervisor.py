"""Keeps a handful of processes running and their output in one readable log."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import NoReturn

from portal.embedded.child import Child, Life
from portal.embedded.log import OWN, Log
from portal.embedded.place import EmbeddedError
from portal.embedded.servers import EmbeddedServers

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ROUND_SECONDS = 0.2
STOPPING_ROUND_SECONDS = 0.02
SERVER_RETRY_SECONDS = 5.0


def exit_on_signals() -> None:
    """Let SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that every `with` cleans up."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


class Supervisor:
    """Starts the children in order, restarts those that die, and stops all in reverse order.

    Children that have not ended `grace` seconds after the request are killed. The servers are watched and
    started again too, but stopping them is left to their own context.
    """

    def __init__(
        self, children: Sequence[Child], *, servers: EmbeddedServers | None = None, grace: float = 10.0
    ) -> None:
        self._log = Log([child.name for child in children])
        self._lives = [Life(child, tell=self._voice(child), complain=self._say) for child in children]
        self._servers = servers
        self._servers_due = 0.0
        self._grace = grace
        self._signals = 0

    def run(self) -> None:
        """Return after SIGINT, SIGTERM or SIGHUP, when no child is left; a second signal kills them at once.

        These signals stay ignored afterwards, so that the servers can be stopped in peace. Must be called in
        the main thread.
        """
        for number in STOP_SIGNALS:
            signal.signal(number, self._note_signal)
        try:
            while not self._signals:
                self._care()
                self._listen(ROUND_SECONDS)
            self._say("stopping")
            self._stop_all()
        except BrokenPipeError:
            # Whoever read our log is gone, and with it the reason to run.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        finally:
            self._stop_all()

    def _say(self, line: str) -> None:
        self._log.write(OWN, line)

    def _voice(self, child: Child) -> Callable[[str], None]:
        return self._log.write_bare if child.once else partial(self._log.write, child.name)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _care(self) -> None:
        now = time.monotonic()
        if self._servers is not None and now >= self._servers_due:
            try:
                for name in self._servers.restart_dead():
                    self._say(f"{name} died and was started again")
            except EmbeddedError as error:
                self._say(str(error))
                self._servers_due = time.monotonic() + SERVER_RETRY_SECONDS
        for life in self._lives:
            life.care(now)

    def _listen(self, timeout: float) -> None:
        by_output = {life.output: life for life in self._lives if life.output is not None}
        readable, _, _ = select.select(list(by_output), [], [], timeout)
        for output in readable:
            by_output[output].listen()

    def _stop_all(self) -> None:
        """Asked in reverse order, without waiting for one before asking the next; bounded by the grace."""
        for life in reversed(self._lives):
            life.ask_to_stop()
        deadline = time.monotonic() + self._grace
        while any(life.running for life in self._lives) and time.monotonic() < deadline and self._signals < 2:
            self._listen(STOPPING_ROUND_SECONDS)
        for life in reversed(self._lives):
            life.end()
