"""Taking over what somebody saw still open."""

from datetime import datetime

from django.db import transaction

from portal.models import Person
from routing.incidents.models import Incident, Status
from routing.incidents.services import ActionRefused, acknowledge, assign, state_of
from routing.paging import escalating


@transaction.atomic
def take_over(incident: Incident, *, by: Person, now: datetime, seen: str) -> Incident:
    """It is theirs, provided that it is still as they saw it; `seen` is its `state_of` then. Twice is as once.

    Raises `ActionRefused` where somebody else has done something meanwhile; nothing was changed.
    """
    escalating.lock(incident)
    fresh = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if fresh.is_open and fresh.assignee_id == by.pk and fresh.status != Status.NEW:
        return fresh
    if state_of(fresh) != seen:
        raise ActionRefused("take_over", fresh.status)
    if fresh.status == Status.NEW or fresh.team_id is not None:
        return acknowledge(fresh, by=by, now=now)
    return assign(fresh, assignee=by, by=by, now=now)
