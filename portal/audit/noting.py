"""Writing the log, in the transaction of the change it tells of."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import models, transaction

from portal.models import Person
from portal.models.audit import Audited, AuditEntry

from .acting import by_whom
from .fields import Values, changes_between, kept, stored, values_of

Action, Kind = AuditEntry.Action, AuditEntry.Kind
MOST_CHARACTERS = 200
NOBODY: Any = object()
"""Stands for "whoever acts now", since None is the portal itself."""


def note(
    *,
    kind: str,
    action: str,
    about: models.Model | None,
    model: str = "",
    row: int | None = None,
    name: str = "",
    changes: Mapping[str, list[Any]] | None = None,
    by: Person | None = NOBODY,
    why: str = "",
) -> AuditEntry:
    """Write down that `by` (whoever acts now, if not given) did something to `about`. Never give it a secret."""
    entry = _entry(kind, action, about, model=model, row=row, name=name, changes=changes or {})
    if by is not NOBODY:
        entry.by, entry.why = by, why
    elif why:
        entry.why = why
    entry.save(force_insert=True)
    return entry


def note_all(*, kind: str, action: str, told: Iterable[tuple[models.Model, Mapping[str, list[Any]]]]) -> None:
    """As `note`, of many objects at once: each with its changes."""
    _write(_entry(kind, action, about, model="", row=None, name="", changes=changes) for about, changes in told)


def _entry(
    kind: str,
    action: str,
    about: models.Model | None,
    *,
    model: str,
    row: int | None,
    name: str,
    changes: Mapping[str, list[Any]],
) -> AuditEntry:
    by, why = by_whom()
    return AuditEntry(
        by=by,
        why=why[:300],
        kind=kind,
        action=action,
        object_type=str(about._meta.model_name) if about else "",
        object_id=about.pk if about else None,
        model=model or (about._meta.label_lower if about else ""),
        row=row if model or about is None else about.pk,
        name=(name or str(about or ""))[:MOST_CHARACTERS],
        changes=dict(changes),
    )


@contextmanager
def noting(row: Audited, *, only: Collection[str] | None = None) -> Iterator[None]:
    """Write down what saving the row within it changes; `only` are the fields that are saved, if not all are."""
    model = type(row)
    if only is not None and not _kept_of(model, only):
        yield
        return
    with transaction.atomic(savepoint=False):
        before = None if row._state.adding else stored(model._base_manager.filter(pk=row.pk)).get(row.pk)
        yield
        after = values_of(row)
        if only is not None and before is not None:
            saved = _kept_of(model, only)
            after = {name: value if name in saved else before[name] for name, value in after.items()}
        _write([_told(row, before, after)])


def _kept_of(model: type[Audited], names: Collection[str]) -> set[str]:
    """Those of the fields that the log tells of, as they are stored."""
    return {field.attname for field in kept(model) if {field.name, field.attname} & set(names)}


@contextmanager
def noting_rows(rows: models.QuerySet[Any], *, only: Collection[str] | None = None) -> Iterator[None]:
    """Write down what is done to all these rows at once within it; `only` are the fields that are written."""
    if not (kept(rows.model) if only is None else _kept_of(rows.model, only)):
        yield
        return
    with transaction.atomic(savepoint=False):
        held = {row.pk: row for row in rows.model._base_manager.filter(pk__in=rows.order_by().values("pk"))}
        before = stored(rows.model._base_manager.filter(pk__in=list(held)))
        abouts = {pk: _about(row) for pk, row in held.items()}
        yield
        after = stored(rows.model._base_manager.filter(pk__in=list(before)))
        _write(
            _told(held[pk], values, after.get(pk), about=abouts[pk])
            for pk, values in before.items()
            if values != after.get(pk)
        )


@contextmanager
def noting_new(rows: list[Any]) -> Iterator[list[Any]]:
    """Write down that these rows are made within it."""
    with transaction.atomic(savepoint=False):
        yield rows
        _write(_told(row, None, values_of(row)) for row in rows)


def _about(row: Audited) -> models.Model:
    about: models.Model = getattr(row, row.audit_about) if row.audit_about else row
    return about


def _told(
    row: Audited, before: Values | None, after: Values | None, *, about: models.Model | None = None
) -> AuditEntry | None:
    model = type(row)
    changes = changes_between(row, before, after)
    if before is not None and after is not None and not changes:
        return None
    action = Action.CREATED if before is None else Action.DELETED if after is None else Action.CHANGED
    about = about or _about(row)
    label = model._meta.label_lower
    return _entry(model.audit_kind, action, about, model=label, row=row.pk, name="", changes=changes)


def _write(entries: Iterable[AuditEntry | None]) -> None:
    found = [entry for entry in entries if entry is not None]
    if len(found) == 1:
        found[0].save(force_insert=True)
    elif found:
        AuditEntry.objects.bulk_create(found)
