"""What belongs to an incident beside its course: the project in doubt, and files."""

from typing import Any

from portal.models import Person
from routing.attachments.queries import attachments_for
from routing.incidents.models import Incident

from .moving import move_form


def parts_for(incident: Incident, reader: Person) -> dict[str, Any]:
    """What `pages/incident_parts.html` shows `reader`, who may see the incident."""
    return {"attachments": attachments_for(incident, reader), "move_form": move_form(incident, reader)}
