"""The invitation as an iCalendar object (RFC 5545), sent by the rules of iTIP (RFC 5546)."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from portal.models import Person

from .models import Appointment
from .slots import LENGTH

PRODUCT = "-//Direktdraht//Appointments//EN"


def invitation(appointment: Appointment) -> str:
    """A REQUEST from its host to the reporter. Confirming another time later is the same event, with a higher sequence.

    Only of a confirmed appointment.
    """
    incident, host, starts_at = appointment.incident, appointment.host, appointment.starts_at
    assert host is not None  # noqa: S101 -- narrows the type; confirmed ones are whole
    assert starts_at is not None  # noqa: S101
    event = Event()
    event.add("uid", f"{appointment.uid}@{urlsplit(settings.PUBLIC_URL).hostname}")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", _second(appointment.confirmed_at or starts_at))
    event.add("dtstart", _second(starts_at))
    event.add("dtend", _second(starts_at + LENGTH))
    event.add("summary", f"{incident.title} (#{incident.number})")
    event.add("description", f"{incident.description}\n\n{settings.PUBLIC_URL}/incidents/{incident.pk}/".strip())
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("organizer", _address(host), encode=False)
    event.add("attendee", _attendee(host, role="CHAIR", state="ACCEPTED"), encode=False)
    if incident.reporter is not None and incident.reporter_id != host.pk:
        event.add("attendee", _attendee(incident.reporter, role="REQ-PARTICIPANT", state="NEEDS-ACTION"), encode=False)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    calendar.add_component(event)
    ical: bytes = calendar.to_ical()
    return ical.decode()


def _second(instant: datetime) -> datetime:
    """iCalendar knows no fractions."""
    return instant.astimezone(UTC).replace(microsecond=0)


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.email}")
    address.params["CN"] = vText(person.name)
    return address


def _attendee(person: Person, *, role: str, state: str) -> vCalAddress:
    address = _address(person)
    address.params["CUTYPE"] = vText("INDIVIDUAL")
    address.params["ROLE"] = vText(role)
    address.params["PARTSTAT"] = vText(state)
    if state == "NEEDS-ACTION":
        address.params["RSVP"] = vText("TRUE")
    return address
