"""Guessing is slow: so many wrong passwords or codes, then a pause."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from .models import SignInAttempt

KEEP = timedelta(hours=1)


class TooMany(Exception):
    """The limit was reached; this try was not even looked at, and does not make the pause longer."""


@dataclass(frozen=True)
class Limit:
    """`most` tries within `period` for one `kind` of key."""

    kind: str
    most: int
    period: timedelta


PER_ACCOUNT = Limit("account", 5, timedelta(minutes=5))
PER_ADDRESS = Limit("address", 20, timedelta(minutes=1))
"""A customer's whole office may share one address."""
PER_CODE = Limit("code", 5, timedelta(minutes=5))
PER_PIN = Limit("pin", 5, timedelta(minutes=5))
PER_INVITER = Limit("inviter", 30, timedelta(hours=1))
"""Invitations go to any address, with words of the sender's: the portal is no way to write to strangers."""
PER_LINK_GUESSER = Limit("link", 20, timedelta(minutes=1))
"""Wrong links in messages from one address, which may be a carrier's and shared by many phones."""


def begin(limit: Limit, name: str, *, now: datetime) -> SignInAttempt:
    """Count a try before it is made, so that tries at the same time count too. Raises `TooMany`.

    `forget` the row when the try was right. The name is stored hashed, and for an hour at most.
    """
    SignInAttempt.objects.filter(at__lt=now - KEEP).delete()
    key = key_of(limit, name)
    attempt = SignInAttempt.objects.create(key=key, at=now)
    # All others, not only those begun before: of two at the same time each sees the other, or the later one does.
    others = SignInAttempt.objects.filter(key=key, at__gt=now - limit.period).exclude(pk=attempt.pk)
    if others.count() >= limit.most:
        attempt.delete()
        raise TooMany
    return attempt


def require_patience(limit: Limit, name: str, *, now: datetime) -> None:
    """Raises `TooMany` where the limit is reached; counts nothing."""
    if SignInAttempt.objects.filter(key=key_of(limit, name), at__gt=now - limit.period).count() >= limit.most:
        raise TooMany


def forget_all(limit: Limit, name: str) -> None:
    """Start counting anew, where somebody has proven in another way who they are."""
    SignInAttempt.objects.filter(key=key_of(limit, name)).delete()


def key_of(limit: Limit, name: str) -> str:
    return salted_hmac(f"attempts.{limit.kind}", name.lower(), algorithm="sha256").hexdigest()
