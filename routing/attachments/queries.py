"""Reads of attachments."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from portal.models import Person
from routing.incidents.models import Incident, IncidentLink
from routing.presentation import person_for

from .models import Attachment


@dataclass(frozen=True, slots=True)
class File:
    """A file as its reader may see it."""

    name: str
    size: int
    address: str
    at: datetime
    by: str
    public: bool


def attachments_for(incident: Incident, reader: Person) -> list[File]:
    """The files `reader` may read of the incident and of what was merged into it; oldest first."""
    merged = IncidentLink.objects.filter(other=incident, kind=IncidentLink.Kind.DUPLICATE).values("incident")
    files = Attachment.objects.visible_to(reader).filter(Q(incident=incident) | Q(incident__in=merged))
    rows = files.select_related("uploaded_by").prefetch_related("uploaded_by__groups").order_by("pk")
    return [
        File(
            name=row.name,
            size=row.size,
            address=reverse("attachment", args=[row.incident_id, row.key]),
            at=row.uploaded_at,
            by=(person_for(row.uploaded_by, reader) or {}).get("name", ""),
            public=row.public,
        )
        for row in rows
    ]
