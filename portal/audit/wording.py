"""What an entry says of a row's fields, in the reader's language and zone."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from phonenumber_field.modelfields import PhoneNumberField

from portal.models import AuditEntry
from portal.templatetags.pages import phone

NOTHING = "–"
LABELS: Mapping[str, Any] = {
    "people": gettext_lazy("members"),
    "asked_of": gettext_lazy("asked of"),
    "projects": gettext_lazy("projects"),
    "groups": gettext_lazy("groups"),
    "token_key": gettext_lazy("token"),
    "type": gettext_lazy("type"),
    "limited_to": gettext_lazy("limited to projects"),
    "hours": gettext_lazy("reachable"),
}
"""What is no field of the row itself, or reads better than the field's own name."""
Change = tuple[str, str, str]
"""Label, old and new value."""


def shown(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """Entries for a page's own list: when, who, what was done, why, and each field with old and new value."""
    return [
        {
            "at": entry.at,
            "by": entry.by.name if entry.by else "",
            "action": entry.get_action_display(),
            "why": entry.why,
            "new": entry.action == AuditEntry.Action.CREATED,
            "what": changes_in_words(entry.changes, apps.get_model(entry.model)),
        }
        for entry in entries
    ]


def changes_in_words(changes: Any, model: type[Model] | None) -> tuple[Change, ...]:
    """Field → [old, new], as an entry keeps it, in the order of the row's fields."""
    told = _in_order(changes, model) if isinstance(changes, dict) else []
    return tuple(
        (label_of(name, model), value_of(name, pair[0], model), value_of(name, pair[1], model))
        for name, pair in told
        if isinstance(pair, list) and len(pair) == len("ab")
    )


def _in_order(changes: dict[str, Any], model: type[Model] | None) -> list[tuple[str, Any]]:
    """As the row has its fields: the database keeps them in no order that means anything."""
    names = [field.name for field in model._meta.concrete_fields] if model else []
    return sorted(changes.items(), key=lambda each: names.index(each[0]) if each[0] in names else -1)


def label_of(name: str, model: type[Model] | None) -> str:
    if name in LABELS:
        return str(LABELS[name])
    fields = {field.name: field for field in model._meta.concrete_fields} if model else {}
    return str(fields[name].verbose_name) if name in fields else name


def value_of(name: str, value: Any, model: type[Model] | None) -> str:
    """A stored value as people read it."""
    if value in (None, "", []):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in ("weekday", "handover_weekday") and isinstance(value, int):
        return str(WEEKDAYS.get(value, value))
    if name == "accepted_findings":
        return ", ".join(f"{each.get('priority')} {each.get('route')}" for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} → {each}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return _of_field(name, value, model)


def instant(value: str) -> str:
    """An ISO 8601 instant."""
    return date_format(timezone.localtime(datetime.fromisoformat(value)), "SHORT_DATETIME_FORMAT")


def _of_field(name: str, value: Any, model: type[Model] | None) -> str:
    fields = {field.name: field for field in model._meta.concrete_fields} if model else {}
    field = fields.get(name)
    if field is None:
        return str(value)
    if isinstance(field, PhoneNumberField):
        return phone(value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    kind = field.get_internal_type()
    try:
        if kind == "DateTimeField":
            return instant(value)
        if kind == "DateField":
            return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
        if kind == "TimeField":
            return time_format(time.fromisoformat(value), "TIME_FORMAT")
    except ValueError:
        return str(value)
    return str(value)
