"""The invitation as an iCalendar object (RFC 5545), sent by the rules of iTIP (RFC 5546)."""

from datetime import UTC, datetime
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from portal.models import Person
from routing.presentation import person_for

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
    event.add("organizer", _address(*_in_public(host)), encode=False)
    event.add("attendee", _attendee(*_in_public(host), role="CHAIR", state="ACCEPTED"), encode=False)
    if (guest := incident.reporter) is not None and guest.pk != host.pk:
        invited = _attendee(guest.name, guest.email, role="REQ-PARTICIPANT", state="NEEDS-ACTION")
        event.add("attendee", invited, encode=False)
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


def _in_public(host: Person) -> tuple[str, str]:
    """Name and address for customers: of an on-call engineer they read neither, so the portal invites."""
    shown = person_for(host, Person())
    if shown is not None and shown["name"] == host.name:
        return host.name, host.email
    return parseaddr(settings.DEFAULT_FROM_EMAIL)


def _address(name: str, email: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = vText(name)
    return address


def _attendee(name: str, email: str, *, role: str, state: str) -> vCalAddress:
    address = _address(name, email)
    address.params["CUTYPE"] = vText("INDIVIDUAL")
    address.params["ROLE"] = vText(role)
    address.params["PARTSTAT"] = vText(state)
    if state == "NEEDS-ACTION":
        address.params["RSVP"] = vText("TRUE")
    return address
