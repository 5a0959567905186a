"""Somebody takes no more turns: their places go to somebody else, or the others move up."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from portal.models import Person
from portal.queries import not_over
from portal.services import record, retire, supersede

from .models import Override, Rota, Rotation, RotationMember
from .queries import rule_of
from .rotation import Line, members_from
from .services import hand_over, lock, withdraw
from .signals import roster_changed


def rotations_of(person: Person, *, at: datetime) -> list[Rotation]:
    """Those in which the person takes turns at `at` or later."""
    rows = Rotation.objects.current().filter(not_over(at), places__person=person).distinct()
    return list(rows.select_related("rota").prefetch_related("places").order_by("rota__name", "line", "valid"))


def overrides_of(person: Person, *, at: datetime) -> list[Override]:
    """Those by which the person holds a line at `at` or later."""
    rows = Override.objects.current().filter(person=person, period__endswith__gt=at)
    return list(rows.select_related("rota").order_by("period"))


@transaction.atomic
def replace_in_rotation(
    row: Rotation, person: Person, by_whom: Person | None, *, by: Person, now: datetime, why: str
) -> None:
    """From `now` on `by_whom` has the person's place; nobody or somebody of the line already: the others move up.

    What was before stays, and nobody else's turn moves where the place is filled. Raises `ChangedMeanwhile`.
    """
    lock([row.rota_id])
    rule = rule_of(row)
    members = _without(members_from(rule, row.rota.zone, now), person, by_whom)
    if rule.valid_from >= now:
        retire(row, by=by, now=now, why=why)
        starts = rule.valid_from
    else:
        # The part that is over keeps its members, so that the past can still be asked about.
        over = supersede(row, by=by, now=now, why=why, valid=DateTimeTZRange(rule.valid_from, now))
        _write_places(over, rule.members)
        starts = now
    fields = ("rota", "line", "handover_weekday", "handover_time", "period_days")
    kept = {name: getattr(row, name) for name in fields}
    if members:
        valid = DateTimeTZRange(starts, rule.valid_until)
        made = record(Rotation, by=by, now=now, why=why, valid=valid, **kept)
        _write_places(made, members)
    _tell(row.rota, now)


def _without(members: Sequence[int], person: Person, by_whom: Person | None) -> tuple[int, ...]:
    fills = by_whom is not None and by_whom.pk not in members
    if fills and by_whom is not None:
        return tuple(by_whom.pk if member == person.pk else member for member in members)
    return tuple(member for member in members if member != person.pk)


def _write_places(row: Rotation, members: Sequence[int]) -> None:
    RotationMember.objects.bulk_create(
        RotationMember(rotation=row, position=position, person_id=member) for position, member in enumerate(members)
    )


def _tell(rota: Rota, now: datetime) -> None:
    covered = rota.coverage.filter(recorded__upper_inf=True, valid__contains=now)
    roster_changed.send(sender=Rota, projects=set(covered.values_list("project", flat=True)), now=now)


@transaction.atomic
def replace_in_override(row: Override, by_whom: Person | None, *, by: Person, now: datetime, why: str) -> None:
    """From `now` on `by_whom` holds the line in their place; nobody: the rotation does again."""
    begins, ends = row.period.lower, row.period.upper
    if begins is None or ends is None:
        return
    if by_whom is not None:
        rest = DateTimeTZRange(max(begins, now), ends)
        hand_over(row.rota, Line(row.line), by_whom, rest, by=by, now=now, why=why)
    elif begins >= now:
        withdraw(row, by=by, now=now, why=why)
    else:
        lock([row.rota_id])
        supersede(row, by=by, now=now, why=why, period=DateTimeTZRange(begins, now))
        _tell(row.rota, now)
