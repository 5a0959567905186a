"""How often a key may post: a fixed window of one minute per key, counted in the cache.

Without Redis nothing is counted and nobody is refused.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache

from .models import IntakeKey

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Turn:
    """One request counted. `seconds_to_wait` 0: go ahead; else until the key may post again.

    `is_calm`: the first of its window after one within the rate, or nothing could be counted; a key that was over its
    rate no longer is.
    """

    seconds_to_wait: int
    is_calm: bool


def take_turn(key: IntakeKey, *, now: datetime) -> Turn:
    """Count one request."""
    window, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    count = _count(_name(key, window))
    limit = key.rate_per_minute or settings.INTAKE_RATE_PER_MINUTE
    is_calm = count == 1 and int(cache.get(_name(key, window - 1)) or 0) <= limit
    return Turn(WINDOW_SECONDS - second if count > limit else 0, is_calm)


def _name(key: IntakeKey, window: int) -> str:
    return f"intake-rate:{key.pk}:{window}"


def _count(name: str) -> int:
    try:
        return int(cache.incr(name))
    except ValueError:  # not counted yet
        if cache.add(name, 1, timeout=2 * WINDOW_SECONDS):
            return 1
    try:
        return int(cache.incr(name))
    except ValueError:  # Redis lost the counter since the line before
        return 1
