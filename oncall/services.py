"""Writes to rosters: recorded, never edited in place, and told to whoever follows duty."""

from datetime import datetime

from django.db import IntegrityError, transaction
from psycopg2.extras import DateTimeTZRange

from portal.models import Person
from portal.services import record, retire, supersede

from .models import Absence, Override, Rota, RotaCoverage, RotationMember
from .rotation import AbsenceKind, Line
from .signals import roster_changed, went_away


class Overlaps(Exception):
    """The line is overridden already for a part of the period."""


@transaction.atomic
def record_override(
    rota: Rota, line: Line, person: Person, period: DateTimeTZRange, *, by: Person | None, now: datetime, why: str = ""
) -> Override:
    """`person` holds the line for `period` (bounded, half-open). Raises `Overlaps`."""
    try:
        with transaction.atomic():
            row = record(
                Override, by=by, now=now, why=why, rota=rota, line=Line(line).value, person=person, period=period
            )
    except IntegrityError as error:
        raise Overlaps from error
    _tell({rota.pk}, now)
    return row


@transaction.atomic
def record_absence(
    person: Person, kind: AbsenceKind, period: DateTimeTZRange, *, by: Person | None, now: datetime, why: str = ""
) -> Absence:
    """`person` is away for `period` (bounded, half-open); `why` is about the record, never the reason of absence."""
    row = record(Absence, by=by, now=now, why=why, person=person, kind=AbsenceKind(kind).value, period=period)
    if row.kind == AbsenceKind.DAY:
        _tell(_rotas_of(person), now)
    if now in period:
        went_away.send(sender=Absence, person=person, now=now)
    return row


@transaction.atomic
def change_end(row: Absence, end: datetime, *, by: Person | None, now: datetime, why: str = "") -> Absence:
    """The absence ends at `end` instead, after it begins. Raises `portal.services.ChangedMeanwhile`."""
    assert row.period is not None  # noqa: S101 -- narrows the type; the column is not null
    changed = supersede(row, by=by, now=now, why=why, period=DateTimeTZRange(row.period.lower, end))
    if row.kind == AbsenceKind.DAY:
        _tell(_rotas_of(row.person), now)
    return changed


@transaction.atomic
def withdraw(row: Override | Absence, *, by: Person | None, now: datetime, why: str = "") -> None:
    """The override or absence holds no longer. Raises `portal.services.ChangedMeanwhile`."""
    retire(row, by=by, now=now, why=why)
    _tell({row.rota_id} if isinstance(row, Override) else _rotas_of(row.person), now)


def _rotas_of(person: Person) -> set[int]:
    """Rotas in which the person takes turns. Who holds a line by override is on duty in spite of any absence."""
    places = RotationMember.objects.filter(person=person, rotation__recorded__upper_inf=True)
    return set(places.values_list("rotation__rota", flat=True))


def _tell(rotas: set[int], now: datetime) -> None:
    covered = RotaCoverage.objects.as_of(now).filter(rota__in=rotas, valid__contains=now)
    roster_changed.send(sender=Rota, projects=set(covered.values_list("project", flat=True)), now=now)
