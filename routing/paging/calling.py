"""Turns a link of a decision into pages and their deliveries, inside the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from matrix.terms import Channel
from portal.models import Installation, Person, Team
from routing.decision import Callee, Kind, Link
from routing.presentation import link_record
from routing.resolve import usable
from routing.wake import wake_senders

from .models import ContactMethod, Delivery, Escalation, Page

Address = tuple[Channel, str, str]
"""Channel, address, language."""


def call(escalation: Escalation, link: Link, *, now: datetime, route: str | None = None) -> list[Page]:
    """Page everybody of `link` in the escalation's round; the deliveries are queued and senders woken on commit."""
    return [_page(escalation, link, callee, now=now, route=route or link.route) for callee in link.people]


def _page(escalation: Escalation, link: Link, callee: Callee, *, now: datetime, route: str) -> Page:
    addresses = _addresses(callee, link.channels)
    page = Page.objects.create(
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
    queue(page, addresses, kind=Delivery.Kind.PAGE, now=now)
    return page


def queue(page: Page, addresses: Iterable[Address], *, kind: str, now: datetime) -> None:
    """Write one delivery per address for `page`, to be sent now."""
    deliveries = Delivery.objects.bulk_create(
        Delivery(kind=kind, channel=channel, to=to, language=language, next_attempt_at=now, created_at=now)
        for channel, to, language in addresses
    )
    page.deliveries.add(*deliveries)
    wake_senders()


def _addresses(callee: Callee, channels: tuple[Channel, ...]) -> list[Address]:
    if callee.kind is Kind.PERSON and callee.id is not None:
        return _of_person(Person.objects.get(pk=callee.id), channels)
    if callee.kind is Kind.TEAM and callee.id is not None:
        return _of_team(Team.objects.get(pk=callee.id), channels)
    phone = str(Installation.objects.get().last_resort_phone)
    return [(channel, phone, settings.LANGUAGE_CODE) for channel in (Channel.VOICE, Channel.SMS)]


def _of_person(person: Person, channels: tuple[Channel, ...]) -> list[Address]:
    """The person's verified methods within the step's channels, or all they have where the two do not meet."""
    methods = list(ContactMethod.objects.usable().filter(person=person))
    wanted = usable(channels, frozenset(Channel(method.channel) for method in methods))
    return [
        (channel, method.address, person.language)
        for channel in wanted
        for method in methods
        if method.channel == channel
    ]


def _of_team(team: Team, channels: tuple[Channel, ...]) -> list[Address]:
    """A team's published phone and e-mail, once each; its desk's screen needs no delivery."""
    found: list[Address] = []
    if team.phone and Channel.VOICE in channels:
        found.append((Channel.VOICE, str(team.phone), settings.LANGUAGE_CODE))
    if team.email:
        found.append((Channel.EMAIL, team.email, settings.LANGUAGE_CODE))
    return found


def stand_down(pages: Iterable[Page], *, now: datetime) -> None:
    """Tell everybody who was reached by one of `pages`, once each and briefly, that somebody has taken it."""
    told: set[str] = set()
    for page in pages:
        left_us = page.deliveries.exclude(state__in=[Delivery.State.CANCELLED, Delivery.State.QUEUED]).exists()
        if page.recipient in told or not left_us:
            continue
        told.add(page.recipient)
        queue(page, _briefly(page), kind=Delivery.Kind.STAND_DOWN, now=now)


def _briefly(page: Page) -> list[Address]:
    """One short message: by SMS, else by e-mail, to where the page itself went."""
    sent = page.deliveries.filter(kind=Delivery.Kind.PAGE).order_by("pk")
    by_channel = {Channel(d.channel): (d.to, d.language) for d in sent}
    for channel in (Channel.SMS, Channel.EMAIL):
        if channel in by_channel:
            return [(channel, *by_channel[channel])]
    return []
