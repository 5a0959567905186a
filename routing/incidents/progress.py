"""Nobody forgets what somebody has taken: when an incident is looked at again unless there is progress before.

Progress is a change of its status or an entry of the provider's people in its timeline.
"""

from datetime import datetime, timedelta

from matrix.models import PriorityTerms

from .models import Incident, Status

FIELDS = ("progress_due_at", "reminded_at")
"""What `renew` changes."""


def limit_of(incident: Incident) -> timedelta | None:
    """How long an incident somebody has taken may show no progress; None for ever. Requests have no limit."""
    if incident.kind != Incident.Kind.INCIDENT or incident.status not in (Status.ACKNOWLEDGED, Status.IN_PROGRESS):
        return None
    terms = PriorityTerms.objects.filter(version=incident.matrix_version_id, priority=incident.priority)
    minutes = terms.values_list("progress_minutes", flat=True).first()
    return timedelta(minutes=minutes) if minutes else None


def renew(incident: Incident, *, now: datetime) -> None:
    """There was progress just now: the limit counts anew. A waiting incident is looked at again at its date.

    The caller holds the incident's lock, and saves `FIELDS`.
    """
    limit = limit_of(incident)
    incident.reminded_at = None
    incident.progress_due_at = now + limit if limit else None
    if incident.status == Status.WAITING:
        incident.progress_due_at = incident.waiting_until
