"""What a published version holds, as frozen values for pure code."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .sla import Clock
from .terms import Channel, Priority, ReportWay, Role, Route, Window

Localised = Mapping[str, str]
"""Language ("de", "en") → text."""


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


@dataclass(frozen=True, slots=True)
class ReportingContent:
    """How the customer reports in one window: the required way first, and an instruction."""

    ways: tuple[ReportWay, ...] = ()
    instruction: Localised = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TermsContent:
    """Everything that was agreed for one priority; durations in minutes on the clock of `promise`."""

    promise: PriorityContent
    definition: Localised
    examples: Mapping[str, tuple[str, ...]]
    update_minutes: int | None
    progress_minutes: int | None
    pauses_while_waiting: bool
    reporting: Mapping[Window, ReportingContent]


@dataclass(frozen=True, slots=True)
class VersionContent:
    """A whole version, as far as it is agreed content: neither its number nor its publication."""

    title: Localised
    priorities: Mapping[Priority, TermsContent]
