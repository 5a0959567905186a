"""Turns a link of a decision into pages and the messages that tell of them, inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings

from matrix.terms import Channel, Role, Route
from portal.models import Installation, Person, Team
from routing.decision import Callee, Kind, Link, Reason
from routing.presentation import link_record
from routing.resolve import usable

from . import outbox
from .models import ContactMethod, Delivery, Escalation, NotificationRule, Page
from .outbox import Message

BRIEF = (Channel.SMS, Channel.EMAIL)
"""What somebody is told by who need not answer."""

Way = tuple[Channel, str, str, int]
"""Channel, address, language, and how many minutes after the page."""


def call(escalation: Escalation, link: Link, *, now: datetime, route: str | None = None) -> list[Message]:
    """Page everybody of `link` in the escalation's round; what is to be told them, for `outbox.post`."""
    messages: list[Message] = []
    for callee in link.people:
        page = _page(escalation, link, callee, now=now, route=route or link.route)
        messages += _messages(page, _ways(callee, link.channels, informs=link.informs), now=now)
    return messages


def callee_of(person: Person) -> Callee:
    """A person as a link names one."""
    return Callee(Kind.PERSON, person.pk, person.name, str(person.direct_line or ""))


def tell(escalation: Escalation, callee: Callee, *, kind: Delivery.Kind, now: datetime) -> None:
    """Tell somebody of the incident outside of its chain, briefly; no answer is waited for."""
    place = escalation.pages.filter(round=escalation.round, route=Page.DIRECT_ROUTE).count()
    link = Link(
        Role.PROJECT_TEAM, Route.BUSINESS_HOURS, place, now, (callee,), BRIEF, Reason.ASSIGNED, None, informs=True
    )
    outbox.send_alone(call(escalation, link, now=now, route=Page.DIRECT_ROUTE), kind=kind, now=now)


def _page(escalation: Escalation, link: Link, callee: Callee, *, now: datetime, route: str) -> Page:
    return Page.objects.create(
        escalation=escalation,
        round=escalation.round,
        route=route,
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


def _ways(callee: Callee, channels: tuple[Channel, ...], *, informs: bool) -> list[Way]:
    if callee.kind is Kind.PERSON and callee.id is not None:
        return _of_person(Person.objects.get(pk=callee.id), channels, informs=informs)
    if callee.kind is Kind.TEAM and callee.id is not None:
        return _of_team(Team.objects.get(pk=callee.id), channels)
    phone = str(Installation.objects.get().last_resort_phone)
    return [(channel, phone, settings.LANGUAGE_CODE, 0) for channel in (Channel.VOICE, Channel.SMS)]


def _of_person(person: Person, channels: tuple[Channel, ...], *, informs: bool) -> list[Way]:
    """The person's verified methods within the step's channels, or all they have where the two do not meet."""
    methods = list(ContactMethod.objects.usable().filter(person=person))
    wanted = usable(channels, frozenset(Channel(method.channel) for method in methods))
    rules = NotificationRule.objects.filter(person=person).values_list("channel", "after_minutes")
    return [
        (channel, method.address, person.language, after)
        for channel, after in as_they_wish([(Channel(channel), after) for channel, after in rules], wanted)
        for method in methods
        if method.channel == channel and not (informs and after)
    ]


def as_they_wish(rules: Sequence[tuple[Channel, int]], wanted: Sequence[Channel]) -> list[tuple[Channel, int]]:
    """A person's rules within the channels `wanted`: each with minutes after the page, the first of them at once.

    All channels at once where there is no rule for any of them.
    """
    fitting = [(channel, after) for channel, after in rules if channel in wanted]
    if not fitting:
        return [(channel, 0) for channel in wanted]
    first = min(after for _channel, after in fitting)
    return [(channel, after - first) for channel, after in fitting]


def _of_team(team: Team, channels: tuple[Channel, ...]) -> list[Way]:
    """A team's published phone and e-mail, once each; its desk's screen needs no delivery."""
    found: list[Way] = []
    if team.phone and Channel.VOICE in channels:
        found.append((Channel.VOICE, str(team.phone), settings.LANGUAGE_CODE, 0))
    if team.email:
        found.append((Channel.EMAIL, team.email, settings.LANGUAGE_CODE, 0))
    return found


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
