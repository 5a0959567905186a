"""Who has an incident: taken, begun, given to somebody, passed on."""

from datetime import datetime

from django.db import transaction

from portal.models import Person, Team
from routing.gather import gather
from routing.paging import calling, escalating
from routing.paging.models import Delivery, Escalation, Page

from . import progress, waits
from .holding import ACKNOWLEDGED, ActionRefused, facts_now, lock, own_page, require
from .models import OPEN_STATUSES, Incident, Status
from .requesting import hand_over, tell_of_request
from .timeline import write

OWNER = ("assignee", "team")


@transaction.atomic
def acknowledge(
    incident: Incident,
    *,
    by: Person | None,
    now: datetime,
    via: str = "portal",
    page: Page | None = None,
) -> Incident:
    """A qualified human took it and becomes assignee; repeating it changes nothing, but of what a team has.

    `page` is the page that was answered; `by` None is a shared phone (a team's, the last resort): its team has it
    then. Raises `ActionRefused` once resolved.
    """
    escalation, incident = lock(incident)
    if incident.status in ACKNOWLEDGED:
        return _take_over(incident, escalation, by=by, now=now, via=via)
    require(incident, "acknowledge", Status.NEW)
    incident.status = Status.ACKNOWLEDGED
    incident.assignee = by
    incident.team = page.team if page and by is None else None
    incident.responded_at = incident.responded_at or now
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", *OWNER, "responded_at", *progress.FIELDS])
    name = page.name if page and by is None else ""
    write(incident, "acknowledged", now=now, by=by, actor_name=name, public=True, via=via)
    escalating.end_chain(
        escalation, state=Escalation.State.ACKNOWLEDGED, now=now, answered=page or own_page(escalation, by)
    )
    _has_come(escalation, by, now=now)
    return incident


def _take_over(
    incident: Incident, escalation: Escalation | None, *, by: Person | None, now: datetime, via: str
) -> Incident:
    """One of its people takes what a team has; what somebody has already stays theirs."""
    if by is None or incident.team is None:
        return incident
    team = incident.team.name
    incident.assignee, incident.team = by, None
    progress.renew(incident, now=now)
    incident.save(update_fields=[*OWNER, *progress.FIELDS])
    write(incident, "taken_over", now=now, by=by, team=team, via=via)
    _has_come(escalation, by, now=now)
    return incident


def _has_come(escalation: Escalation | None, person: Person | None, *, now: datetime) -> None:
    """Who was called in and has it now needs no more calls to come."""
    if escalation is not None and person is not None:
        awaited = escalation.pages.awaited().filter(person=person)
        awaited.update(state=Page.State.ACKNOWLEDGED, answered_at=now)


@transaction.atomic
def start(incident: Incident, *, by: Person, now: datetime) -> Incident:
    """Work goes on: acknowledged or waiting → in progress."""
    _escalation, incident = lock(incident)
    require(incident, "start", Status.ACKNOWLEDGED, Status.WAITING)
    incident.status = Status.IN_PROGRESS
    write(incident, "started", now=now, by=by, public=True)
    waits.end(incident, now=now)
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", *waits.FIELDS, *progress.FIELDS])
    return incident


@transaction.atomic
def assign(incident: Incident, *, assignee: Person | Team, by: Person, now: datetime, note: str = "") -> Incident:
    """Give it to a person or a team, who are told; `note` is for them, and internal.

    While new this acknowledges on their behalf, which the customer is told: for a team it is `by` who has answered.
    A team's published phone and address are told, and any of its people may take it.
    """
    escalation, incident = lock(incident)
    require(incident, "assign", *OPEN_STATUSES)
    was_new = incident.status == Status.NEW
    person = assignee if isinstance(assignee, Person) else None
    has_it = assignee in (incident.assignee, incident.team)
    if has_it and not was_new:
        return incident
    incident.assignee, incident.team = person, assignee if isinstance(assignee, Team) else None
    if was_new:
        incident.status = Status.ACKNOWLEDGED
        incident.responded_at = incident.responded_at or now
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", *OWNER, "responded_at", *progress.FIELDS])
    write(incident, "assigned", now=now, by=by, public=False, assignee=assignee.name, note=note)
    if was_new:
        write(incident, "acknowledged", now=now, by=person or by, public=True, via="assignment")
        escalating.end_chain(
            escalation,
            state=Escalation.State.ACKNOWLEDGED,
            now=now,
            answered=own_page(escalation, person),
        )
    _has_come(escalation, person, now=now)
    # Whoever was given a request when it came was told of it then.
    if assignee != by and not (has_it and incident.kind == Incident.Kind.REQUEST):
        _tell_owner(incident, escalation, assignee, now=now)
    return incident


def _tell_owner(incident: Incident, escalation: Escalation | None, owner: Person | Team, *, now: datetime) -> None:
    callee = calling.callee_of(owner) if isinstance(owner, Person) else calling.callee_of_team(owner)
    channels = calling.BRIEF if isinstance(owner, Person) else calling.LOUDLY
    if escalation is None:
        tell_of_request(incident, callee, at=now, now=now)
    else:
        calling.tell(escalation, callee, kind=Delivery.Kind.PAGE, now=now, channels=channels)


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
    incident.status, incident.assignee, incident.team = Status.NEW, None, None
    write(incident, "passed_on", now=now, by=by, actor_name=name, via=via, note=note)
    waits.end(incident, now=now)
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", *OWNER, *waits.FIELDS, *progress.FIELDS])
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
