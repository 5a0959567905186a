"""What every monitoring format is turned into, and the tools its parser uses. No ORM, no clock.

A parser is a pure function `parse(payload) -> list[Event | Refused]`, the payload being JSON that
`routing/intake/payload.py` has read. It raises `PayloadError` where the whole payload has another shape. An alarm is
worth more than a perfect message: what is odd but understandable is taken, not refused.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 10_000
DEDUP_KEY_LENGTH = 255
MAX_EVENTS = 10_000
"""Far above what 5 MiB of a real monitoring system's alerts hold (about 7,000)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One usable event. Without a dedup key it is an incident of its own, and nothing can resolve it.

    `severity` is the sender's word; `priority`, where it names one of ours, beats it. `raw` is the event as JSON.
    """

    dedup_key: str
    firing: bool
    severity: str
    title: str
    description: str
    raw: Any
    priority: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """One event that cannot be used, the field that is wrong (a dotted path), and why."""

    raw: Any
    field: str
    why: str


Parser = Callable[[object], list[Event | Refused]]


class PayloadError(Exception):
    """Nothing in the payload can be used; `errors` holds messages per field."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = dict(errors)


class FieldError(Exception):
    """A field of one event cannot be used; refuses that event alone."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(field, why)
        self.field = field
        self.why = why


def parse_each(items: object, field: str, parse_one: Callable[[dict[str, Any]], Event]) -> list[Event | Refused]:
    """Parse every item of the list found at `field` (empty: the payload itself)."""
    if not isinstance(items, list):
        raise PayloadError({field: [_("Must be a list.")]})
    if not items:
        raise PayloadError({field: [_("Must not be empty.")]})
    if len(items) > MAX_EVENTS:
        raise PayloadError({field: [_("At most %(count)d events at once.") % {"count": MAX_EVENTS}]})
    return [parse_item(item, join(field, str(place)), parse_one) for place, item in enumerate(items)]


def parse_item(item: object, field: str, parse_one: Callable[[dict[str, Any]], Event]) -> Event | Refused:
    """Parse the event found at `field`."""
    if not isinstance(item, dict):
        return Refused(item, field, _("Must be an object."))
    try:
        return parse_one(item)
    except FieldError as bad:
        return Refused(item, join(field, bad.field), bad.why)


def join(*names: str) -> str:
    """The dotted path of nested field names."""
    return ".".join(name for name in names if name)


def text(holder: Mapping[str, Any], field: str) -> str:
    """The field as text without blanks around it, empty if missing or null. Numbers and truth values are taken too."""
    value = holder.get(field)
    if isinstance(value, dict | list):
        raise FieldError(field, _("Must be text."))
    return "" if value is None else str(value).strip()


def texts(holder: Mapping[str, Any], field: str) -> dict[str, str]:
    """The object at `field` as a mapping of texts, empty if missing or null."""
    value = holder.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FieldError(field, _("Must be an object."))
    try:
        return {name: text(value, name) for name in value}
    except FieldError as bad:
        raise FieldError(join(field, bad.field), bad.why) from bad


def is_firing(status: str) -> bool:
    """Whether the status says that the alarm stands; raises `FieldError` for words other than the two."""
    if status.lower() not in ("firing", "resolved"):
        raise FieldError("status", _("Must be “firing” or “resolved”."))
    return status.lower() == "firing"


def cut(value: str, length: int) -> str:
    """At most `length` characters, the last one an ellipsis where something is missing."""
    return value if len(value) <= length else value[: length - 1].rstrip() + "…"


def title_of(value: str) -> str:
    """One line of at most 200 characters."""
    return cut(" ".join(value.split()), TITLE_LENGTH)


def dedup_key_of(value: str) -> str:
    """The sender's key, hashed where it is longer than the column: cutting could make two keys one."""
    return value if len(value) <= DEDUP_KEY_LENGTH else hashlib.sha256(value.encode()).hexdigest()


def hash_of(labels: Mapping[str, str]) -> str:
    """A dedup key of labels, whatever their order."""
    return hashlib.sha256(json.dumps(sorted(labels.items())).encode()).hexdigest()
