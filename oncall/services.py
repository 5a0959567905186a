"""Writes to rosters: recorded, never edited in place, and told to whoever follows duty."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from psycopg2.extras import DateTimeTZRange

from portal.models import Person
from portal.services import ChangedMeanwhile, record, retire, supersede

from .models import Absence, Override, Rota, RotaCoverage, RotationMember
from .queries import bounds
from .rotation import AbsenceKind, Line
from .signals import roster_changed, went_away
from .turns import outside


class Overlaps(Exception):
    """The line is overridden already for a part of the period."""


def lock(rotas: Iterable[int]) -> None:
    """Until the transaction ends nobody else changes the rosters of these (ids), nor exchanges duty of them."""
    held = Rota.objects.filter(pk__in=set(rotas)).order_by("pk").select_for_update(no_key=True)
    list(held.values_list("pk", flat=True))


def require_in_use(rota: Rota) -> None:
    """Of a rota that is locked. Raises `ChangedMeanwhile` where it was retired."""
    if not Rota.objects.in_use().filter(pk=rota.pk).exists():
        raise ChangedMeanwhile


@transaction.atomic
def record_override(
    rota: Rota, line: Line, person: Person, period: DateTimeTZRange, *, by: Person | None, now: datetime, why: str = ""
) -> Override:
    """`person` holds the line for `period` (bounded, half-open). Raises `Overlaps`."""
    lock([rota.pk])
    try:
        with transaction.atomic():
            row = record(
                Override, by=by, now=now, why=why, rota=rota, line=Line(line).value, person=person, period=period
            )
    except IntegrityError as error:
        raise Overlaps from error
    tell({rota.pk}, now)
    return row


@transaction.atomic
def hand_over(
    rota: Rota, line: Line, person: Person, period: DateTimeTZRange, *, by: Person | None, now: datetime, why: str = ""
) -> Override:
    """As `record_override`, also where the line is overridden already; of those overrides the other parts stay."""
    lock([rota.pk])
    overridden = Override.objects.current().filter(rota=rota, line=Line(line).value, period__overlap=period)
    for row in list(overridden):
        retire(row, by=by, now=now, why=why)
        for start, end in outside(*bounds(row.period), *bounds(period)):
            rest = DateTimeTZRange(start, end)
            record(Override, by=by, now=now, why=why, rota=rota, line=row.line, person=row.person, period=rest)
    return record_override(rota, line, person, period, by=by, now=now, why=why)


@transaction.atomic
def record_absence(
    person: Person, kind: AbsenceKind, period: DateTimeTZRange, *, by: Person | None, now: datetime, why: str = ""
) -> Absence:
    """`person` is away for `period` (bounded, half-open); `why` is about the record, never the reason of absence."""
    rotas = _rotas_of(person) if AbsenceKind(kind) is AbsenceKind.DAY else set()
    lock(rotas)
    row = record(Absence, by=by, now=now, why=why, person=person, kind=AbsenceKind(kind).value, period=period)
    if row.kind == AbsenceKind.DAY:
        tell(rotas, now)
    if now in period:
        went_away.send(sender=Absence, person=person, now=now)
    return row


@transaction.atomic
def change_end(row: Absence, end: datetime, *, by: Person | None, now: datetime, why: str = "") -> Absence:
    """The absence ends at `end` instead, after it begins. Raises `portal.services.ChangedMeanwhile`."""
    assert row.period is not None  # noqa: S101 -- narrows the type; the column is not null
    rotas = _rotas_of(row.person) if row.kind == AbsenceKind.DAY else set()
    lock(rotas)
    changed = supersede(row, by=by, now=now, why=why, period=DateTimeTZRange(row.period.lower, end))
    if rotas:
        tell(rotas, now)
    return changed


@transaction.atomic
def withdraw(row: Override | Absence, *, by: Person | None, now: datetime, why: str = "") -> None:
    """The override or absence holds no longer. Raises `portal.services.ChangedMeanwhile`."""
    rotas = {row.rota_id} if isinstance(row, Override) else _rotas_of(row.person)
    lock(rotas)
    retire(row, by=by, now=now, why=why)
    tell(rotas, now)


def _rotas_of(person: Person) -> set[int]:
    """Rotas in which the person takes turns. Who holds a line by override is on duty in spite of any absence."""
    places = RotationMember.objects.filter(person=person, rotation__recorded__upper_inf=True)
    return set(places.values_list("rotation__rota", flat=True))


def tell(rotas: set[int], now: datetime) -> None:
    """Whoever follows duty hears that the rosters of these (ids) have changed."""
    covered = RotaCoverage.objects.as_of(now).filter(rota__in=rotas, valid__contains=now)
    roster_changed.send(sender=Rota, projects=set(covered.values_list("project", flat=True)), now=now)
