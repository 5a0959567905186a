"""Writes of rows that influence a decision: recorded, superseded, retired; never edited in place."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import transaction
from django.db.models import DateTimeField, Func, Value
from django.db.models.functions import Lower
from psycopg2.extras import DateTimeTZRange

from .models import Person, Recorded, RecordedSettings

Row = TypeVar("Row", bound=Recorded)


class ChangedMeanwhile(Exception):
    """Somebody else closed the row first; read again and decide again."""


def record(model: type[Row], *, by: Person | None, now: datetime, why: str = "", **fields: Any) -> Row:
    """Insert a row that the portal believes from `now` on."""
    row = model(recorded=DateTimeTZRange(now, None), recorded_by=by, recorded_why=why, **fields)
    row.save(force_insert=True)
    return row


def retire(row: Recorded, *, by: Person | None, now: datetime, why: str = "") -> None:
    """Close the row's recorded period at `now`. Raises `ChangedMeanwhile` if it is closed already."""
    assert row.recorded is not None  # noqa: S101 -- narrows the type; the column is not null
    closed = (
        type(row)
        .objects.current()
        .filter(pk=row.pk)
        .update(recorded=DateTimeTZRange(row.recorded.lower, now), closed_by=by, closed_why=why)
    )
    if closed != 1:
        raise ChangedMeanwhile


def retire_all(model: type[Row], rows: Sequence[Row], *, by: Person | None, now: datetime, why: str = "") -> None:
    """As `retire`, for many rows in one query. Raises `ChangedMeanwhile` if one of them is closed already."""
    ended = Func(
        Lower("recorded"), Value(now, DateTimeField()), function="tstzrange", output_field=DateTimeRangeField()
    )
    still = model.objects.current().filter(pk__in=[row.pk for row in rows])
    if rows and still.update(recorded=ended, closed_by=by, closed_why=why) != len(rows):
        raise ChangedMeanwhile


@transaction.atomic
def supersede(row: Row, *, by: Person | None, now: datetime, why: str = "", **changes: Any) -> Row:
    """Close the row and insert its successor with `changes`. Raises `ChangedMeanwhile` if it is closed already."""
    retire(row, by=by, now=now, why=why)
    own = {"id", "recorded", "recorded_by", "recorded_why", "closed_by", "closed_why"}
    fields = {field.name: getattr(row, field.name) for field in row._meta.concrete_fields if field.name not in own}
    return record(type(row), by=by, now=now, why=why, **{**fields, **changes})


def record_settings(
    subject: str, before: dict[str, Any], values: dict[str, Any], *, by: Person | None, now: datetime, why: str = ""
) -> RecordedSettings:
    """Write down a change of a plain row; the caller holds its lock and saves it in the same transaction."""
    for row in RecordedSettings.objects.current().filter(subject=subject):
        retire(row, by=by, now=now, why=why)
    return record(RecordedSettings, by=by, now=now, why=why, subject=subject, before=before, values=values)
