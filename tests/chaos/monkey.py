"""Kills processes, stops servers and makes the phones misbehave, as its seed draws it."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import requests

from demo.phones.client import Phones, PhonesError

from .actors import Cast, insist
from .herd import Herd
from .place import Servers

MOODS = (
    ("answer", {"keys": "1", "times": 1}),
    ("answer", {"keys": "1", "times": 2}),
    ("answer", {"keys": "2", "times": 1}),
    ("answer", {"keys": "*9", "times": 1}),
    ("busy", {"times": 2}),
    ("no_answer", {"times": 2}),
    ("voicemail", {"times": 1}),
    ("http_429", {"times": 3}),
    ("http_500", {"times": 3}),
    ("slow", {"times": 2, "seconds": 1}),
    ("timeout_after_acceptance", {"times": 1, "seconds": 5}),
)
DISTURBANCES: tuple[dict[str, float], ...] = (
    {"duplicate": 1, "shuffle": 1.0},
    {"delay": 2.0},
    {"drop": 0.1},
    {"duplicate": 2, "shuffle": 0.3, "drop": 0.05},
    {},
)


class Monkey:
    """Does one thing every `pause` seconds, mostly a kill, and what is planned when its time comes."""

    def __init__(self, herd: Herd, servers: Servers, phones: Phones, cast: Cast, *, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._herd = herd
        self._servers = servers
        self._phones = phones
        self._cast = cast
        self._chance = random.Random(f"{seed} monkey")

    def play_until(self, stop: threading.Event, *, seconds: float, pause: float) -> None:
        began = time.monotonic()
        planned = self._plan(seconds)
        while not stop.wait(pause):
            while planned and time.monotonic() - began >= planned[0][0]:
                self._do(*planned.pop(0)[1:])
            self._do(*self._kill())
            self._change_a_mood()
        for _at, name, deed in planned:
            self._do(name, deed)

    def _do(self, name: str, deed: Callable[[], object]) -> None:
        self.done[name] += 1
        deed()

    def _kill(self) -> tuple[str, Callable[[], object]]:
        name = self._chance.choice(self._herd.names)
        # Web server and worker replace a child that died by themselves; mostly one of those is hit.
        if name.startswith(("web", "worker")) and self._chance.random() < 0.7:
            return f"kill a child of {name}", lambda: self._herd.kill_child(name, self._chance)
        return f"kill {name}", lambda: self._herd.kill(name)

    def _plan(self, seconds: float) -> list[tuple[float, str, Callable[[], object]]]:
        """What happens once or a few times in every run, at instants that are drawn; in their order."""
        chance, cast = self._chance, self._cast
        rounds = max(1, round(seconds / 60))
        deeds: list[tuple[str, Callable[[], object], int]] = [
            ("PostgreSQL restarted", self._servers.restart_postgres, rounds),
            ("Valkey flushed", self._servers.flush_valkey, rounds * 2),
            ("everybody absent", lambda: insist(cast.everybody_is_away), 1),
            ("roster changed", lambda: insist(lambda: cast.roster_changes(chance)), rounds),
            ("matrix published", lambda: insist(lambda: cast.matrix_is_published(chance)), rounds),
            ("callbacks disturbed", self._disturb_callbacks, rounds * 4),
        ]
        drawn = [
            (chance.uniform(0.1, 0.9) * seconds, name, deed) for name, deed, times in deeds for _time in range(times)
        ]
        for _time in range(rounds):
            away = chance.uniform(0.1, 0.8) * seconds
            drawn.append((away, "Valkey stopped", self._servers.valkey.stop))
            drawn.append((away + chance.uniform(2, 6), "Valkey started", self._servers.valkey.start))
        return sorted(drawn, key=lambda each: each[0])

    def _disturb_callbacks(self) -> None:
        with suppress(PhonesError, requests.ConnectionError):
            self._phones.disturb_callbacks(**self._chance.choice(DISTURBANCES))  # type: ignore[arg-type]

    def _change_a_mood(self) -> None:
        person = self._chance.choice(self._cast.world.people)
        mode, options = self._chance.choice(MOODS)
        with suppress(PhonesError, requests.ConnectionError):
            self._phones.mode(str(person.mobile), mode, **options)  # type: ignore[arg-type]
