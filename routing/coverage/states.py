"""What a role resolves to through weeks, cut wherever the resolver's answer may change. Pure.

All facts that are asked about together come from one gathering: what is equal in them is worked out once.
"""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from matrix.terms import Role
from portal.hours import is_open, next_change
from routing.decision import Facts
from routing.resolve import Resolved, resolve


class State(NamedTuple):
    """What a role resolves to from `start` on, until the next state begins."""

    start: datetime
    found: Resolved


class Window(NamedTuple):
    """The office is open, or is not, in `[start, end)`."""

    start: datetime
    end: datetime
    is_open: bool


Shape = tuple[tuple[tuple[tuple[str, int], ...], Hashable], ...]
"""For each role whom it resolves to and how they can be reached; people are numbered, for who they are is all one."""


class Part(NamedTuple):
    """None of some roles changes from `start` on, until the next part begins; `found` is in the order of the roles."""

    start: datetime
    found: tuple[Resolved, ...]
    shape: Shape


@dataclass(frozen=True)
class Timelines:
    """Timelines from `start` to `end`, each worked out once for all projects that share it."""

    start: datetime
    end: datetime
    _states: dict[Hashable, tuple[State, ...]] = field(default_factory=dict)
    _parts: dict[Hashable, tuple[Part, ...]] = field(default_factory=dict)
    _windows: dict[Hashable, tuple[Window, ...]] = field(default_factory=dict)

    def states(self, facts: Facts, role: Role) -> tuple[State, ...]:
        """The role's states; neighbours differ."""
        key = role_key(facts, role)
        if key not in self._states:
            self._states[key] = tuple(_states(facts, role, self.start, self.end))
        return self._states[key]

    def parts(self, facts: Facts, roles: Sequence[Role]) -> tuple[Part, ...]:
        """The time cut wherever any of the roles changes."""
        key = tuple(role_key(facts, role) for role in roles)
        if key not in self._parts:
            self._parts[key] = self._cut([self.states(facts, role) for role in roles])
        return self._parts[key]

    def windows(self, facts: Facts) -> tuple[Window, ...]:
        """When the office that supports the project is open and when it is not."""
        if facts.hours not in self._windows:
            self._windows[facts.hours] = tuple(_windows(facts, self.start, self.end))
        return self._windows[facts.hours]

    def _cut(self, timelines: list[tuple[State, ...]]) -> tuple[Part, ...]:
        starts = sorted({self.start, *(state.start for timeline in timelines for state in timeline)})
        places = [0] * len(timelines)
        parts = []
        for start in starts:
            for number, timeline in enumerate(timelines):
                while places[number] + 1 < len(timeline) and timeline[places[number] + 1].start <= start:
                    places[number] += 1
            found = tuple(timeline[places[number]].found for number, timeline in enumerate(timelines))
            parts.append(Part(start, found, _shape(found)))
        return tuple(parts)


def within(parts: Sequence[Part], start: datetime, end: datetime) -> list[tuple[datetime, datetime, Part]]:
    """The parts that have time in `[start, end)`, each with that time."""
    first = bisect_right(parts, start, key=lambda part: part.start) - 1
    found = []
    for number in range(first, len(parts)):
        part = parts[number]
        if part.start >= end:
            break
        following = parts[number + 1].start if number + 1 < len(parts) else end
        found.append((max(part.start, start), min(following, end), part))
    return found


def role_key(facts: Facts, role: Role) -> Hashable:
    """Equal for two projects of one gathering exactly where the role resolves alike at every instant."""
    match role:
        case Role.SDM:
            return role, facts.sdm, facts.hours
        case Role.BRM:
            return role, facts.brm, facts.hours
        case Role.SERVICE_DESK:
            return role, facts.service_desk
        case Role.PROJECT_TEAM:
            return role, facts.project_team
        case Role.ON_CALL_PRIMARY | Role.ON_CALL_BACKUP:
            return role, tuple((each.slug, each.valid, each.rota) for each in facts.duty)
        case _:
            return role


def _states(facts: Facts, role: Role, start: datetime, end: datetime) -> list[State]:
    found: list[State] = []
    at = start
    while at < end:
        resolved = resolve(facts, role, at)
        if not found or _told_apart(found[-1].found, resolved):
            found.append(State(at, resolved))
        at = resolved.until
    return found


def _told_apart(one: Resolved, other: Resolved) -> bool:
    return (one.people, one.reason, one.available, one.warnings, _passed(one)) != (
        other.people,
        other.reason,
        other.available,
        other.warnings,
        _passed(other),
    )


def _passed(found: Resolved) -> list[tuple[str, str]]:
    return [(passed.name, passed.reason) for passed in found.passed]


def _shape(found: tuple[Resolved, ...]) -> Shape:
    numbers: dict[tuple[str, int | None], int] = {}
    shape = []
    for one in found:
        people = [(each.kind.value, numbers.setdefault((each.kind, each.id), len(numbers))) for each in one.people]
        shape.append((tuple(people), one.available))
    return tuple(shape)


def _windows(facts: Facts, start: datetime, end: datetime) -> list[Window]:
    found: list[Window] = []
    at, opened = start, is_open(facts.hours, start)
    while at < end:
        change = next_change(facts.hours, at) or end
        found.append(Window(at, min(change, end), opened))
        at, opened = change, not opened
    return found
