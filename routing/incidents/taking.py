"""Who has an incident: taken, begun, given to somebody, passed on."""

from datetime import datetime

from django.db import transaction

from portal.models import Person
from routing.gather import gather
from routing.paging import calling, escalating
from routing.paging.models import Delivery, Escalation, Page

from . import progress
from .holding import ACKNOWLEDGED, ActionRefused, facts_now, lock, own_page, require
from .models import OPEN_STATUSES, Incident, Status
from .requesting import hand_over
from .timeline import write


@transaction.atomic
def acknowledge(
    incident: Incident,
    *,
    by: Person | None,
    now: datetime,
    via: str = "portal",
    page: Page | None = None,
) -> Incident:
    """A qualified human took it and becomes assignee; repeating it changes nothing.

    `page` is the page that was answered; `by` None is a shared phone (a team's, the last resort). Raises
    `ActionRefused` once resolved.
    """
    escalation, incident = lock(incident)
    if incident.status in ACKNOWLEDGED:
        return incident
    require(incident, "acknowledge", Status.NEW)
    incident.status = Status.ACKNOWLEDGED
    incident.assignee = by
    incident.responded_at = incident.responded_at or now
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "assignee", "responded_at", *progress.FIELDS])
    name = page.name if page and by is None else ""
    write(incident, "acknowledged", now=now, by=by, actor_name=name, public=True, via=via)
    escalating.end_chain(
        escalation, state=Escalation.State.ACKNOWLEDGED, now=now, answered=page or own_page(escalation, by)
    )
    return incident


@transaction.atomic
def start(incident: Incident, *, by: Person, now: datetime) -> Incident:
    """Work goes on: acknowledged or waiting → in progress."""
    _escalation, incident = lock(incident)
    require(incident, "start", Status.ACKNOWLEDGED, Status.WAITING)
    incident.status, incident.waiting_until = Status.IN_PROGRESS, None
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "waiting_until", *progress.FIELDS])
    write(incident, "started", now=now, by=by, public=True)
    return incident


@transaction.atomic
def assign(incident: Incident, *, assignee: Person, by: Person, now: datetime) -> Incident:
    """Give it to somebody, who is told; while new this acknowledges on their behalf, which the customer is told."""
    escalation, incident = lock(incident)
    require(incident, "assign", *OPEN_STATUSES)
    was_new = incident.status == Status.NEW
    if incident.assignee_id == assignee.pk and not was_new:
        return incident
    incident.assignee = assignee
    if was_new:
        incident.status = Status.ACKNOWLEDGED
        incident.responded_at = incident.responded_at or now
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "assignee", "responded_at", *progress.FIELDS])
    write(incident, "assigned", now=now, by=by, public=False, assignee=assignee.name)
    if was_new:
        write(incident, "acknowledged", now=now, by=assignee, public=True, via="assignment")
        escalating.end_chain(
            escalation,
            state=Escalation.State.ACKNOWLEDGED,
            now=now,
            answered=own_page(escalation, assignee),
        )
    if escalation is not None and assignee.pk != by.pk:
        calling.tell(escalation, calling.callee_of(assignee), kind=Delivery.Kind.PAGE, now=now)
    return incident


@transaction.atomic
def pass_on(
    incident: Incident,
    *,
    by: Person | None,
    now: datetime,
    note: str = "",
    via: str = "portal",
    page: Page | None = None,
) -> Incident:
    """Back to new: the next link is called now; once it had been acknowledged, a new round begins there."""
    escalation, incident = lock(incident)
    require(incident, "pass_on", *OPEN_STATUSES)
    was_new = incident.status == Status.NEW
    page = page or own_page(escalation, by)
    name = page.name if page and by is None else ""
    if was_new and escalation is not None and escalation.state == Escalation.State.DEFERRED:
        raise ActionRefused("pass_on", Escalation.State.DEFERRED)
    incident.status, incident.assignee, incident.waiting_until = Status.NEW, None, None
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "assignee", "waiting_until", *progress.FIELDS])
    write(incident, "passed_on", now=now, by=by, actor_name=name, via=via, note=note)
    if page is not None and page.state == Page.State.OPEN:
        page.state, page.answered_at = Page.State.PASSED_ON, now
        page.save(update_fields=["state", "answered_at"])
    if escalation is None:
        known = gather([incident.project], at=now, known_at=now)[incident.project_id]
        hand_over(incident, known, by=by, now=now, not_to=by)
        return incident  # a request pages nobody
    if was_new:
        escalating.call_next(escalation, now=now)
    else:
        escalating.new_round(escalation, now=now, facts=facts_now(incident, now), from_step=escalation.step)
    return incident
