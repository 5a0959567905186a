"""A row's fields as the log keeps them: plain values, private ones masked, secrets left out."""

from typing import Any

from django.db import models

from portal.models.audit import Audited

SHOWN_DIGITS = 2
Values = dict[str, Any]


def masked(value: Any) -> Any:
    """A private number or address: enough to see that it changed, too little to reach anybody by."""
    if not value:
        return value
    text = str(value)
    return f"…{text[-SHOWN_DIGITS:]}" if text.lstrip("+").isdigit() else f"{text[:1]}…"


def kept(model: type[Audited]) -> list[Any]:
    """The fields that the log tells of."""
    left_out = {"id", "password", "last_login", "token_hash", *model.audit_left_out}
    return [field for field in model._meta.concrete_fields if field.name not in left_out]


def values_of(row: Audited) -> Values:
    """The row as it is in memory, which is as it was just written."""
    return {field.attname: _plain(field, getattr(row, field.attname)) for field in kept(type(row))}


def stored(rows: models.QuerySet[Any]) -> dict[int, Values]:
    """Rows as they are stored, by number; locked until the transaction ends."""
    fields = kept(rows.model)
    held = rows.model._base_manager.filter(pk__in=rows.order_by().values("pk")).select_for_update(no_key=True)
    return {
        found["pk"]: {field.attname: _plain(field, found[field.attname]) for field in fields}
        for found in held.values("pk", *(field.attname for field in fields))
    }


def _plain(field: Any, value: Any) -> Any:
    return field.get_prep_value(value) if not isinstance(field, models.JSONField) else value


def changes_between(row: Audited, before: Values | None, after: Values | None) -> dict[str, list[Any]]:
    """Old and new value of each field that differs, as people read it: names, not numbers of rows.

    What `row` has at hand of others is not asked for again.
    """
    model = type(row)
    changes = {}
    for field in kept(model):
        old, new = ((side or {}).get(field.attname) for side in (before, after))
        # Where there was no row before, or is none any more, what was left empty is no news.
        if old != new and (old or new or (before and after)):
            changes[field.name] = [_readable(row, field, old), _readable(row, field, new)]
    return changes


def _readable(row: Audited, field: Any, value: Any) -> Any:
    if field.name in row.audit_private:
        return masked(value)
    if field.is_relation and value is not None:
        known = field.get_cached_value(row, default=None)
        if known is not None and known.pk == value:
            return str(known)
        return str(field.related_model._base_manager.filter(pk=value).first() or value)
    return value
