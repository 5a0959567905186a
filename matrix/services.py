"""Writes of matrices: drafts are copied, checked against their response targets, and published for good."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Max

from portal.models import Installation, Person
from portal.services import ChangedMeanwhile

from .content import PriorityContent, StepContent
from .facts import content_of
from .models import Cell, Matrix, MatrixVersion, PriorityTerms, Reporting, Step
from .sla import StepShape, check_chain
from .terms import Priority, Route

DEFAULT_MARGIN = 15
"""Minutes, where no installation has been set up yet."""

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Finding:
    """A chain that misses its response target; minutes after the chain's start.

    `proposed_waits` has one wait per step and would hold the target; None where no wait may be that short.
    """

    priority: str
    route: Route
    last_start: int
    allowed: int
    proposed_waits: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw who publishes: the draft's revision, and the number of the matrix' latest version (or 0)."""

    revision: int
    latest: int


class ChainMissesTarget(Exception):
    """The last link expected to answer begins too late for the response target; `findings` says where."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(", ".join(f"{each.priority} {each.route}" for each in findings))
        self.findings = findings


class Incomplete(Exception):
    """The version says nothing about some priorities, which would leave their chains to the last resort."""

    def __init__(self, priorities: list[Priority]) -> None:
        super().__init__(", ".join(priorities))
        self.priorities = priorities


class AlreadyPublished(Exception):
    """A published version is immutable: change a copy of it."""


class Discarded(Exception):
    """The draft was discarded: it is neither changed nor published any more."""


def findings(version: MatrixVersion, margin: int) -> list[Finding]:
    """Every chain of the version that misses its response target by the rule of `matrix.sla.check_chain`.

    `margin` in minutes. Cells without steps have nothing to check, nor has a priority without terms.
    """
    read = MatrixVersion.objects.with_content().get(pk=version.pk)
    return findings_in(content_of([read])[version.pk], margin)


def findings_in(content: Mapping[str, PriorityContent], margin: int) -> list[Finding]:
    """As `findings`, of content that need not be stored yet."""
    return [
        found
        for priority, promised in content.items()
        if promised.response_minutes is not None
        for route, cell in promised.cells.items()
        if (found := _finding(priority, route, cell.steps, promised.response_minutes, margin))
    ]


def _finding(priority: str, route: Route, steps: tuple[StepContent, ...], response: int, margin: int) -> Finding | None:
    found = check_chain([StepShape(step.wait, step.informs) for step in steps], response, margin)
    if found is None:
        return None
    return Finding(priority, route, found.last_start, found.allowed, found.proposed_waits)


@transaction.atomic
def publish(
    version: MatrixVersion,
    *,
    by: Person | None,
    now: datetime,
    reason: str,
    effective_from: datetime | None = None,
    accept: bool = False,
    seen: Seen | None = None,
) -> MatrixVersion:
    """Number the draft and put it into force from `effective_from` (default and earliest: `now`); return it fresh.

    Raises `ChainMissesTarget` unless `accept`, which records the findings with the version and who accepted them;
    `Incomplete` where a priority has no terms; `AlreadyPublished`; `Discarded`; `ValueError` without a reason or for
    an instant before `now`; `ChangedMeanwhile` where `seen` is no longer what there is.
    """
    if not reason.strip():
        raise ValueError("publishing needs a reason")
    if effective_from is not None and effective_from < now:
        raise ValueError("a version cannot take effect before it is published")
    # Two administrators at once: the second waits here, and counts on from the first.
    matrix = Matrix.objects.select_for_update().get(pk=version.matrix_id)
    last = matrix.versions.aggregate(last=Max("number"))["last"] or 0
    _require(version, seen, last)
    described = set(version.terms.values_list("priority", flat=True))
    if missing := [priority for priority in Priority if priority not in described]:
        raise Incomplete(missing)
    missed = findings(version, answer_margin())
    if missed and not accept:
        raise ChainMissesTarget(missed)
    published = MatrixVersion.objects.filter(pk=version.pk, published_at=None).update(
        number=last + 1,
        effective_from=effective_from or now,
        published_at=now,
        published_by=by,
        reason=reason.strip(),
        accepted_findings=[_accepted(finding, by) for finding in missed],
    )
    if published != 1:
        raise AlreadyPublished
    return MatrixVersion.objects.get(pk=version.pk)


def _require(version: MatrixVersion, seen: Seen | None, last: int) -> None:
    """The draft is locked, so that nobody changes it between this look and its publication."""
    current = MatrixVersion.objects.select_for_update().get(pk=version.pk)
    if current.published_at is not None:
        raise AlreadyPublished
    if current.discarded_at is not None:
        raise Discarded
    if seen is not None and seen != Seen(current.revision, last):
        raise ChangedMeanwhile


def answer_margin() -> int:
    """The installation's, in minutes: how long before its target the last answering link of a chain must begin."""
    margin = Installation.objects.values_list("answer_margin", flat=True).first()
    return DEFAULT_MARGIN if margin is None else margin


def _accepted(finding: Finding, by: Person | None) -> dict[str, Any]:
    return {
        "priority": finding.priority,
        "route": finding.route.value,
        "last_start": finding.last_start,
        "allowed": finding.allowed,
        "proposed_waits": finding.proposed_waits,
        "accepted_by": by and by.pk,
    }


@transaction.atomic
def copy_version(source: MatrixVersion, *, matrix: Matrix) -> MatrixVersion:
    """A draft of `matrix` with everything `source` holds; neither number nor publication are copied."""
    draft = MatrixVersion.objects.create(matrix=matrix, title_de=source.title_de, title_en=source.title_en)
    _copy(source.terms.all(), PriorityTerms, version=draft)
    _copy(source.reporting.all(), Reporting, version=draft)
    originals = list(source.cells.all())
    cells = dict(zip((cell.pk for cell in originals), _copy(originals, Cell, version=draft), strict=True))
    steps = Step.objects.filter(cell__in=originals)
    Step.objects.bulk_create(_twin(step, cell=cells[step.cell_id]) for step in steps)
    return draft


def _copy(rows: Iterable[Row], model: type[Row], **changes: Any) -> list[Row]:
    return model._default_manager.bulk_create(_twin(row, **changes) for row in rows)


def _twin(row: Row, **changes: Any) -> Row:
    """A new, unsaved row with the values of `row`, but for its key and `changes`."""
    fields = (field for field in row._meta.concrete_fields if not field.primary_key)
    kept = {field.attname: getattr(row, field.attname) for field in fields if field.name not in changes}
    return type(row)(**kept, **changes)
