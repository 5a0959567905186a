"""Builds the frozen content of versions from their rows."""

from collections.abc import Iterable, Mapping

from .content import CellContent, PriorityContent, StepContent
from .models import Cell, MatrixVersion, PriorityTerms
from .sla import Clock
from .terms import Channel, Role, Route


def content_of(versions: Iterable[MatrixVersion]) -> dict[int, dict[str, PriorityContent]]:
    """Version pk → priority → content, from versions read `with_content()` (no further query)."""
    return {version.pk: _priorities(version) for version in versions}


def _priorities(version: MatrixVersion) -> dict[str, PriorityContent]:
    cells: dict[str, dict[Route, CellContent]] = {}
    for cell in version.cells.all():
        cells.setdefault(cell.priority, {})[Route(cell.route)] = _cell(cell)
    return {terms.priority: _terms(terms, cells.get(terms.priority, {})) for terms in version.terms.all()}


def _terms(terms: PriorityTerms, cells: Mapping[Route, CellContent]) -> PriorityContent:
    return PriorityContent(terms.response_minutes, terms.resolution_minutes, Clock(terms.clock), cells)


def _cell(cell: Cell) -> CellContent:
    steps = tuple(
        StepContent(
            Role(step.role), tuple(Channel(c) for c in step.channels), step.wait, step.ring_seconds, step.informs
        )
        for step in sorted(cell.steps.all(), key=lambda step: step.position)
    )
    return CellContent(steps, cell.defers, cell.defers_outside_hours)
