"""A delivery's way through its states. It goes forward only: every change compares the state and swaps it.

Whoever changes more than the delivery's own row locks the escalations of its pages first, as everybody does.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from matrix.terms import Channel
from portal.models import Person
from routing.decision import Kind
from routing.wake import wake_senders

from .alarms import clear_alarms, raise_alarm
from .models import ContactMethod, Delivery
from .services import delivery_failed, lock_escalations

State = Delivery.State
UNFINISHED = (State.QUEUED, State.SENDING, State.UNKNOWN, State.ACCEPTED)
UNCONFIRMED = (State.QUEUED, State.SENDING, State.UNKNOWN)
ADOPTIONS = 3
"""How often an id is taken back; another look-up may be at it at the same time."""
REPORTED_AFTER_CALL = timedelta(minutes=2)
REPORTED_AFTER_TEXT = timedelta(minutes=10)
SETTLED_BY = timedelta(days=1)
ADDRESS_ALARMS = ("number_failed", "delivery_failed")


def accepted(delivery: Delivery, *, provider_id: str, now: datetime) -> bool:
    """The provider has taken it, as the answer to this attempt says."""
    sources = (State.SENDING, State.UNKNOWN)
    return _surely_accept(delivery, sources, provider_id=provider_id, now=now, attempts=delivery.attempts)


def reported(delivery: Delivery, *, provider_id: str, now: datetime) -> bool:
    """The provider has it, as its callback says, which may come before the answer."""
    return _surely_accept(delivery, UNCONFIRMED, provider_id=provider_id, now=now)


def adopted(delivery: Delivery, *, provider_id: str, now: datetime) -> bool:
    """The provider seems to have it, as looking it up has found; which may be wrong, for a call tells only its number.

    False where another delivery to the same number was faster.
    """
    try:
        with transaction.atomic():
            return _accept(delivery, UNCONFIRMED, provider_id=provider_id, now=now)
    except IntegrityError:
        return False


def _surely_accept(
    delivery: Delivery, sources: Iterable[str], *, provider_id: str, now: datetime, attempts: int | None = None
) -> bool:
    for _attempt in range(ADOPTIONS):
        try:
            with transaction.atomic():
                return _accept(delivery, sources, provider_id=provider_id, now=now, attempts=attempts)
        except IntegrityError:
            _give_back(provider_id, now=now)
    return False


def _accept(
    delivery: Delivery, sources: Iterable[str], *, provider_id: str, now: datetime, attempts: int | None = None
) -> bool:
    return _swap(
        delivery,
        sources,
        attempts=attempts,
        to=State.ACCEPTED,
        provider_id=provider_id,
        sent_at=now,
        leased_until=None,
        settle_at=now + _patience(delivery),
    )


def _give_back(provider_id: str, *, now: datetime) -> None:
    """A look-up took this call for another delivery's, which has never been sent then: it is sent now.

    One row and one statement at a time, so that no locks are held beside each other.
    """
    mistaken = Delivery.objects.filter(provider_id=provider_id)
    again = mistaken.filter(state=State.ACCEPTED)
    if again.update(state=State.QUEUED, provider_id="", next_attempt_at=now, sent_at=None, settle_at=None):
        wake_senders()
    mistaken.update(provider_id="")


def settle_after(delivery: Delivery, now: datetime) -> datetime | None:
    """When the provider is asked again about what it has accepted; None once that is in vain."""
    age = now - (delivery.sent_at or now)
    return None if age > SETTLED_BY else now + max(_patience(delivery), age / 2)


def _patience(delivery: Delivery) -> timedelta:
    """How long a report may take before it counts as lost."""
    return REPORTED_AFTER_CALL if delivery.channel == Channel.VOICE else REPORTED_AFTER_TEXT


def delivered(delivery: Delivery, *, now: datetime) -> bool:
    """It has reached its address: the call was answered, the message or mail has arrived."""
    arrived = _finished(delivery, UNFINISHED, State.DELIVERED, now=now, error="")
    if arrived and (key := _alarm_key(delivery)):
        clear_alarms(key, *ADDRESS_ALARMS, now=now)
    return arrived


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
    lock_escalations([delivery])
    if not _finished(delivery, sources, State.FAILED, now=now, error=error[:300], gave_up=True):
        return False
    if name := _recipients_name(delivery):
        kind = "number_failed" if number else "delivery_failed"
        raise_alarm(kind, _alarm_key(delivery), now=now, name=name, channel=delivery.channel, error=error[:300])
    elif delivery.kind == Delivery.Kind.LETTER:
        name, key = delivery.mail_text.name, f"letter:{delivery.pk}"
        raise_alarm("delivery_failed", key, now=now, name=name, channel=delivery.channel, error=error[:300])
    if number:
        _disable_number(delivery, now=now)
    if delivery.kind == Delivery.Kind.PAGE:
        delivery_failed(delivery, now=now)
    return True


def _recipients_name(delivery: Delivery) -> str:
    """Whom a page or a notice was meant for; empty for a code or a test, whose sender sees that nothing comes."""
    first = delivery.pages.order_by("pk").first()
    if first is not None:
        return first.name
    return delivery.notice.person.name if delivery.kind == Delivery.Kind.NOTICE else ""


def _alarm_key(delivery: Delivery) -> str:
    """Recipient and channel; the address itself is private, and alarms are read by many. Empty if nobody is meant."""
    recipient = delivery.pages.order_by("pk").values_list("recipient", flat=True).first()
    if recipient is None and delivery.method is not None:
        recipient = f"{Kind.PERSON}:{delivery.method.person_id}"
    if delivery.kind == Delivery.Kind.NOTICE:
        recipient = f"{Kind.PERSON}:{delivery.notice.person_id}"
    return f"{recipient}:{delivery.channel}" if recipient else ""


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
