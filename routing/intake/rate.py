"""How often a key may post: a fixed window of one minute per key, counted in the cache.

Without Redis nothing is counted and nobody is refused.
"""

from datetime import datetime

from django.conf import settings
from django.core.cache import cache

from .models import IntakeKey

WINDOW_SECONDS = 60


def seconds_to_wait(key: IntakeKey, *, now: datetime) -> int:
    """Count one request. 0: go ahead; else the seconds until the key may post again."""
    window, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    name = f"intake-rate:{key.pk}:{window}"
    cache.add(name, 0, timeout=2 * WINDOW_SECONDS)
    try:
        count = cache.incr(name)
    except ValueError:  # Redis lost the counter since the line before
        return 0
    limit = key.rate_per_minute or settings.INTAKE_RATE_PER_MINUTE
    return WINDOW_SECONDS - second if count > limit else 0
