"""What tests of chains share: an incident, the time that passes, and who was paged when."""

from datetime import datetime, timedelta

from routing.incidents.models import Incident
from routing.incidents.services import create_incident
from routing.paging.escalating import advance_due
from routing.paging.models import Page
from tests.people import SUNDAY_NIGHT, World, minutes

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def alert(
    world: World, *, at: datetime = SUNDAY_NIGHT, priority: str = "blocker", title: str = "HTTP 503 on all frontends"
) -> Incident:
    """Something that monitoring found."""
    return create_incident(
        project=world.webshop,
        priority=priority,
        title=title,
        source=Incident.Source.MONITORING,
        by=None,
        actor_name="Alertmanager",
        now=at,
    )


def report(world: World, *, at: datetime, priority: str = "blocker") -> Incident:
    """Something that a customer reports."""
    return create_incident(
        project=world.webshop,
        priority=priority,
        title="Shop does not answer",
        source=Incident.Source.PORTAL,
        by=world.alice,
        reporter=world.alice,
        now=at,
    )


def paged(incident: Incident) -> list[tuple[str, int]]:
    """Who was paged, and how many minutes after the report."""
    pages = Page.objects.filter(escalation__incident=incident).order_by("pk")
    return [(page.name, round((page.created_at - incident.reported_at) / minutes(1))) for page in pages]


def kinds(incident: Incident) -> list[str]:
    return list(incident.timeline.values_list("kind", flat=True))


def run(until: datetime, *, since: datetime, step: timedelta = MINUTE) -> None:
    """Tick through the time as a worker would."""
    now = since
    while now <= until:
        advance_due(now=now)
        now += step
