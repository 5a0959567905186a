"""Swaps of duty, told to both sides in the transaction of what happened."""

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from oncall import swaps
from oncall.models import Rota, Swap
from oncall.rotation import Line
from portal.models import Person

from .letters import tell

log = structlog.get_logger(__name__)


@transaction.atomic
def ask(
    rota: Rota,
    line: Line,
    gives: DateTimeTZRange,
    *,
    of: Collection[Person],
    by: Person,
    now: datetime,
    takes_line: Line | None = None,
    takes: DateTimeTZRange | None = None,
    note: str = "",
) -> Swap:
    """As `oncall.swaps.ask`; everybody who could take the duty hears of it."""
    swap = swaps.ask(rota, line, gives, of=of, by=by, now=now, takes_line=takes_line, takes=takes, note=note)
    for person in _asked(swap):
        tell(swap, person, "asked", now=now)
    return swap


@transaction.atomic
def accept(swap: Swap, *, by: Person, now: datetime) -> Swap:
    """As `oncall.swaps.accept`; both hear of it, and so do the others who were asked."""
    swap = swaps.accept(swap, by=by, now=now)
    tell(swap, swap.asked_by, "accepted", now=now)
    tell(swap, by, "taken", now=now)
    for person in _asked(swap):
        if person.pk != by.pk:
            tell(swap, person, "settled", now=now)
    return swap


@transaction.atomic
def decline(swap: Swap, *, by: Person, now: datetime) -> Swap:
    """As `oncall.swaps.decline`; whoever asked hears of it once nobody is left."""
    swap = swaps.decline(swap, by=by, now=now)
    if swap.state == Swap.State.DECLINED:
        tell(swap, swap.asked_by, "declined", now=now)
    return swap


@transaction.atomic
def withdraw(swap: Swap, *, now: datetime) -> Swap:
    """As `oncall.swaps.withdraw`; those who have not declined hear of it."""
    swap = swaps.withdraw(swap, now=now)
    for person in _asked(swap):
        tell(swap, person, "withdrawn", now=now)
    return swap


def expire_due(*, now: datetime, limit: int = 100) -> int:
    """End requests whose duty begins; how many. Any number of workers may call this at once.

    One that cannot be ended or told of keeps no other, and is tried again.
    """
    ended = 0
    overdue = Swap.objects.filter(state=Swap.State.ASKED, expires_at__lte=now).order_by("expires_at")
    for pk in list(overdue.values_list("pk", flat=True)[:limit]):
        try:
            ended += _expire(pk, now)
        except Exception:
            log.exception("swap_not_expired", swap=pk)
    return ended


@transaction.atomic
def _expire(pk: int, now: datetime) -> bool:
    claimed = Swap.objects.filter(pk=pk, state=Swap.State.ASKED).select_related("rota", "asked_by")
    swap = claimed.select_for_update(skip_locked=True, of=("self",)).first()
    if swap is None:
        return False
    swaps.expire(swap, now=now)
    for person in [swap.asked_by, *_asked(swap)]:
        tell(swap, person, "expired", now=now)
    return True


def _asked(swap: Swap) -> list[Person]:
    """Those who have not declined."""
    return [request.person for request in swap.requests.filter(declined_at=None).select_related("person")]
