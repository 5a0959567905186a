"""Calls somebody in to help. Whoever has the incident keeps it, and its chain goes no further for it."""

from datetime import datetime

from django.db import transaction

from matrix.terms import Role
from portal.models import Person
from routing.decision import Callee
from routing.paging import calling
from routing.paging.models import Page

from . import progress
from .holding import ACKNOWLEDGED, ActionRefused, lock, require
from .models import Incident
from .timeline import write


class CallInRefused(Exception):
    """Nobody was called: they are `called_already` and have not answered, or have `no_contact_method`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@transaction.atomic
def call_in(incident: Incident, *, callee: Callee, role: Role, by: Person, now: datetime, note: str = "") -> Page:
    """Page a person or a team beside the chain, by their own rules: only their answer is waited for.

    Only of what somebody has taken; what nobody has is passed on. `role` is as what they are called. Raises
    `ActionRefused`, of a request too, which pages nobody, and `CallInRefused`.
    """
    escalation, incident = lock(incident)
    require(incident, "call_in", *ACKNOWLEDGED)
    if escalation is None:
        raise ActionRefused("call_in", incident.status)
    if escalation.pages.awaited().filter(recipient=f"{callee.kind}:{callee.id}").exists():
        raise CallInRefused("called_already")
    progress.renew(incident, now=now)
    incident.save(update_fields=[*progress.FIELDS])
    write(incident, "called_in", now=now, by=by, name=callee.name, role=role, note=note)
    page = calling.call_in(escalation, callee, role, by=by, note=note, now=now)
    if page is None:
        raise CallInRefused("no_contact_method")
    return page
