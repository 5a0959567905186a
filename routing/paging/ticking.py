"""The tick: everything that is due, found in PostgreSQL. Run by a worker each second, or by the watchdog."""

from datetime import datetime, timedelta

import structlog

from portal import clock
from routing import housekeeping
from routing.coverage import watching
from routing.duty import confirmations
from routing.duty.services import expire_due
from routing.incidents.reminding import due_incidents, remind_due
from routing.presence import digest
from routing.wake import (
    wake_confirmations,
    wake_coverage,
    wake_hang_ups,
    wake_housekeeper,
    wake_night_reports,
    wake_post,
    wake_reconcilers,
    wake_senders,
)

from . import escalating, sending
from .models import Escalation, Pulse

log = structlog.get_logger(__name__)

TICK = "tick"
STAND_IN = "stand_in"
"""A watchdog did the work instead."""
LATE = timedelta(seconds=3)
"""A tick that was not completed for this long means that somebody else must do the work."""


def tick() -> None:
    """Advance what is due, wake whoever sends, and note that the tick was completed."""
    now = clock.now()
    _advance_all(now)
    if sending.due_deliveries(now=now, limit=1):
        wake_senders()
    if sending.due_post(now=now, limit=1):
        wake_post()
    if sending.has_hang_ups(now=now):
        wake_hang_ups()
    if sending.has_unknown(now=now):
        wake_reconcilers()
    if housekeeping.is_due(now):
        wake_housekeeper()
    if digest.is_due(now):
        wake_night_reports()
    if watching.is_due(now):
        wake_coverage()
    if confirmations.is_due(now):
        wake_confirmations()
    beat(TICK)


def _advance_all(now: datetime) -> None:
    while escalating.advance_due(now=now):
        now = clock.now()
    while remind_due(now=now):
        now = clock.now()
    expire_due(now=now)


def beat(name: str) -> None:
    """Note that everything due by now has been done, by a tick or by a watchdog."""
    Pulse.objects.update_or_create(name=name, defaults={"at": clock.now()})


def tick_age(now: datetime) -> timedelta | None:
    """How long ago the last tick was completed; None where there never was one."""
    last = Pulse.objects.filter(name=TICK).values_list("at", flat=True).first()
    return now - last if last else None


def is_behind(now: datetime) -> bool:
    """Whether due work lies undone although workers should have done it; post may wait for a mail server."""
    age = tick_age(now)
    if age is None or age > LATE:
        return True
    overdue = now - LATE
    return (
        Escalation.objects.filter(due_at__lte=overdue).exists()
        or bool(sending.due_deliveries(now=overdue, limit=1))
        or due_incidents(overdue).exists()
    )


def advance_without_broker() -> None:
    """Do in this process what the tick would do; needs PostgreSQL alone."""
    _advance_all(clock.now())
    beat(STAND_IN)


def send_without_broker() -> None:
    """Do in this process what senders would do; takes as long as the provider does."""
    now = clock.now()
    sending.send_all_due(now=now)
    sending.hang_up_due(now=now)
    sending.reconcile_due(now=now)
    sending.settle_due(now=now)


def send_post_without_broker() -> None:
    """Do in this process what senders of post would do; takes as long as the mail server does."""
    sending.send_due_post(now=clock.now())
