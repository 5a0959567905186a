"""What the tests of pages share."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal import clock
from portal.models import Person, Project
from routing.incidents.models import Incident
from routing.incidents.services import create_incident

PASSWORD = "a-long-password"


def as_person(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def report(project: Project, by: Person, **fields: Any) -> Incident:
    """An incident as the portal's own services make it."""
    given: dict[str, Any] = {
        "priority": "blocker",
        "title": "The shop is down",
        "source": Incident.Source.PORTAL,
        "reporter": by,
        "now": clock.now(),
    }
    return create_incident(project=project, by=by, **{**given, **fields})


def queries(action: Callable[[], object]) -> int:
    """How many queries the action needs."""
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def text(response: Any) -> str:
    body: str = response.content.decode()
    return body


def iso(instant: datetime) -> str:
    return instant.isoformat()
