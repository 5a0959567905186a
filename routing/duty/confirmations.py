"""Whoever takes over a line says so beforehand: asked the day before, and others told where they have not.

What was asked is compared with the roster every few minutes. So whoever comes into a duty by a swap or an override
is asked too, and whoever comes out of it is told that they need not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import Q

from oncall.models import Rota
from oncall.queries import rota_facts
from oncall.rotation import Line, RotaFacts, duty_at
from oncall.takeovers import LONGEST_NOTICE, Takeover, asked_from, takeovers
from oncall.turns import holder, person_of
from portal.models import ADMINISTRATORS, Person
from routing.paging.models import PeriodicJob

from . import confirmation_letters as letters
from .models import DutyConfirmation

log = structlog.get_logger(__name__)

JOB = "duty_confirmations"
EVERY = timedelta(minutes=5)
LATE = timedelta(hours=2)
"""So long before the handover others are told that nobody has confirmed."""
PATIENCE = timedelta(minutes=30)
"""Whoever was asked later than that has at least this long."""
_done: set[str] = set()
"""Periods of which this process knows that somebody looked."""

Row = TypeVar("Row")
Key = tuple[int, str, int, datetime]
"""Rota, line, person and instant of the handover."""


class ConfirmationOver(Exception):
    """There is nothing to confirm any more: the duty has begun, or is somebody else's by now."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A handover that whoever takes over was asked about and has not confirmed; people and rota are ids.

    `late`: it is near, and the outgoing person and administrators were told.
    """

    rota: int
    line: Line
    person: int
    at: datetime
    asked_at: datetime
    late: bool


def unconfirmed(rotas: Iterable[Rota], *, now: datetime) -> list[Unconfirmed]:
    """The coming handovers of the rotas that were asked about and nobody has confirmed, by time; one query."""
    rows = DutyConfirmation.objects.open(now).filter(rota__in=list(rotas))
    return [
        Unconfirmed(row.rota_id, Line(row.line), row.person_id, row.begins_at, row.asked_at, row.warned_at is not None)
        for row in rows
    ]


def to_confirm(person: Person, *, now: datetime) -> list[DutyConfirmation]:
    """What the person is asked, the next first."""
    return list(DutyConfirmation.objects.open(now).filter(person=person).select_related("rota"))


def confirm(asked: DutyConfirmation, *, now: datetime) -> None:
    """Its person takes the duty over; to say so twice changes nothing. Raises `ConfirmationOver`."""
    if DutyConfirmation.objects.open(now).filter(pk=asked.pk).update(confirmed_at=now):
        return
    asked.refresh_from_db()
    if asked.confirmed_at is None or asked.withdrawn_at is not None:
        raise ConfirmationOver


# --- The periodic job -----------------------------------------------------------------------------------------


def is_due(now: datetime) -> bool:
    """Whether nobody has looked yet in this period. A small query, once known none."""
    period = _period(now)
    if period not in _done and PeriodicJob.objects.filter(job=JOB, period=period).exists():
        _done.clear()
        _done.add(period)
    return period not in _done


def _period(now: datetime) -> str:
    now = now.astimezone(UTC)
    return (now - timedelta(minutes=now.minute % 5)).strftime("%Y-%m-%dT%H:%M")


@transaction.atomic
def ask_and_warn(*, now: datetime) -> int:
    """Ask, take back and warn what is due; how much was done.

    Any number of processes may call this at once: claim and letters are one transaction, so whoever dies in between
    has told nobody, and claimed nothing.
    """
    _job, mine = PeriodicJob.objects.get_or_create(job=JOB, period=_period(now), defaults={"claimed_at": now})
    return look(now=now) if mine else 0


@dataclass(frozen=True, slots=True)
class _Known:
    """The handovers to come that people are asked about by now, and everybody they concern."""

    rotas: Mapping[int, Rota]
    facts: Mapping[int, RotaFacts]
    coming: Mapping[Key, Takeover]
    people: Mapping[int, Person]
    now: datetime


@transaction.atomic
def look(*, now: datetime) -> int:
    """As `ask_and_warn`, whether or not somebody has looked before: nobody is told anything twice."""
    rotas = {rota.pk: rota for rota in Rota.objects.all()}
    facts = rota_facts(rotas.values(), at=now, known_at=now, horizon=LONGEST_NOTICE)
    coming = {
        (pk, each.line.value, each.person, each.at): each
        for pk, known in facts.items()
        for each in takeovers(known, now, now + LONGEST_NOTICE)
        if asked_from(each.at, known.zone) <= now
    }
    rows = list(DutyConfirmation.objects.filter(withdrawn_at=None, begins_at__gt=now).select_for_update())
    ids = {person for each in coming.values() for person in (each.person, each.outgoing) if person}
    people = Person.objects.in_bulk(ids | {row.person_id for row in rows})
    known = _Known(rotas, facts, coming, people, now)
    asked = {_key(row) for row in rows}
    done = [_each(lambda row: _take_back(row, known), [row for row in rows if _key(row) not in coming])]
    done.append(_each(lambda key: _ask(key, known), [key for key in coming if key not in asked]))
    done.append(_each(lambda row: _warn(row, known), _overdue(now)))
    return sum(done)


def _key(row: DutyConfirmation) -> Key:
    return row.rota_id, row.line, row.person_id, row.begins_at


def _each(act: Callable[[Row], bool], rows: Sequence[Row]) -> int:
    """How many were done; one that fails keeps no other, and is tried again."""
    done = 0
    for row in rows:
        try:
            with transaction.atomic():
                done += act(row)
        except Exception:
            log.exception("confirmation_failed", row=str(row))
    return done


def _ask(key: Key, known: _Known) -> bool:
    rota, line, person, at = key
    row, new = DutyConfirmation.objects.get_or_create(
        rota=known.rotas[rota],
        line=line,
        person=known.people[person],
        begins_at=at,
        withdrawn_at=None,
        defaults={"asked_at": known.now},
    )
    if new:
        letters.tell(row, "asked", known.people[person], now=known.now)
    return new


def _take_back(row: DutyConfirmation, known: _Known) -> bool:
    open_ = DutyConfirmation.objects.filter(pk=row.pk, withdrawn_at=None)
    if not open_.update(withdrawn_at=known.now):
        return False
    held = holder(duty_at(known.facts[row.rota_id], row.begins_at), Line(row.line))
    # Whoever takes over earlier than they were asked about is not told that they need not.
    if person_of(held) != row.person_id:
        row.rota = known.rotas[row.rota_id]
        letters.tell(row, "withdrawn", known.people[row.person_id], now=known.now)
    return True


def _overdue(now: datetime) -> list[DutyConfirmation]:
    rows = DutyConfirmation.objects.open(now).filter(warned_at=None, begins_at__lte=now + LATE)
    return list(rows.filter(asked_at__lte=now - PATIENCE).select_related("rota", "person"))


def _warn(row: DutyConfirmation, known: _Known) -> bool:
    """The outgoing person by mail and text, administrators by mail: once."""
    if not DutyConfirmation.objects.open(known.now).filter(pk=row.pk, warned_at=None).update(warned_at=known.now):
        return False
    takeover = known.coming.get(_key(row))
    outgoing = known.people.get(takeover.outgoing or 0) if takeover else None
    if outgoing is not None:
        letters.tell(row, "outgoing", outgoing, now=known.now)
    for person in _administrators():
        if person.pk not in (row.person_id, outgoing.pk if outgoing else None):
            letters.tell(row, "warned", person, now=known.now, by_text=False)
    return True


def _administrators() -> list[Person]:
    holds = Q(groups__name=ADMINISTRATORS) | Q(is_superuser=True)
    return list(Person.objects.filter(holds, is_active=True, is_staff=True).distinct().order_by("pk"))
