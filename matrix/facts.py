"""Builds the frozen content of versions from their rows, and keeps what is published: it never changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .content import CellContent, PriorityContent, ReportingContent, StepContent, TermsContent, VersionContent
from .models import Cell, MatrixVersion, PriorityTerms
from .sla import Clock
from .terms import Channel, Priority, ReportWay, Role, Route, Window


@dataclass(frozen=True, slots=True)
class Published:
    """A published version, read `with_content()`, and its content."""

    version: MatrixVersion
    content: Mapping[str, PriorityContent]


PUBLISHED_KEPT = 512
_published: dict[int, Published] = {}
"""By primary key, which no other version will ever have; the database refuses to change what is published."""


def published(version_ids: Iterable[int | None]) -> dict[int, Published]:
    """Version pk → the version and its content, of those that are published; read once per process."""
    wanted = {pk for pk in version_ids if pk is not None}
    found = {pk: kept for pk in wanted if (kept := _published.get(pk))}
    if missing := wanted - found.keys():
        rows = MatrixVersion.objects.filter(pk__in=missing, published_at__isnull=False).with_content()
        read = {version.pk: Published(version, _priorities(version)) for version in rows}
        if len(_published) > PUBLISHED_KEPT:
            _published.clear()
        _published.update(read)
        found |= read
    return found


def content_of(versions: Iterable[MatrixVersion]) -> dict[int, dict[str, PriorityContent]]:
    """Version pk → priority → content, from versions read `with_content()` (no further query)."""
    return {version.pk: _priorities(version) for version in versions}


def whole(version: MatrixVersion) -> VersionContent:
    """Everything that a version read `with_content()` holds, its words and ways to report too (no further query)."""
    promises = _priorities(version)
    reporting: dict[str, dict[Window, ReportingContent]] = {}
    for row in version.reporting.all():
        content = ReportingContent(tuple(ReportWay(way) for way in row.ways), _both(row, "instruction"))
        reporting.setdefault(row.priority, {})[Window(row.window)] = content
    return VersionContent(
        title=_both(version, "title"),
        priorities={
            Priority(terms.priority): TermsContent(
                promise=promises[terms.priority],
                definition=_both(terms, "definition"),
                examples={"de": tuple(terms.examples_de), "en": tuple(terms.examples_en)},
                update_minutes=terms.update_minutes,
                progress_minutes=terms.progress_minutes,
                pauses_while_waiting=terms.pauses_while_waiting,
                reporting=reporting.get(terms.priority, {}),
            )
            for terms in version.terms.all()
        },
    )


def _both(row: object, field: str) -> dict[str, str]:
    return {language: getattr(row, f"{field}_{language}") for language in ("de", "en")}


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
