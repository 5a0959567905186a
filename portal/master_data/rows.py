"""Rows that are edited in place (customers, projects, people, teams): changed only by who has seen them as they are.

Each change is written down with who made it, when, why, and the values before and after.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from django.db import models, transaction

from portal.models import Customer, Person, Project, RowChange, Team

KINDS: dict[type[models.Model], RowChange.Kind] = {
    Customer: RowChange.Kind.CUSTOMER,
    Project: RowChange.Kind.PROJECT,
    Person: RowChange.Kind.PERSON,
    Team: RowChange.Kind.TEAM,
}
FIELDS: dict[RowChange.Kind, tuple[str, ...]] = {
    RowChange.Kind.CUSTOMER: ("key", "name", "city", "retired_at"),
    RowChange.Kind.PROJECT: ("customer", "key", "name", "hotline", "languages", "retired_at"),
    RowChange.Kind.PERSON: (
        *("email", "name", "function", "language", "zone", "direct_line", "mobile"),
        *("working_hours", "is_active", "groups"),
    ),
    RowChange.Kind.TEAM: ("slug", "name", "kind", "phone", "email", "hours", "retired_at"),
}
PRIVATE = frozenset({"mobile"})
"""Written down as changed, without the number."""
HIDDEN = "…"
MOST_CHANGES = 20

Row = TypeVar("Row", bound=models.Model)


class SeenOlder(Exception):
    """The row is not as whoever changes it has seen it; `changes` is what was written down since, oldest first."""

    def __init__(self, changes: list[RowChange]) -> None:
        super().__init__()
        self.changes = changes


def values_of(row: models.Model) -> dict[str, Any]:
    """The row's fields as plain values, for comparing and for writing down."""
    return {name: _plain(row, name) for name in FIELDS[KINDS[type(row)]]}


def _plain(row: models.Model, name: str) -> Any:
    if name == "groups":
        return sorted(row.groups.values_list("name", flat=True)) if row.pk else []  # type: ignore[attr-defined]  # a person's
    value = getattr(row, name)
    if isinstance(value, models.Model):
        return str(value)
    if value is None or isinstance(value, bool | list):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def seen_of(row: models.Model) -> str:
    """What a form carries: the row as its reader sees it, and the last change they know of."""
    last = changes_of(row).values_list("pk", flat=True).first() or 0
    return f"{last}~{_state(values_of(row))}"


def _state(values: Mapping[str, Any]) -> str:
    return sha256(repr(sorted(values.items())).encode()).hexdigest()[:16]


def changes_of(row: models.Model) -> models.QuerySet[RowChange]:
    """Who changed what about the row, newest first."""
    return RowChange.objects.filter(kind=KINDS[type(row)], row=row.pk).select_related("by")


@transaction.atomic
def create(row: Row, *, by: Person, now: datetime, why: str = "", groups: Iterable[Any] = ()) -> Row:
    """Insert an unsaved row; of a person, with their groups."""
    row.save(force_insert=True)
    if isinstance(row, Person):
        row.groups.set(groups)
    _note(row, {}, by=by, now=now, why=why)
    return row


@transaction.atomic
def change(row: Row, *, seen: str, by: Person, now: datetime, why: str = "", **fields: Any) -> Row:
    """Give the row these values and return it fresh. Raises `SeenOlder` where it is not as `seen` any more."""
    fresh = locked(row, seen)
    before = values_of(fresh)
    groups = fields.pop("groups", None)
    for name, value in fields.items():
        setattr(fresh, name, value)
    fresh.save(update_fields=list(fields))
    if groups is not None:
        fresh.groups.set(groups)  # type: ignore[attr-defined]  # a person's
    _note(fresh, before, by=by, now=now, why=why)
    return fresh


def locked(row: Row, seen: str) -> Row:
    """The row as it is now, for this transaction alone. Raises `SeenOlder`."""
    fresh = type(row)._default_manager.select_for_update(no_key=True).get(pk=row.pk)
    known, _between, state = seen.partition("~")
    if state != _state(values_of(fresh)):
        since = changes_of(fresh).filter(pk__gt=int(known) if known.isascii() and known.isdigit() else 0)
        raise SeenOlder(list(since[:MOST_CHANGES])[::-1])
    return fresh


def _note(row: models.Model, before: dict[str, Any], *, by: Person, now: datetime, why: str) -> None:
    after = values_of(row)
    changed = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    if not changed:
        return
    for name in PRIVATE & changed.keys():
        changed[name] = [value and HIDDEN for value in changed[name]]
    name = str(getattr(row, "name", ""))
    RowChange.objects.create(kind=KINDS[type(row)], row=row.pk, name=name, at=now, by=by, why=why, details=changed)
