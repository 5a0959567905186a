"""When the one who would come to an appointment has time."""

from datetime import datetime

from matrix.models import Topic
from portal.hours import Period
from routing.decide import decide
from routing.decision import Kind, PersonFacts
from routing.gather import ProjectFacts

from .models import Appointment
from .slots import HORIZON, LENGTH, proposals


def proposed(known: ProjectFacts, topic: Topic, *, now: datetime) -> tuple[Period, ...]:
    """Times at which the provider is open and whoever is first for the topic has time; none where that is no person.

    Who that is, is the resolver's answer; their working hours, absences and other appointments are kept free.
    """
    host = _host(known, topic, now)
    if host is None:
        return ()
    away = [Period(absence.start, absence.end) for absence in known.base.absences.get(host.id, ())]
    booked = Appointment.objects.filter(host=host.id, starts_at__gt=now - LENGTH, starts_at__lt=now + HORIZON)
    busy = [Period(at, at + LENGTH) for at in booked.values_list("starts_at", flat=True) if at]
    return proposals([known.hours, *([host.hours] if host.hours else [])], [*away, *busy], now=now)


def _host(known: ProjectFacts, topic: Topic, now: datetime) -> PersonFacts | None:
    chain = decide(known.topic(topic), now).chain
    first = next((link for link in chain if not link.informs and link.people), None)
    if first is None or first.people[0].kind is not Kind.PERSON:
        return None
    people = [*(each.person for each in (*known.brm, *known.sdm)), *known.base.managers]
    return next((person for person in people if person.id == first.people[0].id), None)
