"""Who changed which published number, as the audit log tells it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from portal.models import AuditEntry

from .lines import FIELD, MODEL, Kind

LABELS = {model._meta.label_lower: kind for kind, model in MODEL.items()}


@dataclass(frozen=True)
class NumberChange:
    """One number in place of another, either may be empty; `by` is nobody where the portal itself did it."""

    at: datetime
    by: str
    name: str
    kind: Kind
    before: str
    after: str
    why: str


def latest(most: int) -> list[NumberChange]:
    """Of all published numbers, newest first."""
    return _read(Kind, Q(), most)


def last_of(kind: Kind, pk: int) -> NumberChange | None:
    """What was last done to one number."""
    return next(iter(_read([kind], Q(object_id=pk), 1)), None)


def _read(kinds: Iterable[Kind], wanted: Q, most: int) -> list[NumberChange]:
    numbers = Q()
    for kind in kinds:
        numbers |= Q(model=MODEL[kind]._meta.label_lower, changes__has_key=FIELD[kind])
    entries = AuditEntry.objects.filter(wanted & numbers, action=AuditEntry.Action.CHANGED).select_related("by")
    return [_change(entry) for entry in entries[:most]]


def _change(entry: AuditEntry) -> NumberChange:
    kind = LABELS[entry.model]
    before, after = entry.changes[FIELD[kind]]
    by = entry.by.name if entry.by else ""
    return NumberChange(entry.at, by, entry.name, kind, before or "", after or "", entry.why)
