"""A delivery's way through its states. It goes forward only: every change compares the state and swaps it.

Whoever changes more than the delivery's own row locks the escalations of its pages first, as everybody does.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.models import Person

from .alarms import raise_alarm
from .models import ContactMethod, Delivery
from .services import delivery_failed, lock_escalations

State = Delivery.State
UNFINISHED = (State.QUEUED, State.SENDING, State.UNKNOWN, State.ACCEPTED)
UNCONFIRMED = (State.QUEUED, State.SENDING, State.UNKNOWN)


def accepted(delivery: Delivery, *, provider_id: str, now: datetime) -> bool:
    """The provider has taken it, as the answer to this attempt says."""
    return _swap(
        delivery,
        (State.SENDING, State.UNKNOWN),
        attempts=delivery.attempts,
        to=State.ACCEPTED,
        provider_id=provider_id,
        sent_at=now,
        leased_until=None,
    )


def adopted(delivery: Delivery, *, provider_id: str, now: datetime) -> bool:
    """The provider turns out to have it: by a callback that came first, or by looking it up."""
    try:
        with transaction.atomic():
            return _swap(
                delivery,
                UNCONFIRMED,
                to=State.ACCEPTED,
                provider_id=provider_id,
                sent_at=now,
                leased_until=None,
            )
    except IntegrityError:  # another delivery to the same number was faster to adopt it
        return False


def delivered(delivery: Delivery, *, now: datetime) -> bool:
    """It has reached its address: the call was answered, the message or mail has arrived."""
    return _finished(delivery, UNFINISHED, State.DELIVERED, now=now, error="")


def cancelled(delivery: Delivery, *, now: datetime) -> bool:
    """It was of no use any more, and was stopped in time."""
    return _finished(delivery, UNFINISHED, State.CANCELLED, now=now)


def undelivered(delivery: Delivery, *, error: str, now: datetime) -> bool:
    """It did not arrive this time: busy, no answer, handset off. The chain does not mind."""
    return _finished(delivery, UNFINISHED, State.FAILED, now=now, error=error[:300])


@transaction.atomic
def failed(delivery: Delivery, *, error: str, now: datetime, number: bool, sources: Iterable[str] = UNFINISHED) -> bool:
    """It will never arrive. An administrator is told, and the chain need not wait for it.

    `number`: because of its number or address, which is not used again unless it is a person's last.
    """
    lock_escalations(delivery)
    if not _finished(delivery, sources, State.FAILED, now=now, error=error[:300], gave_up=True):
        return False
    first = delivery.pages.order_by("pk").first()
    if first is not None:
        # The address itself is private; alarms are read by many.
        key, kind = f"{first.recipient}:{delivery.channel}", "number_failed" if number else "delivery_failed"
        raise_alarm(kind, key, now=now, name=first.name, channel=delivery.channel, error=error[:300])
    if number:
        _disable_number(delivery, now=now)
    if delivery.kind == Delivery.Kind.PAGE:
        delivery_failed(delivery, now=now)
    return True


def again(delivery: Delivery, *, at: datetime, error: str, sources: Iterable[str]) -> bool:
    """This attempt came to nothing; the next may be made from `at` on."""
    return _swap(
        delivery,
        sources,
        attempts=delivery.attempts,
        to=State.QUEUED,
        next_attempt_at=at,
        leased_until=None,
        sent_at=None,
        error=error[:300],
    )


def doubted(delivery: Delivery, *, look_up_at: datetime, error: str) -> bool:
    """This attempt may or may not have reached the provider, who is asked at `look_up_at`."""
    return _swap(
        delivery,
        (State.SENDING, State.UNKNOWN),
        attempts=delivery.attempts,
        to=State.UNKNOWN,
        leased_until=look_up_at,
        error=error[:300],
    )


def _finished(delivery: Delivery, sources: Iterable[str], to: str, *, now: datetime, **values: Any) -> bool:
    return _swap(delivery, sources, to=to, finished_at=now, leased_until=None, hang_up_at=None, **values)


def _swap(delivery: Delivery, sources: Iterable[str], *, to: str, attempts: int | None = None, **values: Any) -> bool:
    """False if somebody else has moved it on; with `attempts`, also if another attempt has begun since."""
    rows = Delivery.objects.filter(pk=delivery.pk, state__in=list(sources))
    if attempts is not None:
        rows = rows.filter(attempts=attempts)
    return rows.update(state=to, **values) == 1


def _disable_number(delivery: Delivery, *, now: datetime) -> None:
    """Never a person's last usable method: a number that seems dead is better than none."""
    people = Person.objects.filter(pages__deliveries=delivery).distinct()
    for person in people:
        usable = list(ContactMethod.objects.usable().filter(person=person).select_for_update().order_by("pk"))
        dead = [each for each in usable if (each.channel, each.address) == (delivery.channel, delivery.to)]
        if dead and len(usable) > len(dead):
            ContactMethod.objects.filter(pk__in=[each.pk for each in dead]).update(disabled_at=now)
