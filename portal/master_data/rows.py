"""Rows that are edited in place (customers, projects, people, teams): changed only by who has seen them as they are.

The audit log has each change, with who made it, when and why.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar, cast

from django.db import models, transaction

from portal.audit import acting
from portal.models import Audited, AuditEntry, Customer, Person, Project, Team

FIELDS: dict[type[Audited], tuple[str, ...]] = {
    Customer: ("key", "name", "city", "retired_at"),
    Project: ("customer", "key", "name", "hotline", "languages", "retired_at"),
    Person: (
        *("email", "name", "function", "language", "zone", "direct_line", "mobile"),
        *("working_hours", "is_active", "groups"),
    ),
    Team: ("slug", "name", "kind", "phone", "email", "hours", "retired_at"),
}
"""What a form changes of a row, and by what one knows that somebody else has."""
MOST_CHANGES = 20

Row = TypeVar("Row", bound=Audited)


class SeenOlder(Exception):
    """The row is not as whoever changes it has seen it; `changes` is what was written down since, oldest first."""

    def __init__(self, changes: list[AuditEntry]) -> None:
        super().__init__()
        self.changes = changes


def values_of(row: Audited) -> dict[str, Any]:
    """The row's fields as plain values, for comparing."""
    return {name: _plain(row, name) for name in FIELDS[type(row)]}


def _plain(row: Audited, name: str) -> Any:
    if name == "groups":
        return sorted(row.groups.values_list("name", flat=True)) if row.pk else []  # type: ignore[attr-defined]  # a person's
    value = getattr(row, name)
    if isinstance(value, models.Model):
        return str(value)
    if value is None or isinstance(value, bool | list):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def seen_of(row: Audited) -> str:
    """What a form carries: the row as its reader sees it, and the last change they know of."""
    last = changes_of(row).values_list("pk", flat=True).first() or 0
    return f"{last}~{_state(values_of(row))}"


def _state(values: Mapping[str, Any]) -> str:
    return sha256(repr(sorted(values.items())).encode()).hexdigest()[:16]


def changes_of(row: Audited) -> models.QuerySet[AuditEntry]:
    """Who changed what about the row itself, newest first: not who signed in, or what belongs to it."""
    about = {"object_type": row._meta.model_name, "object_id": row.pk, "model": row._meta.label_lower}
    return AuditEntry.objects.filter(**about, kind=row.audit_kind).select_related("by")


@transaction.atomic
def create(row: Row, *, by: Person, why: str = "", groups: Iterable[Any] = ()) -> Row:
    """Insert an unsaved row; of a person, with their groups."""
    with acting(by, why):
        row.save(force_insert=True)
        if isinstance(row, Person):
            row.groups.set(groups)
    return row


@transaction.atomic
def change(row: Row, *, seen: str, by: Person, why: str = "", **fields: Any) -> Row:
    """Give the row these values and return it fresh. Raises `SeenOlder` where it is not as `seen` any more."""
    fresh = locked(row, seen)
    groups = fields.pop("groups", None)
    for name, value in fields.items():
        setattr(fresh, name, value)
    with acting(by, why):
        fresh.save(update_fields=list(fields))
        if groups is not None:
            fresh.groups.set(groups)  # type: ignore[attr-defined]  # a person's
    return fresh


def locked(row: Row, seen: str) -> Row:
    """The row as it is now, for this transaction alone. Raises `SeenOlder`."""
    fresh = cast(Row, type(row)._default_manager.select_for_update(no_key=True).get(pk=row.pk))
    known, _between, state = seen.partition("~")
    if state != _state(values_of(fresh)):
        since = changes_of(fresh).filter(pk__gt=int(known) if known.isascii() and known.isdigit() else 0)
        raise SeenOlder(list(since[:MOST_CHANGES])[::-1])
    return fresh
