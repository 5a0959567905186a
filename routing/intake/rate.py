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

    `is_first`: of its window, or nothing could be counted; a key that was over its rate no longer is.
    """

    seconds_to_wait: int
    is_first: bool


def take_turn(key: IntakeKey, *, now: datetime) -> Turn:
    """Count one request."""
    window, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    count = _count(f"intake-rate:{key.pk}:{window}")
    limit = key.rate_per_minute or settings.INTAKE_RATE_PER_MINUTE
    return Turn(WINDOW_SECONDS - second if count > limit else 0, count == 1)


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
