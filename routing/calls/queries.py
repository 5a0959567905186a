"""Reads of calls."""

from dataclasses import dataclass
from datetime import datetime

from portal.models import Person
from routing.incidents.models import Incident


@dataclass(frozen=True, slots=True)
class Ring:
    """A call as the provider's people read it."""

    at: datetime
    name: str
    phone: str
    proven: bool


def calls_of(incident: Incident, reader: Person) -> list[Ring]:
    """Who rang about the incident, and where to call them back, oldest first; nobody else reads it."""
    if not reader.is_staff:
        return []
    rows = incident.calls.select_related("person")
    return [Ring(row.began_at, row.person.name if row.person else row.name, row.phone, row.proven) for row in rows]
