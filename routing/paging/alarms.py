"""Alarms of the portal itself: shown to the provider's people until they are over."""

from datetime import datetime
from typing import Any

import structlog

from .models import Alarm

log = structlog.get_logger(__name__)


def raise_alarm(kind: str, key: str, *, now: datetime, **data: Any) -> None:
    """Raise an alarm unless one of this kind and key is open."""
    if Alarm.objects.filter(kind=kind, key=key, cleared_at=None).exists():
        return
    Alarm.objects.bulk_create(
        [Alarm(kind=kind, key=key, data=data, raised_at=now)],
        ignore_conflicts=True,
    )
    log.error("alarm", kind=kind, key=key, **data)


def clear_alarms(key: str, *kinds: str, now: datetime) -> None:
    """What the alarms of `key` warned of is over."""
    Alarm.objects.filter(kind__in=kinds, key=key, cleared_at=None).update(cleared_at=now)
