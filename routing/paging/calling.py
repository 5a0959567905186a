"""Turns links of decisions into pages and the messages that tell of them, inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from matrix.terms import Channel, Role, Route
from portal.models import Person, Team
from routing.decision import Callee, Kind, Link, Reason
from routing.presentation import link_record

from . import outbox
from .addresses import AddressBook, Way
from .models import Delivery, Escalation, Page
from .outbox import Message

BRIEF = (Channel.SMS, Channel.EMAIL)
"""What somebody is told by who need not answer."""
LOUDLY = (Channel.VOICE, Channel.SMS)
"""What somebody is called in by."""


@dataclass(frozen=True, slots=True)
class Call:
    """Everybody of `link` is to be paged in this round of the escalation, on the link's route or another."""

    escalation: Escalation
    round: int
    link: Link
    route: str


def call_all(calls: Sequence[Call], *, now: datetime) -> list[list[Message]]:
    """Page everybody; for each call what is to be told them, for `outbox.post`. As many queries for one as for many."""
    if not calls:
        return []
    book = AddressBook(callee for call in calls for callee in call.link.people)
    pages = [[_page(call, callee, now=now) for callee in call.link.people] for call in calls]
    Page.objects.bulk_create([page for some in pages for page in some])
    return [
        [
            message
            for page, callee in zip(some, call.link.people, strict=True)
            for message in _messages(page, book.ways(callee, call.link.channels, informs=call.link.informs), now=now)
        ]
        for call, some in zip(calls, pages, strict=True)
    ]


def callee_of(person: Person) -> Callee:
    """A person as a link names one."""
    return Callee(Kind.PERSON, person.pk, person.name, str(person.direct_line or ""))


def callee_of_team(team: Team) -> Callee:
    """A team as a link names one."""
    return Callee(Kind.TEAM, team.pk, team.name, str(team.phone or ""))


def tell(
    escalation: Escalation,
    callee: Callee,
    *,
    kind: Delivery.Kind,
    now: datetime,
    channels: tuple[Channel, ...] = BRIEF,
) -> None:
    """Tell somebody of the incident outside of its chain, briefly; no answer is waited for."""
    place = escalation.pages.filter(round=escalation.round, route=Page.DIRECT_ROUTE).count()
    link = Link(
        Role.PROJECT_TEAM, Route.BUSINESS_HOURS, place, now, (callee,), channels, Reason.ASSIGNED, None, informs=True
    )
    (messages,) = call_all([Call(escalation, escalation.round, link, Page.DIRECT_ROUTE)], now=now)
    outbox.send_alone(messages, kind=kind, now=now)


def call_in(escalation: Escalation, callee: Callee, role: Role, *, by: Person, note: str, now: datetime) -> Page | None:
    """Page somebody beside the chain, by their own rules, who answers for themselves alone; None where no way is known.

    The escalation is locked by the caller, who locks nothing more in this transaction.
    """
    place = escalation.pages.called_in().filter(round=escalation.round).count()
    link = Link(role, Route.BUSINESS_HOURS, place, now, (callee,), LOUDLY, Reason.ASSIGNED)
    (messages,) = call_all([Call(escalation, escalation.round, link, Page.CALL_IN_ROUTE)], now=now)
    if not messages:
        return None
    page = messages[0].page
    page.decision |= {"called_in_by": by.name, "note": note}
    page.save(update_fields=["decision"])
    outbox.post(messages, now=now)
    return page


def _page(call: Call, callee: Callee, *, now: datetime) -> Page:
    link = call.link
    return Page(
        escalation=call.escalation,
        round=call.round,
        route=call.route,
        step=link.step,
        role=link.role,
        recipient=callee.kind if callee.id is None else f"{callee.kind}:{callee.id}",
        person_id=callee.id if callee.kind is Kind.PERSON else None,
        team_id=callee.id if callee.kind is Kind.TEAM else None,
        name=callee.name,
        informs=link.informs,
        state=Page.State.INFORMED if link.informs else Page.State.OPEN,
        decision=link_record(link, callee),
        created_at=now,
    )


def _messages(page: Page, ways: Iterable[Way], *, now: datetime) -> list[Message]:
    return [
        Message(page, channel, to, language, at=now + timedelta(minutes=after)) for channel, to, language, after in ways
    ]


def stand_down(pages: Iterable[Page], *, now: datetime) -> None:
    """Tell everybody who was reached by one of `pages`, once each and briefly, that somebody has taken it."""
    told: set[str] = set()
    messages: list[Message] = []
    for page in pages:
        left_us = page.deliveries.exclude(state__in=[Delivery.State.CANCELLED, Delivery.State.QUEUED]).exists()
        if page.recipient in told or not left_us:
            continue
        told.add(page.recipient)
        messages += _messages(page, _briefly(page), now=now)
    outbox.send_alone(messages, kind=Delivery.Kind.STAND_DOWN, now=now)


def _briefly(page: Page) -> list[Way]:
    """One short message: by SMS, else by e-mail, to where the page itself went."""
    sent = page.deliveries.filter(kind=Delivery.Kind.PAGE).order_by("pk")
    by_channel = {Channel(d.channel): (d.to, d.language) for d in sent}
    for channel in BRIEF:
        if channel in by_channel:
            return [(channel, *by_channel[channel], 0)]
    return []
