"""Whether a caller is who they say: by the PIN that they alone know."""

from datetime import datetime

from django.contrib.auth.hashers import check_password

from portal.attempts import PER_PIN, begin
from portal.models import Contact


def knows_pin(contact: Contact, pin: str, *, now: datetime) -> bool:
    """Whether `pin` is the contact's; nobody knows one that was never made. Raises `TooMany` after a few guesses."""
    attempt = begin(PER_PIN, str(contact.pk), now=now)
    right = bool(contact.pin) and check_password("".join(pin.split()), contact.pin)
    if right:
        attempt.delete()
    return right
