"""Phone numbers as people write them, and as they are stored."""

import phonenumbers
from django.conf import settings

SHORTEST = len("+49123456")
"""What is shorter is a service's number, not one that can be published or called back."""


class InvalidNumber(ValueError):
    """What was written is no phone number."""


def e164(written: str) -> str:
    """The number in E.164, such as `+4940123456`; without a country code it is one of the provider's country.

    Raises `InvalidNumber`, for extensions too: nothing dials them by itself.
    """
    try:
        parsed = phonenumbers.parse(written, settings.PHONENUMBER_DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        raise InvalidNumber(written) from None
    # Numbers reserved for fiction are possible, though not valid.
    number = str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    if not phonenumbers.is_possible_number(parsed) or parsed.extension or len(number) < SHORTEST:
        raise InvalidNumber(written)
    return number
