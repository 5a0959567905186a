"""A person's own contact methods: added, proven by a code, tried out, taken away; never the last one that works."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.crypto import constant_time_compare

from matrix.terms import Channel
from portal.models import Person
from portal.numbers import InvalidNumber, e164
from routing.wake import wake_senders

from .codes import CODE_VALID, code_of
from .models import ContactMethod, Delivery, VerificationCode

PHONES = (Channel.VOICE, Channel.SMS)
MOST_METHODS = 10
MAX_TRIES = 5
BETWEEN_CODES = timedelta(minutes=1)
CODES_PER_HOUR = 5
BETWEEN_TESTS = timedelta(minutes=1)


class Refused(Exception):
    """The person's wish cannot be met; nothing was changed."""


class InvalidAddress(Refused):
    """Neither a phone number nor an e-mail address, whichever the channel needs."""


class KnownAlready(Refused):
    """The person has this method."""


class TooMany(Refused):
    """The person has as many methods as one may have."""


class TooSoon(Refused):
    """Codes and tests are sent sparingly; `again_at` is when the next one may be."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__(f"not before {again_at.isoformat()}")
        self.again_at = again_at


class WrongCode(Refused):
    """Not the code that was sent last, or no longer: it is valid for ten minutes and five tries."""


class LastUsable(Refused):
    """Without this method nobody could page the person any more."""


@transaction.atomic
def add_method(person: Person, channel: Channel, address: str) -> ContactMethod:
    """A new method, of no use before it is verified. Raises `InvalidAddress`, `KnownAlready`, `TooMany`."""
    address = normal(channel, address)
    _lock(person.pk)
    having = ContactMethod.objects.filter(person=person)
    if having.count() >= MOST_METHODS and not having.filter(channel=channel, address=address).exists():
        raise TooMany
    method, created = ContactMethod.objects.get_or_create(person=person, channel=channel, address=address)
    if not created:
        raise KnownAlready
    return method


def normal(channel: Channel, address: str) -> str:
    """The address as it is stored: an E.164 number or an e-mail address. Raises `InvalidAddress`."""
    if channel in PHONES:
        try:
            return e164(address)
        except InvalidNumber:
            raise InvalidAddress from None
    if channel is not Channel.EMAIL:
        raise InvalidAddress
    try:
        validate_email(address.strip())
    except ValidationError:
        raise InvalidAddress from None
    return address.strip().lower()


@transaction.atomic
def send_code(method: ContactMethod, *, now: datetime) -> VerificationCode:
    """Send a new code to the method; earlier ones are void. Raises `TooSoon`."""
    _lock(method.person_id)
    _require_patience(method.person_id, now)
    delivery = _deliver(method, Delivery.Kind.CODE, now=now)
    return VerificationCode.objects.create(
        method=method, delivery=delivery, created_at=now, expires_at=now + CODE_VALID
    )


def _require_patience(person_id: int, now: datetime) -> None:
    """A number could be anybody's: codes must not become a nuisance."""
    hour = timedelta(hours=1)
    sent = VerificationCode.objects.filter(method__person=person_id, created_at__gt=now - hour)
    instants = list(sent.order_by("created_at").values_list("created_at", flat=True))
    if instants and now < instants[-1] + BETWEEN_CODES:
        raise TooSoon(instants[-1] + BETWEEN_CODES)
    if len(instants) >= CODES_PER_HOUR:
        raise TooSoon(instants[-CODES_PER_HOUR] + hour)


def verify(method: ContactMethod, code: str, *, now: datetime) -> ContactMethod:
    """Whoever knows the code has the address: it may be used from now on. Raises `WrongCode`; each try counts."""
    if not _is_right(method, code, now=now):
        raise WrongCode
    method.verified_at, method.disabled_at = now, None
    # Nothing is written where it was removed meanwhile.
    ContactMethod.objects.filter(pk=method.pk).update(verified_at=now, disabled_at=None)
    return method


@transaction.atomic
def _is_right(method: ContactMethod, code: str, *, now: datetime) -> bool:
    """Whether it is the latest code; used up if so, and one try fewer if not."""
    sent = VerificationCode.objects.select_for_update(of=("self",)).select_related("delivery").filter(method=method)
    latest = sent.order_by("-pk").first()
    if latest is None or latest.tries >= MAX_TRIES or now >= latest.expires_at:
        return False
    right = constant_time_compare("".join(code.split()), code_of(latest.delivery))
    latest.tries = MAX_TRIES if right else latest.tries + 1
    latest.save(update_fields=["tries"])
    return right


@transaction.atomic
def remove(method: ContactMethod) -> None:
    """Forget the method. Raises `LastUsable`."""
    _require_another(method)
    method.delete()


@transaction.atomic
def disable(method: ContactMethod, *, now: datetime) -> None:
    """Page nobody by this method until it is verified again. Raises `LastUsable`."""
    _require_another(method)
    ContactMethod.objects.filter(pk=method.pk, disabled_at=None).update(disabled_at=now)


def _require_another(method: ContactMethod) -> None:
    _lock(method.person_id)
    usable = set(ContactMethod.objects.usable().filter(person=method.person_id).values_list("pk", flat=True))
    if usable == {method.pk}:
        raise LastUsable


@transaction.atomic
def send_test(person: Person, *, now: datetime) -> list[Delivery]:
    """Try out every usable method of the person at once. Raises `TooSoon`."""
    _lock(person.pk)
    sent = Delivery.objects.filter(kind=Delivery.Kind.TEST, method__person=person, created_at__gt=now - BETWEEN_TESTS)
    if last := sent.order_by("created_at").last():
        raise TooSoon(last.created_at + BETWEEN_TESTS)
    usable = ContactMethod.objects.usable().filter(person=person)
    return [_deliver(method, Delivery.Kind.TEST, now=now) for method in usable.select_related("person")]


def _lock(person_id: int) -> None:
    """One change of a person's methods at a time."""
    Person.objects.select_for_update(no_key=True).get(pk=person_id)


def _deliver(method: ContactMethod, kind: Delivery.Kind, *, now: datetime) -> Delivery:
    delivery = Delivery.objects.create(
        kind=kind,
        method=method,
        channel=method.channel,
        to=method.address,
        language=method.person.language,
        next_attempt_at=now,
        created_at=now,
    )
    wake_senders()
    return delivery
