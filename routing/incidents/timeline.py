"""Writes the timeline: always in the transaction of what it tells."""

from datetime import datetime
from typing import Any

from portal.models import Person

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
    return TimelineEntry.objects.create(
        incident=incident, at=now, kind=kind, actor=by, actor_name=actor_name, data=data, public=public
    )
