"""Writes of drafts: begun from something, changed by one editor after another, published or discarded.

Each change counts the draft's revision on and keeps what was before, so that an editor who saw an older revision is
told what happened since, and by whom.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from portal.models import Person
from portal.services import ChangedMeanwhile

from .content import TermsContent, VersionContent
from .facts import whole
from .models import Cell, DraftEdit, Matrix, MatrixVersion, PriorityTerms, Reporting, Step
from .services import AlreadyPublished, Discarded, Seen, copy_version, publish
from .stored import from_json, to_json
from .terms import Priority
from .usual import usual


@transaction.atomic
def begin(matrix: Matrix, *, source: MatrixVersion | None, by: Person, now: datetime) -> MatrixVersion:
    """A draft of `matrix` with everything `source` holds, or with usual terms."""
    if source is None:
        draft = MatrixVersion.objects.create(matrix=matrix)
        write(draft, usual())
    else:
        draft = copy_version(source, matrix=matrix)
    changes = {"based_on": source, "changed_at": now, "changed_by": by}
    MatrixVersion.objects.filter(pk=draft.pk).update(**changes)
    draft.refresh_from_db()
    return draft


@transaction.atomic
def edit(
    draft: MatrixVersion,
    change: Callable[[VersionContent], VersionContent],
    *,
    part: Callable[[VersionContent], object],
    seen: int,
    by: Person,
    now: datetime,
) -> MatrixVersion:
    """Store what `change` makes of the draft as it is now; return it fresh. What changes nothing leaves no trace.

    `part` is what the editor worked on, as seen in revision `seen`: raises `ChangedMeanwhile` where somebody else has
    changed that since. Changes elsewhere in the draft are kept. Also raises `AlreadyPublished` and `Discarded`.
    """
    current = open_draft(draft, lock=True)
    before = whole(current)
    if seen != current.revision:
        known = content_at(current, seen)
        if known is None or part(known) != part(before):
            raise ChangedMeanwhile
    after = change(before)
    if after == before:
        return current
    DraftEdit.objects.create(version=current, revision=current.revision, at=now, by=by, before=to_json(before))
    write(current, after)
    changes = {"revision": current.revision + 1, "changed_at": now, "changed_by": by}
    MatrixVersion.objects.filter(pk=current.pk).update(**changes)
    return MatrixVersion.objects.get(pk=current.pk)


def open_draft(draft: MatrixVersion, *, lock: bool = False) -> MatrixVersion:
    """The draft as it is now, with its content. Raises `AlreadyPublished` or `Discarded` where it is none any more."""
    rows = MatrixVersion.objects.select_for_update(of=("self",)) if lock else MatrixVersion.objects.all()
    current = rows.with_content().get(pk=draft.pk)
    if current.published_at is not None:
        raise AlreadyPublished
    if current.discarded_at is not None:
        raise Discarded
    return current


def content_at(draft: MatrixVersion, revision: int) -> VersionContent | None:
    """What the draft, read with its content, held at `revision`; None where there was no such revision."""
    if revision == draft.revision:
        return whole(draft)
    kept = draft.edits.filter(revision=revision).first()
    return from_json(kept.before) if kept else None


@transaction.atomic
def discard(draft: MatrixVersion, *, seen: int, by: Person, now: datetime) -> None:
    """Put the draft away. Raises `ChangedMeanwhile` where it was changed since `seen`; also as `open_draft`."""
    current = open_draft(draft, lock=True)
    if current.revision != seen:
        raise ChangedMeanwhile
    MatrixVersion.objects.filter(pk=current.pk).update(discarded_at=now, changed_at=now, changed_by=by)


@transaction.atomic
def publish_again(
    source: MatrixVersion,
    *,
    by: Person,
    now: datetime,
    reason: str,
    effective_from: datetime | None = None,
    accept: bool = False,
    latest: int | None = None,
) -> MatrixVersion:
    """Put an old version's content into force once more, as a version with a number of its own.

    Raises as `matrix.services.publish`, and leaves nothing then; `latest` is the number of the matrix' latest version
    as it was seen.
    """
    draft = begin(source.matrix, source=source, by=by, now=now)
    seen = None if latest is None else Seen(draft.revision, latest)
    return publish(draft, by=by, now=now, reason=reason, effective_from=effective_from, accept=accept, seen=seen)


# --- Content to rows --------------------------------------------------------------------------------------------


def write(draft: MatrixVersion, content: VersionContent) -> None:
    """Make the draft's rows hold exactly `content`."""
    title = {f"title_{language}": content.title.get(language, "") for language in ("de", "en")}
    MatrixVersion.objects.filter(pk=draft.pk).update(**title)
    for model in (Cell, Reporting, PriorityTerms):
        model._default_manager.filter(version=draft).delete()
    PriorityTerms.objects.bulk_create(_terms(draft, *each) for each in content.priorities.items())
    Reporting.objects.bulk_create(_reporting(draft, content))
    cells = list(_cells(draft, content))
    Cell.objects.bulk_create(cell for cell, _steps in cells)
    Step.objects.bulk_create(step for _cell, steps in cells for step in steps)


def _terms(draft: MatrixVersion, priority: Priority, terms: TermsContent) -> PriorityTerms:
    return PriorityTerms(
        version=draft,
        priority=priority,
        definition_de=terms.definition.get("de", ""),
        definition_en=terms.definition.get("en", ""),
        examples_de=list(terms.examples.get("de", ())),
        examples_en=list(terms.examples.get("en", ())),
        response_minutes=terms.promise.response_minutes,  # type: ignore[misc]  # an incident's terms have a target
        resolution_minutes=terms.promise.resolution_minutes,
        update_minutes=terms.update_minutes,
        progress_minutes=terms.progress_minutes,
        clock=terms.promise.clock,
        pauses_while_waiting=terms.pauses_while_waiting,
    )


def _reporting(draft: MatrixVersion, content: VersionContent) -> Iterable[Reporting]:
    for priority, terms in content.priorities.items():
        for window, each in terms.reporting.items():
            yield Reporting(
                version=draft,
                priority=priority,
                window=window,
                ways=list(each.ways),
                instruction_de=each.instruction.get("de", ""),
                instruction_en=each.instruction.get("en", ""),
            )


def _cells(draft: MatrixVersion, content: VersionContent) -> Iterable[tuple[Cell, list[Step]]]:
    for priority, terms in content.priorities.items():
        for route, each in terms.promise.cells.items():
            cell = Cell(
                version=draft,
                priority=priority,
                route=route,
                defers=each.defers,
                defers_outside_hours=each.defers_outside_hours,
            )
            steps = [
                Step(
                    cell=cell,
                    position=position,
                    role=step.role,
                    channels=list(step.channels),
                    wait=step.wait,
                    ring_seconds=step.ring_seconds,
                    informs=step.informs,
                )
                for position, step in enumerate(each.steps)
            ]
            yield cell, steps


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a draft, between what it held before and after."""

    at: datetime
    by: Person | None
    before: VersionContent
    after: VersionContent


def edits_since(draft: MatrixVersion, seen: int) -> list[Edit]:
    """What happened to the draft, read with its content, since revision `seen`, the oldest first."""
    rows = list(draft.edits.filter(revision__gte=seen).select_related("by").order_by("revision"))
    contents = [*(from_json(row.before) for row in rows), whole(draft)]
    return [Edit(row.at, row.by, contents[place], contents[place + 1]) for place, row in enumerate(rows)]
