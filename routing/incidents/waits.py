"""How long the customer was waited for: where the matrix says so, the clock of the resolution stands still meanwhile.

The response has no pause: it is over before anybody can wait.
"""

from datetime import datetime, timedelta

from matrix.models import PriorityTerms
from matrix.sla import Span
from routing.paging import escalating

from .holding import known_now, targets
from .models import CustomerWait, Incident
from .timeline import write

MINUTE = timedelta(minutes=1)

FIELDS = ("waiting_until", "resolve_by")
"""What `end` changes."""


def begin(incident: Incident, *, now: datetime) -> None:
    """The customer is waited for from now on. The caller holds the incident's lock, here and below."""
    CustomerWait.objects.create(incident=incident, since=now)


def under_way(incident: Incident) -> datetime | None:
    """Since when the customer is being waited for; None where nobody waits for them."""
    return incident.waits.filter(until=None).values_list("since", flat=True).first()


def pauses(incident: Incident) -> list[Span]:
    """When the clock of the resolution stood still: while the customer was waited for, if that was agreed."""
    terms = PriorityTerms.objects.filter(version=incident.matrix_version_id, priority=incident.priority)
    if not terms.filter(pauses_while_waiting=True).exists():
        return []
    rows = incident.waits.filter(until__isnull=False).values_list("since", "until")
    return [(since, until) for since, until in rows if until is not None]


def end(incident: Incident, *, now: datetime) -> None:
    """Nothing is waited for any more: the target moves by what its clock has paused. The caller saves `FIELDS`."""
    incident.waiting_until = None
    ended = incident.waits.filter(until=None).update(until=now)
    stood_still = pauses(incident) if ended and incident.resolve_by is not None else []
    if not stood_still:
        return
    known, pinned = known_now(incident, now)
    content = pinned.get(incident.priority, escalating.NOTHING_AGREED)
    before = incident.resolve_by
    _respond_by, incident.resolve_by = targets(incident.reported_at, content, known, incident.topic, stood_still)
    # What is told to the minute has not moved by seconds.
    if before is not None and incident.resolve_by is not None and abs(incident.resolve_by - before) >= MINUTE:
        write(incident, "target_moved", now=now, public=True, until=incident.resolve_by.isoformat())
