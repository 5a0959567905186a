"""Somebody a chain waits for is out of reach by now: it goes on at once. Their page stays open and answerable."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, Q, QuerySet

from matrix.content import StepContent
from matrix.facts import published
from matrix.terms import Role, Route
from portal.models import Person
from routing.course import EMPTY
from routing.decision import Facts, Link, Reason
from routing.gather import gather
from routing.incidents.models import Status
from routing.resolve import Resolved, resolve

from . import escalating, outbox
from .ledger import Ledger
from .models import Escalation, Page

BY_PERSON = (Role.SDM, Role.BRM, Role.ESCALATION_MANAGER)
"""Roles that an absence takes somebody out of. Who is on duty stays so in a meeting; else duty changes hands."""


def went_away(person: Person, *, now: datetime) -> None:
    """Whoever answers in the person's place is called now, or the next link is; due times stay as they are.

    In the transaction of the absence, which is recorded already.
    """
    pages = _waiting_for(person, now)
    held = Escalation.objects.select_for_update(of=("self",)).filter(pk__in=pages.values("escalation"))
    chains = {each.pk: each for each in held.select_related("incident__project").order_by("pk")}
    if not chains:
        return
    # Now that they are ours: somebody may have answered, or the tick gone on, while we waited for them.
    waiting = list(_waiting_for(person, now).filter(escalation__in=chains).order_by("pk"))
    facts = _facts_of(chains.values(), now)
    ledger = Ledger(now)
    for page in waiting:
        _go_on(page, chains[page.escalation_id], facts[page.escalation_id], ledger)
    outbox.post(ledger.commit(), now=now)


def _waiting_for(person: Person, now: datetime) -> QuerySet[Page]:
    """Open pages of the person for which a running chain waits, or that stand beside one since the opening."""
    last_step = Q(route=F("escalation__route"), escalation__step=F("step") + 1, escalation__step_due_at__gt=now)
    beside = Q(route=Route.BUSINESS_HOURS, escalation__route=Route.AFTER_HOURS, escalation__joined=True)
    return Page.objects.filter(
        last_step | beside,
        person=person,
        role__in=BY_PERSON,
        state=Page.State.OPEN,
        informs=False,
        round=F("escalation__round"),
        escalation__state=Escalation.State.RUNNING,
        escalation__incident__status=Status.NEW,
    )


def _facts_of(chains: Collection[Escalation], now: datetime) -> dict[int, Facts]:
    incidents = {chain.pk: chain.incident for chain in chains}
    known = gather({incident.project for incident in incidents.values()}, at=now, known_at=now)
    pinned = published(incident.matrix_version_id for incident in incidents.values())
    return {
        pk: escalating.facts_of(incident, known[incident.project_id], escalating.content_in(pinned, incident))
        for pk, incident in incidents.items()
    }


def _go_on(page: Page, escalation: Escalation, facts: Facts, ledger: Ledger) -> None:
    role, now = Role(page.role), ledger.now
    found = resolve(facts, role, now)
    if any(callee.id == page.person_id for callee in found.people):
        return  # a meeting keeps nobody of the management from being called
    reason = next((passed.reason for passed in found.passed if passed.name == page.name), found.reason)
    ledger.write(escalation.incident, "went_away", name=page.name, role=role, reason=reason)
    for place, step in _steps_from(page, facts):
        found = resolve(facts, step.role, now)
        if found.people:
            _call(page, escalation, place, step, found, ledger)
            return
        if page.route == escalation.route:
            break
    if page.route == escalation.route:
        escalating.call_next(escalation, now=now)


def _steps_from(page: Page, facts: Facts) -> list[tuple[int, StepContent]]:
    """The step of the page and those after it; none where another cell holds by now."""
    steps = list(enumerate(facts.cells.get(Route(page.route), EMPTY).steps))[page.step :]
    if not steps or steps[0][1].role != page.role:
        return []
    return [(place, step) for place, step in steps if not step.informs]


def _call(page: Page, escalation: Escalation, place: int, step: StepContent, found: Resolved, ledger: Ledger) -> None:
    """Call those of a step whom this round has not called there yet; they answer beside whoever went away."""
    there = escalation.pages.filter(round=page.round, route=page.route, step=place)
    known = set(there.values_list("recipient", flat=True))
    people = tuple(callee for callee in found.people if f"{callee.kind}:{callee.id}" not in known)
    if people:
        route = Route(page.route)
        timing = Reason.AT_OPENING if page.route != escalation.route else None
        link = Link(step.role, route, place, ledger.now, people, step.channels, found.reason, step.ring_seconds)
        ledger.call(escalation, link._replace(timing=timing), "paged")
