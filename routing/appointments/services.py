"""Wishing for an appointment and confirming it: one transaction each, with its timeline entry and its invitations."""

import zoneinfo
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.models import Person
from routing.incidents.models import OPEN_STATUSES, Incident, Status
from routing.incidents.services import ActionRefused, acknowledge, assign
from routing.incidents.timeline import write
from routing.paging.letters import Letter, post_letter
from routing.presentation import person_for

from .invitation import invitation
from .models import Appointment
from .slots import LENGTH


@transaction.atomic
def wish(incident: Incident, *, times: Sequence[datetime], by: Person, now: datetime) -> Appointment:
    """Keep when the customer has time, with the request; somebody confirms one of them, or another."""
    appointment = Appointment.objects.create(incident=incident, wishes=sorted(times))
    said = [at.isoformat() for at in appointment.wishes]
    write(incident, "times_wished", now=now, by=by, public=True, times=said)
    return appointment


@transaction.atomic
def confirm(incident: Incident, *, starts_at: datetime, by: Person, now: datetime) -> Appointment:
    """It takes place at `starts_at`: host and reporter are invited. Another time later moves the same event.

    The host is who has the request, else who confirms. Confirming answers the request. The same time again changes
    nothing. Raises `ActionRefused` once the request is resolved.
    """
    held = Incident.objects.select_for_update(of=("self",)).select_related("assignee", "reporter", "project")
    incident = held.get(pk=incident.pk)
    if incident.status not in OPEN_STATUSES:
        raise ActionRefused("confirm", incident.status)
    if incident.status == Status.NEW:
        _answer(incident, by=by, now=now)
    appointment = Appointment.objects.select_for_update().get(incident=incident)
    appointment.incident = incident
    if appointment.starts_at == starts_at:
        return appointment
    if appointment.starts_at is not None:
        appointment.sequence += 1
    appointment.host = appointment.host or incident.assignee or by
    appointment.starts_at, appointment.confirmed_at = starts_at, now
    appointment.save(update_fields=["host", "starts_at", "confirmed_at", "sequence"])
    write(incident, "appointed", now=now, by=by, public=True, at=starts_at.isoformat())
    _invite(appointment, now=now)
    return appointment


def _answer(incident: Incident, *, by: Person, now: datetime) -> None:
    """Whoever has the request keeps it, also where somebody else confirms for them."""
    if incident.assignee is None or incident.assignee_id == by.pk:
        acknowledge(incident, by=by, now=now)
    else:
        assign(incident, assignee=incident.assignee, by=by, now=now)


def _invite(appointment: Appointment, *, now: datetime) -> None:
    """Both, as far as they may still read it."""
    calendar = invitation(appointment)
    people = {person.pk: person for person in (appointment.host, appointment.incident.reporter) if person}
    for person in people.values():
        if Incident.objects.visible_to(person).filter(pk=appointment.incident_id).exists():
            post_letter(_letter(appointment, person, calendar), at=now, now=now)


def _letter(appointment: Appointment, person: Person, calendar: str) -> Letter:
    """In the reader's language and zone."""
    incident, host, starts_at = appointment.incident, appointment.host, appointment.starts_at
    assert host is not None  # noqa: S101 -- narrows the type; confirmed ones are whole
    assert starts_at is not None  # noqa: S101
    with translation.override(person.language), timezone.override(zoneinfo.ZoneInfo(person.zone)):
        begins, ends = timezone.localtime(starts_at), timezone.localtime(starts_at + LENGTH)
        words = {
            "title": " ".join(incident.title.split()),
            "number": incident.number,
            "begins": date_format(begins, "DATETIME_FORMAT"),
            "ends": date_format(ends, "TIME_FORMAT"),
            "zone": person.zone,
            "name": (person_for(host, person) or {}).get("name", ""),
        }
        subject = _("Appointment %(begins)s: %(title)s (#%(number)s)") % words
        lines = [
            _("Hello %(name)s,") % {"name": person.name},
            "",
            _("%(begins)s to %(ends)s (%(zone)s), with %(name)s:") % words,
            f"#{words['number']} {words['title']}",
            "",
            _("Your calendar can take it from the invitation in this mail."),
            f"{settings.PUBLIC_URL}/incidents/{incident.pk}/",
            "",
        ]
    return Letter(person.email, person.name, person.language, subject, "\n".join(lines), calendar)
