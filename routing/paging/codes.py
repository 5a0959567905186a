"""The code that proves that an address is somebody's own."""

from datetime import timedelta

from django.utils.crypto import salted_hmac

from .models import Delivery

CODE_VALID = timedelta(minutes=10)
DIGITS = 6


def code_of(delivery: Delivery) -> str:
    """The six digits a delivery carries. They follow from its id and the installation's secret, and are not stored."""
    digest = salted_hmac("routing.paging.codes", str(delivery.public_id), algorithm="sha256").digest()
    return str(int.from_bytes(digest) % 10**DIGITS).zfill(DIGITS)
