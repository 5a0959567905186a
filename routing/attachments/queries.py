"""Reads of attachments."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from portal.models import Person
from routing.incidents.models import Incident
from routing.presentation import person_for


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
    """The incident's files that `reader`, who may see the incident, may read; oldest first."""
    rows = incident.attachments.select_related("uploaded_by").prefetch_related("uploaded_by__groups").order_by("pk")
    if not reader.is_staff:
        rows = rows.filter(public=True)
    return [
        File(
            name=row.name,
            size=row.size,
            address=reverse("attachment", args=[incident.pk, row.key]),
            at=row.uploaded_at,
            by=(person_for(row.uploaded_by, reader) or {}).get("name", ""),
            public=row.public,
        )
        for row in rows
    ]
