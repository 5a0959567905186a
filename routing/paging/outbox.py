"""Puts pages into messages: what goes to one address at about the same time goes out as one message.

Locks are always taken in this order, so that no two transactions wait for each other: escalations, then addresses
(sorted), then deliveries (by their key). Whoever claims a delivery holds its address too, so a page joins a message
before it is claimed, or not at all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, Q

from matrix.terms import Channel
from routing.wake import wake_senders

from .models import Delivery, Page

BUNDLE = timedelta(seconds=60)
"""After a message, further pages to the same address wait for each other this long."""

Address = tuple[str, str]
"""Channel and number or e-mail address."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to reach one address about one page, no earlier than `at`."""

    page: Page
    channel: Channel
    to: str
    language: str
    at: datetime

    @property
    def address(self) -> Address:
        return self.channel, self.to


def post(messages: Collection[Message], *, now: datetime) -> None:
    """Queue pages: each joins a message that waits for its address, or begins one; senders are woken on commit.

    The escalations of the pages are locked by the caller, who locks nothing more in this transaction.
    """
    if not messages:
        return
    addresses = {message.address for message in messages}
    lock_addresses(addresses)
    waiting = _waiting(addresses)
    quiet_until = _quiet_until(addresses, now)
    begun: list[Delivery] = []
    joined: list[tuple[int, Delivery]] = []
    for message in sorted(messages, key=lambda each: each.at):
        at = max(message.at, quiet_until.get(message.address, now))
        repeats = message.at > now
        delivery = next((each for each in waiting[message.address] if _fits(each, at, repeats=repeats)), None)
        if delivery is None:
            delivery = _delivery(message, Delivery.Kind.PAGE, at=at, now=now)
            begun.append(delivery)
            waiting[message.address].append(delivery)
        joined.append((message.page.pk, delivery))
    _write(begun, joined)


def send_alone(messages: Iterable[Message], *, kind: Delivery.Kind, now: datetime) -> None:
    """Queue each message by itself: it concerns nobody but its recipient, and joins no other."""
    pairs = [(message.page.pk, _delivery(message, kind, at=message.at, now=now)) for message in messages]
    if pairs:
        _write([delivery for _page, delivery in pairs], pairs)


def lock_addresses(addresses: Iterable[Address]) -> None:
    """Until the transaction ends nobody else begins, joins or claims a message to these."""
    names = sorted(f"{channel}:{to}" for channel, to in addresses)
    with connection.cursor() as cursor:
        # One row after the other: unnest keeps the order of the list.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(%s::text[]) AS name", [names]
        )


def last_sent(channel: str, to: str, *, since: datetime) -> datetime | None:
    """When something was last handed over for the address, at or after `since`."""
    sent = Delivery.objects.filter(channel=channel, to=to, sent_at__gte=since)
    latest: datetime | None = sent.aggregate(latest=Max("sent_at"))["latest"]
    return latest


def _among(addresses: Iterable[Address]) -> Q:
    by_channel: dict[str, list[str]] = defaultdict(list)
    for channel, to in addresses:
        by_channel[channel].append(to)
    found = Q()
    for channel, numbers in by_channel.items():
        found |= Q(channel=channel, to__in=numbers)
    return found


def _waiting(addresses: Iterable[Address]) -> dict[Address, list[Delivery]]:
    """Messages to the addresses that nobody has claimed; one that was tried before may have arrived after all."""
    found: dict[Address, list[Delivery]] = defaultdict(list)
    rows = Delivery.objects.filter(
        _among(addresses), state=Delivery.State.QUEUED, kind=Delivery.Kind.PAGE, attempts=0
    ).order_by("pk")
    for row in rows.select_for_update():
        found[row.channel, row.to].append(row)
    return found


def _quiet_until(addresses: Iterable[Address], now: datetime) -> dict[Address, datetime]:
    sent = Delivery.objects.filter(_among(addresses), kind=Delivery.Kind.PAGE, sent_at__gt=now - BUNDLE)
    latest = sent.order_by().values_list("channel", "to").annotate(latest=Max("sent_at"))
    return {(channel, to): at + BUNDLE for channel, to, at in latest}


def _fits(waiting: Delivery, at: datetime, *, repeats: bool) -> bool:
    """Whether a page that may be told at `at` joins: any message that goes no later.

    What repeats an earlier message joins one of about its own time, or it would repeat nothing.
    """
    goes_at = waiting.next_attempt_at
    if goes_at is None or goes_at > at:
        return False
    return not repeats or goes_at > at - BUNDLE


def _delivery(message: Message, kind: Delivery.Kind, *, at: datetime, now: datetime) -> Delivery:
    return Delivery(
        kind=kind,
        channel=message.channel,
        to=message.to,
        language=message.language,
        next_attempt_at=at,
        created_at=now,
    )


def _write(begun: list[Delivery], told: Iterable[tuple[int, Delivery]]) -> None:
    Delivery.objects.bulk_create(begun)
    through = Delivery.pages.through
    through.objects.bulk_create(
        [through(delivery_id=delivery.pk, page_id=page) for page, delivery in told], ignore_conflicts=True
    )
    wake_senders()
