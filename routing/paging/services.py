"""Answers to a page: by key, reply, link, click or API. Each is one transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from portal.kill_points import kill_point
from portal.models import Person
from routing.incidents import services as incidents
from routing.incidents.holding import lock
from routing.incidents.models import OPEN_STATUSES, Incident, Status
from routing.incidents.timeline import write

from . import escalating
from .models import ContactMethod, Delivery, Escalation, Page


class Outcome(StrEnum):
    """What an answer came to."""

    TAKEN = "taken"
    YOURS_ALREADY = "yours_already"
    TAKEN_BY_OTHER = "taken_by_other"
    COMES = "comes"
    DECLINED = "declined"
    PASSED_ON = "passed_on"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Answer:
    """`by_name` says who has it now; read after the commit, so it may be said aloud."""

    outcome: Outcome
    by_name: str
    incident: Incident


@transaction.atomic
def answer_page(page: Page, *, person: Person | None, now: datetime, via: str) -> Answer:
    """Take the incident of `page`. The first answer wins; a later one is told who took it.

    `person` is None only where a shared phone answered (a team's, the last resort): its name stands in. Who was
    called in says that they come, and takes nothing.
    """
    _escalation, incident = lock(page.escalation.incident)
    if page.calls_in:
        return _answer_call_in(page, incident, Page.State.ACKNOWLEDGED, person=person, now=now, via=via)
    if incident.status == Status.NEW:
        taken = incidents.acknowledge(incident, by=person, now=now, via=via, page=page)
        kill_point("before_answer_commit")
        return Answer(Outcome.TAKEN, person.name if person else page.name, taken)
    return _told(page, person, incident)


@transaction.atomic
def pass_on_page(page: Page, *, person: Person | None, now: datetime, via: str) -> Answer:
    """Pass the incident of `page` on to the next in the chain, who is called now.

    Only while nobody else has taken it: then the caller is told who did. Twice passes on once. Who was called in says
    that they cannot come, and nobody is called in their place.
    """
    _escalation, incident = lock(page.escalation.incident)
    page.refresh_from_db(fields=["state"])
    if page.calls_in:
        return _answer_call_in(page, incident, Page.State.PASSED_ON, person=person, now=now, via=via)
    mine = person is not None and incident.assignee_id == person.pk
    if incident.status == Status.NEW and (page.state == Page.State.PASSED_ON or _overtaken(page)):
        Page.objects.filter(pk=page.pk, state=Page.State.OPEN).update(state=Page.State.PASSED_ON, answered_at=now)
        return Answer(Outcome.PASSED_ON, "", incident)
    if incident.status == Status.NEW or (incident.status in OPEN_STATUSES and mine):
        passed = incidents.pass_on(incident, by=person, now=now, via=via, page=page)
        return Answer(Outcome.PASSED_ON, "", passed)
    return _told(page, person, incident)


def _answer_call_in(
    page: Page, incident: Incident, answer: Page.State, *, person: Person | None, now: datetime, via: str
) -> Answer:
    """Keep what somebody called in has answered; the first answer holds. The incident stays as it is."""
    if incident.status not in OPEN_STATUSES:
        return Answer(Outcome.ENDED, "", incident)
    if Page.objects.filter(pk=page.pk, state=Page.State.OPEN).update(state=answer, answered_at=now):
        kind = "comes" if answer == Page.State.ACKNOWLEDGED else "declined"
        write(incident, kind, now=now, by=person, actor_name="" if person else page.name, via=via)
    page.refresh_from_db(fields=["state", "answered_at"])
    outcome = Outcome.COMES if page.state == Page.State.ACKNOWLEDGED else Outcome.DECLINED
    return Answer(outcome, incident.owner_name, incident)


def _overtaken(page: Page) -> bool:
    """Whether somebody later in the chain has been called since: then there is nobody to hurry."""
    escalation = page.escalation
    escalation.refresh_from_db()
    here = (escalation.round, escalation.route) == (page.round, page.route)
    return here and escalation.step > page.step + 1


def _told(page: Page, person: Person | None, incident: Incident) -> Answer:
    if incident.status not in OPEN_STATUSES:
        return Answer(Outcome.ENDED, "", incident)
    if person is not None and incident.assignee_id == person.pk:
        return Answer(Outcome.YOURS_ALREADY, person.name, incident)
    by_name = incident.owner_name or page.name
    return Answer(Outcome.TAKEN_BY_OTHER, by_name, incident)


def delivery_failed(delivery: Delivery, *, now: datetime) -> None:
    """A delivery failed for good: where all of its step have, the next step begins at once.

    Called in the transaction that marks it, after `lock_escalations`.
    """
    for page in delivery.pages.select_related("escalation__incident__project"):
        escalation = page.escalation
        siblings = Delivery.objects.filter(
            pages__escalation=escalation, pages__round=page.round, pages__route=page.route, pages__step=page.step
        )
        waits_for_it = escalation.state == Escalation.State.RUNNING and (
            escalation.round,
            escalation.route,
            escalation.step,
        ) == (page.round, page.route, page.step + 1)
        lost = not page.informs and not any(map(_is_hopeful, siblings.filter(gave_up=False)))
        if lost and page.calls_in and page.state == Page.State.OPEN:
            Page.objects.filter(pk=page.pk).update(state=Page.State.CLOSED)
            write(escalation.incident, "call_in_failed", now=now, name=page.name, role=page.role)
        if lost and waits_for_it:
            write(escalation.incident, "step_failed", now=now, name=page.name, role=page.role)
            escalating.call_next(escalation, now=now)


def _is_hopeful(delivery: Delivery) -> bool:
    """A repetition that is still to come is none, where its address has been disabled meanwhile."""
    if delivery.state == Delivery.State.CANCELLED:
        return False  # another message has taken its pages over
    if delivery.state != Delivery.State.QUEUED or delivery.attempts:
        return True
    disabled = ContactMethod.objects.filter(disabled_at__isnull=False, channel=delivery.channel, address=delivery.to)
    return not disabled.filter(person__pages__deliveries=delivery).exists()


def lock_escalations(deliveries: Collection[Delivery]) -> list[Escalation]:
    """Lock the escalations of the deliveries' pages; taken before the deliveries' own rows, as everywhere."""
    ids = Page.objects.filter(deliveries__in=deliveries).values("escalation")
    return list(Escalation.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
