"""Validators shared by the models of the ground floor."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def validate_zone(value: str) -> None:
    """Refuse anything that is not an IANA time zone name."""
    if value not in available_timezones():
        raise ValidationError(_("“%(zone)s” is not an IANA time zone name."), params={"zone": value})
