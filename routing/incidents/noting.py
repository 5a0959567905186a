"""What is written to an incident: notes, files, and the question that is waited for."""

from collections.abc import Iterable
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from portal.models import Person
from routing.attachments.services import attach

from . import progress, waits
from .holding import ActionRefused, lock, require
from .models import Incident, Status
from .timeline import write


@transaction.atomic
def wait(
    incident: Incident, *, by: Person, now: datetime, until: datetime | None = None, question: str = ""
) -> Incident:
    """Wait until the customer answers, or until a date. With a `question` it is the customer who is waited for.

    With both, work goes on at the date even if nobody answers. While the customer is waited for the clock of the
    resolution stands still, where the matrix says so.
    """
    _escalation, incident = lock(incident)
    require(incident, "wait", Status.ACKNOWLEDGED, Status.IN_PROGRESS)
    incident.status, incident.waiting_until = Status.WAITING, until
    incident.awaits_customer = bool(question) or until is None
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "waiting_until", "awaits_customer", *progress.FIELDS])
    if incident.awaits_customer:
        waits.begin(incident, now=now)
    date = until.isoformat() if until else None
    write(incident, "waiting", now=now, by=by, public=True, until=date, question=question)
    return incident


@transaction.atomic
def add_note(
    incident: Incident, *, by: Person, now: datetime, text: str, public: bool, files: Iterable[UploadedFile] = ()
) -> None:
    """Append a note, or files, or both; public ones are shown to the customer.

    What waited for the customer goes on once they answer. `files` are as `AttachmentsField` checked them. Raises
    `ActionRefused` for a customer once it is closed: nobody would read it.
    """
    _escalation, incident = lock(incident)
    if not by.is_staff and incident.status == Status.CLOSED:
        raise ActionRefused("note", incident.status)
    if text:
        write(incident, "note", now=now, by=by, public=public, text=text)
    attach(incident, files, by=by, now=now, public=public)
    if by.is_staff and incident.status != Status.WAITING:
        progress.renew(incident, now=now)
        incident.save(update_fields=[*progress.FIELDS])
    elif not by.is_staff and incident.status == Status.WAITING:
        incident.status = Status.IN_PROGRESS
        write(incident, "answered", now=now, public=True)
        waits.end(incident, now=now)
        progress.renew(incident, now=now)
        incident.save(update_fields=["status", *waits.FIELDS, *progress.FIELDS])
