"""What belongs to an incident beside its course: the project in doubt, an appointment, and files."""

from datetime import datetime
from typing import Any

from portal.models import Person
from routing.attachments.queries import attachments_for
from routing.calls.queries import calls_of
from routing.incidents.models import Incident

from .appointments import appointment_for
from .moving import move_form


def parts_for(incident: Incident, reader: Person, *, now: datetime) -> dict[str, Any]:
    """What `pages/incident_parts.html` shows `reader`, who may see the incident."""
    return {
        "attachments": attachments_for(incident, reader),
        "calls": calls_of(incident, reader),
        "move_form": move_form(incident, reader),
        **appointment_for(incident, reader, now=now),
    }
