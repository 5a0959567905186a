"""Duty changes hands by agreement: asked, then accepted, declined, withdrawn or expired.

Whoever is first decides: each answer compares the state and swaps it. Accepting locks the rosters, looks again
whether both still hold what they exchange, and records the overrides in the same transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from portal.models import Person

from .models import Rota, Swap, SwapRequest
from .queries import absence_facts, bounds, last_recorded, rota_facts
from .rotation import Line
from .services import hand_over, lock
from .turns import Change, Objection, objections

MOST_WORDS = 300
"""Characters of a note."""


class SwapRefused(Exception):
    """Duty cannot change hands like that; `objections` say why. Nothing was changed."""

    def __init__(self, *found: Objection) -> None:
        super().__init__(", ".join(found))
        self.objections = found


class SwapOver(Exception):
    """It is answered, withdrawn or expired already (`state`), or nobody of whom it was asked answers."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


def changes_of(swap: Swap, taker: Person) -> list[Change]:
    """What would change if `taker` accepted."""
    given = _change(swap.rota_id, swap.line, swap.gives, of=swap.asked_by_id, to=taker.pk)
    if swap.takes is None:
        return [given]
    return [given, _change(swap.rota_id, swap.takes_line, swap.takes, of=taker.pk, to=swap.asked_by_id)]


def _change(rota: int, line: str, period: DateTimeTZRange, *, of: int, to: int) -> Change:
    start, end = bounds(period)
    return Change(rota, Line(line), start, end, of, to)


Offers = Mapping[int, Sequence[Change]]
"""Person → what would change if they accepted."""


def against(offers: Offers, *, known_at: datetime) -> dict[int, tuple[Objection, ...]]:
    """Person → what stands against their taking it, by the rosters as recorded at `known_at`."""
    changes = [change for each in offers.values() for change in each]
    if not changes:
        return {}
    first = min(change.start for change in changes)
    reach = max(change.end for change in changes) - first
    roster = rota_facts(Rota.objects.all(), at=first, known_at=known_at, horizon=reach)
    people = {change.to for change in changes}
    away = absence_facts(people, at=first, known_at=known_at, horizon=reach)
    return {person: objections(roster, list(each), away=away) for person, each in offers.items()}


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
    """`by` wants to give the duty away, to whoever of `of` accepts first; or in exchange, asking one person alone.

    Raises `SwapRefused` where nobody of them could take it (or `by` does not hold it), and `SwapOver` where its
    beginning has passed or the same duty is asked about already.
    """
    lock([rota.pk])
    swap = Swap(
        rota=rota,
        line=Line(line).value,
        asked_by=by,
        gives=gives,
        takes=takes,
        takes_line=takes_line.value if takes_line else "",
        note=note[:MOST_WORDS],
        asked_at=now,
        expires_at=min(bounds(period)[0] for period in (gives, takes) if period),
    )
    if swap.expires_at <= now:
        raise SwapOver(Swap.State.EXPIRED)
    asked = Swap.objects.filter(rota=rota, line=swap.line, asked_by=by, state=Swap.State.ASKED)
    if asked.filter(gives__overlap=gives).exists():
        raise SwapOver(Swap.State.ASKED)
    able = _able(swap, of, now)
    swap.save()
    SwapRequest.objects.bulk_create(SwapRequest(swap=swap, person=person) for person in able)
    return swap


def _able(swap: Swap, people: Collection[Person], now: datetime) -> list[Person]:
    """Those who could take it as the roster stands now; the others need not be asked."""
    offers = {person.pk: changes_of(swap, person) for person in people}
    found = against(offers, known_at=last_recorded(known_at=now))
    able = [person for person in people if not found[person.pk]]
    if not able:
        raise SwapRefused(*sorted({objection for each in found.values() for objection in each}))
    return able


@transaction.atomic
def accept(swap: Swap, *, by: Person, now: datetime) -> Swap:
    """`by`, who was asked and is the first to accept, holds the duty from now on; the roster follows at once.

    Raises `SwapOver`, and `SwapRefused` where the roster does not allow it any more.
    """
    lock(Rota.objects.values_list("pk", flat=True))
    swap = Swap.objects.select_for_update(of=("self",)).select_related("rota", "asked_by").get(pk=swap.pk)
    _require_open(swap, by, now)
    known_at = last_recorded(known_at=now)
    changes = changes_of(swap, by)
    if found := against({by.pk: changes}, known_at=known_at)[by.pk]:
        raise SwapRefused(*found)
    people = {by.pk: by, swap.asked_by_id: swap.asked_by}
    made = [
        hand_over(
            swap.rota,
            change.line,
            people[change.to],
            DateTimeTZRange(change.start, change.end),
            by=by,
            now=known_at,
            why=f"swap {swap.pk}: asked by {swap.asked_by.name}, accepted by {by.name}",
        )
        for change in changes
    ]
    _settle(swap, Swap.State.ACCEPTED, now=now, accepted_by=by)
    swap.overrides.set(made)
    return swap


def _require_open(swap: Swap, person: Person, now: datetime) -> None:
    if swap.state != Swap.State.ASKED:
        raise SwapOver(swap.state)
    if swap.expires_at <= now:
        raise SwapOver(Swap.State.EXPIRED)
    if not swap.requests.filter(person=person, declined_at=None).exists():
        raise SwapOver(Swap.State.DECLINED)


@transaction.atomic
def decline(swap: Swap, *, by: Person, now: datetime) -> Swap:
    """`by`, who was asked, does not take it; once all have said so it is declined. Raises `SwapOver`."""
    swap = Swap.objects.select_for_update(of=("self",)).select_related("rota", "asked_by").get(pk=swap.pk)
    _require_open(swap, by, now)
    swap.requests.filter(person=by).update(declined_at=now)
    if not swap.requests.filter(declined_at=None).exists():
        _settle(swap, Swap.State.DECLINED, now=now)
    return swap


def withdraw(swap: Swap, *, now: datetime) -> Swap:
    """Whoever asked keeps the duty. Raises `SwapOver`."""
    _settle(swap, Swap.State.WITHDRAWN, now=now)
    return swap


def expire(swap: Swap, *, now: datetime) -> Swap:
    """The duty began before anybody accepted. Raises `SwapOver`."""
    _settle(swap, Swap.State.EXPIRED, now=now)
    return swap


def _settle(swap: Swap, state: Swap.State, *, now: datetime, accepted_by: Person | None = None) -> None:
    open_ = Swap.objects.filter(pk=swap.pk, state=Swap.State.ASKED)
    if open_.update(state=state, answered_at=now, accepted_by=accepted_by) != 1:
        swap.refresh_from_db(fields=["state"])
        raise SwapOver(swap.state)
    swap.state, swap.answered_at, swap.accepted_by = state, now, accepted_by
