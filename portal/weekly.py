"""A time of the week as a setting."""

from datetime import time

from django.core.exceptions import ImproperlyConfigured

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekly_time(text: str) -> tuple[int, time]:
    """Weekday (0 is Monday) and local time of "mon 07:00". Raises `ImproperlyConfigured` for anything else."""
    day, _space, at = text.strip().lower().partition(" ")
    try:
        return WEEKDAYS.index(day), time.fromisoformat(at.strip())
    except ValueError:
        raise ImproperlyConfigured(f"“{text}” is no time of the week, like “mon 07:00”") from None
