"""The portal's own format, for scripts and systems that let their message be written freely.

    {"dedup_key", "status": "firing" | "resolved", "severity", "priority", "title", "description"}

or a list of these, or `{"events": [...]}`. Only a firing event's `title` and a resolved one's `dedup_key` are
required; `status` is firing by default. An unknown `priority` is ignored rather than refused.
"""

from typing import Any

from django.utils.translation import gettext as _

from .events import (
    DESCRIPTION_LENGTH,
    Event,
    FieldError,
    PayloadError,
    Refused,
    cut,
    dedup_key_of,
    is_firing,
    parse_each,
    parse_item,
    text,
    title_of,
)


def parse(payload: object) -> list[Event | Refused]:
    """The events of any of the three shapes."""
    if isinstance(payload, list):
        return parse_each(payload, "", _event)
    if not isinstance(payload, dict):
        raise PayloadError({"": [_("Must be an object or a list.")]})
    if "events" in payload:
        return parse_each(payload["events"], "events", _event)
    return [parse_item(payload, "", _event)]


def _event(item: dict[str, Any]) -> Event:
    firing = is_firing(text(item, "status") or "firing")
    event = Event(
        dedup_key=dedup_key_of(text(item, "dedup_key")),
        firing=firing,
        severity=text(item, "severity"),
        priority=text(item, "priority"),
        title=title_of(text(item, "title")),
        description=cut(text(item, "description"), DESCRIPTION_LENGTH),
        raw=item,
    )
    required = "title" if firing else "dedup_key"
    if not getattr(event, required):
        raise FieldError(required, _("Must not be empty."))
    return event
