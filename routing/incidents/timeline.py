"""Writes the timeline, and with it what customers are told by mail: always in the transaction of what it tells."""

from datetime import datetime
from typing import Any

from portal.models import Person
from routing.notices.services import tell

from .models import Incident, TimelineEntry


def write(
    incident: Incident,
    kind: str,
    *,
    now: datetime,
    by: Person | None = None,
    actor_name: str = "",
    public: bool = False,
    **data: Any,
) -> TimelineEntry:
    """Append one entry; `kind` is a sentence of `wording.SENTENCES`, `data` (JSON) fills it."""
    written = entry(incident, kind, now=now, by=by, actor_name=actor_name, public=public, **data)
    written.save(force_insert=True)
    tell(written)
    return written


def entry(
    incident: Incident,
    kind: str,
    *,
    now: datetime,
    by: Person | None = None,
    actor_name: str = "",
    public: bool = False,
    **data: Any,
) -> TimelineEntry:
    """The entry that `write` appends, for whoever appends many together; nobody is told of such by mail."""
    return TimelineEntry(
        incident=incident, at=now, kind=kind, actor=by, actor_name=actor_name, data=data, public=public
    )
