"""The last body of each key of which nothing could be used: to be looked at where a system is being connected.

In the cache, for a while: what is refused changes nothing, and nothing rests upon it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache

from .models import IntakeKey

KEPT_FOR = timedelta(days=2)
ERRORS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Refusal:
    """When which format was refused, and why: a line for each field that is wrong."""

    at: datetime
    format: str
    why: tuple[str, ...]


def keep(key: IntakeKey, format_name: str, errors: dict[str, list[str]], *, now: datetime) -> None:
    """Remember the refusal instead of the one before."""
    lines = (": ".join(filter(None, (field, message))) for field, messages in errors.items() for message in messages)
    cache.set(_name(key), Refusal(now, format_name, tuple(lines)[:ERRORS_KEPT]), timeout=int(KEPT_FOR.total_seconds()))


def last_refusal(key: IntakeKey) -> Refusal | None:
    """The last one, if any is remembered."""
    found: Refusal | None = cache.get(_name(key))
    return found


def _name(key: IntakeKey) -> str:
    return f"intake-refused:{key.pk}"
