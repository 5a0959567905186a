"""What a published version holds, as frozen values for pure code."""

from collections.abc import Mapping
from dataclasses import dataclass

from .sla import Clock
from .terms import Channel, Role, Route


@dataclass(frozen=True, slots=True)
class StepContent:
    """One link: `wait` in minutes until the next step, `ring_seconds` for a live call (None: not rung)."""

    role: Role
    channels: tuple[Channel, ...]
    wait: int
    ring_seconds: int | None = None
    informs: bool = False


@dataclass(frozen=True, slots=True)
class CellContent:
    """One priority on one route: its steps, or deferred to the next opening, or both outside hours."""

    steps: tuple[StepContent, ...] = ()
    defers: bool = False
    defers_outside_hours: bool = False


@dataclass(frozen=True, slots=True)
class PriorityContent:
    """Targets in minutes on `clock`, and the cell of each route."""

    response_minutes: int | None
    resolution_minutes: int | None
    clock: Clock
    cells: Mapping[Route, CellContent]
