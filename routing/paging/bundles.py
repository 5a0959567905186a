"""What one message told together, and how each of it stands for whoever got the message."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from matrix.terms import Priority
from routing.incidents.models import Incident, Status, TimelineEntry

from .messages import ENDING, merged_into
from .models import Delivery, Page

SAID = (Delivery.State.SENDING, Delivery.State.ACCEPTED, Delivery.State.UNKNOWN, Delivery.State.DELIVERED)
"""States of messages that somebody may have read or heard."""
TAKING = ("acknowledged", "assigned", "taken_over")
URGENCY = tuple(Priority)


class Standing(StrEnum):
    """How an incident stands for one who was paged for it."""

    ASKS = "asks"
    YOURS = "yours"
    TAKEN = "taken"
    PASSED_ON = "passed_on"
    INFORMED = "informed"
    COMES = "comes"
    DECLINED = "declined"
    ENDED = "ended"
    CLOSED = "closed"


CALLED_IN = {
    Page.State.OPEN: Standing.ASKS,
    Page.State.ACKNOWLEDGED: Standing.COMES,
    Page.State.PASSED_ON: Standing.DECLINED,
}
"""How it stands for one who was called in: by their own answer, whoever has the incident."""


@dataclass(frozen=True, slots=True)
class Told:
    """One incident a message told of. `by` and `at`: who took it or ended it, and when, where that is known."""

    page: Page
    incident: Incident
    standing: Standing
    by: str
    at: datetime | None
    into: str = ""
    """The number under which it goes on, where it was merged into another."""


def told_together(page: Page) -> list[Told]:
    """The incident of `page` and those that its messages told of besides, the most urgent first.

    Messages that have not left tell nothing yet, so a link in one never says more than the message did. For each
    incident the page to be answered stands, else the latest. Three queries, however many.
    """
    said = Delivery.objects.filter(pages=page, kind=Delivery.Kind.PAGE, state__in=SAID)
    together = Page.objects.filter(Q(pk=page.pk) | Q(deliveries__in=said))
    latest = together.order_by("escalation", "informs", "-pk").distinct("escalation")
    pages = Page.objects.filter(pk__in=latest.values("pk")).select_related(
        "person",
        "escalation__incident__project",
        "escalation__incident__assignee",
        "escalation__incident__team",
        "escalation__incident__topic",
    )
    return sorted(_told(list(pages)), key=lambda each: (URGENCY.index(Priority(each.incident.priority)), each.page.pk))


def _told(pages: list[Page]) -> Iterable[Told]:
    incidents = [page.escalation.incident_id for page in pages]
    entries = TimelineEntry.objects.filter(incident__in=incidents, kind__in=[*TAKING, *ENDING])
    last: dict[tuple[int, bool], TimelineEntry] = {
        (entry.incident_id, entry.kind in TAKING): entry for entry in entries.select_related("actor").order_by("pk")
    }
    for page in pages:
        incident = page.escalation.incident
        standing = _standing(page, incident)
        entry = last.get((incident.pk, standing is not Standing.ENDED))
        at = entry.at if entry else None
        yield Told(page, incident, standing, _by(incident, standing, entry), at, merged_into(entry))


def _by(incident: Incident, standing: Standing, entry: TimelineEntry | None) -> str:
    if standing is not Standing.ENDED and incident.owner_name:
        return incident.owner_name
    if entry is None:
        return ""
    return entry.actor.name if entry.actor else entry.actor_name


def _standing(page: Page, incident: Incident) -> Standing:
    if not incident.is_open:
        return Standing.ENDED
    if page.calls_in:
        return CALLED_IN.get(Page.State(page.state), Standing.CLOSED)
    if incident.status != Status.NEW:
        mine = page.person_id is not None and incident.assignee_id == page.person_id
        return Standing.YOURS if mine else Standing.TAKEN
    if page.informs:
        return Standing.INFORMED
    if page.state == Page.State.PASSED_ON:
        return Standing.PASSED_ON
    return Standing.ASKS if page.state == Page.State.OPEN else Standing.CLOSED
