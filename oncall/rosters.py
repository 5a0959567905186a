"""Writes by which administrators arrange a roster: rotations, rotas, and which projects they cover.

What has passed stays as it was: a change takes effect at `now` at the earliest. Overrides and absences are written by
`services`. Whoever calls these holds the rotas (`lock`), or lets them take hold.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from psycopg2.extras import DateTimeTZRange

from portal.audit import acting
from portal.models import Person, Project
from portal.services import record, retire, supersede

from .models import Override, Rota, RotaCoverage, Rotation, RotationMember
from .queries import bounds
from .rotation import Line
from .services import hand_over, lock, require_in_use, tell, withdraw

STAMP = """
WITH holders AS (
    SELECT place.person_id FROM oncall_rotationmember place JOIN oncall_rotation rotation ON rotation.id = rotation_id
        WHERE upper_inf(recorded) AND rota_id = ANY(%(ids)s)
    UNION SELECT person_id FROM oncall_override WHERE upper_inf(recorded) AND rota_id = ANY(%(ids)s)
)
SELECT clock_timestamp(), concat_ws('/',
    (SELECT concat(count(*), ':', sum(hashint8extended(id, xmin::text::bigint))) FROM oncall_rota
        WHERE id = ANY(%(ids)s)),
    (SELECT concat(count(*), ':', sum(id)) FROM oncall_rotation WHERE upper_inf(recorded) AND rota_id = ANY(%(ids)s)),
    (SELECT concat(count(*), ':', sum(id)) FROM oncall_override WHERE upper_inf(recorded) AND rota_id = ANY(%(ids)s)),
    (SELECT concat(count(*), ':', sum(id)) FROM oncall_rotacoverage
        WHERE upper_inf(recorded) AND rota_id = ANY(%(ids)s)),
    (SELECT concat(count(*), ':', sum(id)) FROM oncall_absence
        WHERE upper_inf(recorded) AND kind = 'day' AND person_id IN (SELECT person_id FROM holders)))
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A roster as somebody saw it: when (by the database's clock), and a print that differs once anything does."""

    at: datetime
    value: str

    def __str__(self) -> str:
        return f"{int(self.at.timestamp() * 1_000_000)}.{self.value}"

    @classmethod
    def parse(cls, text: str) -> "Seen | None":
        """As it was written into a form; None for whatever else was sent."""
        number, _dot, value = text.partition(".")
        if not (number.isascii() and number.isdigit() and len(number) < 18):
            return None
        return cls(datetime.fromtimestamp(int(number) / 1_000_000, UTC), value)


class RosterChanged(Exception):
    """Somebody else has changed the roster since it was seen. Nothing was saved."""


class StillCovers(Exception):
    """A rota cannot be retired while projects rely on it, now or from a date on."""


def see(rotas: Iterable[int]) -> Seen:
    """The rosters (ids) as they are now, with the absences of all who may hold a line."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP, {"ids": sorted(set(rotas))})
        at, value = cursor.fetchone()
    return Seen(at.astimezone(UTC), sha256(value.encode()).hexdigest()[:24])


def hold(rotas: Iterable[int], *, seen: Seen | None) -> None:
    """Until the transaction ends nobody else changes the rosters, which are as they were `seen`.

    Raises `RosterChanged`.
    """
    rotas = sorted(set(rotas))
    lock(rotas)
    if seen is None or see(rotas).value != seen.value:
        raise RosterChanged


def lock_all() -> None:
    """As `lock`, of every rota. Whoever needs them all takes them before any single one."""
    lock(Rota.objects.values_list("pk", flat=True))


# --- Rotations --------------------------------------------------------------------------------------------------


@transaction.atomic
def record_rotation(
    rota: Rota,
    line: Line,
    members: Sequence[Person],
    *,
    weekday: int,
    at: time,
    period_days: int,
    start: datetime,
    by: Person | None,
    now: datetime,
    why: str = "",
) -> Rotation:
    """From `start` on the members take turns, the first of them first, until the next planned rotation begins.

    What runs on the line until then ends; a rotation that would begin at `start` is replaced.
    """
    lock([rota.pk])
    following = _of_line(rota, line).filter(valid__startswith__gt=start).order_by("valid").first()
    _end(_of_line(rota, line), start, until=following, by=by, now=now, why=why)
    rotation = record(
        Rotation,
        by=by,
        now=now,
        why=why,
        rota=rota,
        line=Line(line).value,
        handover_weekday=weekday,
        handover_time=at,
        period_days=period_days,
        valid=DateTimeTZRange(start, following.valid.lower if following else None),
    )
    _place(rotation, [person.pk for person in members])
    tell({rota.pk}, now)
    return rotation


@transaction.atomic
def end_rotations(rota: Rota, line: Line, at: datetime, *, by: Person | None, now: datetime, why: str = "") -> None:
    """From `at` on no rotation fills the line; what was planned to begin later is withdrawn."""
    lock([rota.pk])
    _end(_of_line(rota, line), at, until=None, by=by, now=now, why=why)
    tell({rota.pk}, now)


def _of_line(rota: Rota, line: Line) -> Any:
    return Rotation.objects.current().filter(rota=rota, line=Line(line).value)


def _end(rows: Any, at: datetime, *, until: Rotation | None, by: Person | None, now: datetime, why: str) -> None:
    rows = rows.filter(valid__overlap=DateTimeTZRange(at, until.valid.lower if until else None))
    for row in list(rows.prefetch_related("places")):
        if row.valid.lower >= at:
            retire(row, by=by, now=now, why=why)
            continue
        ended = supersede(row, by=by, now=now, why=why, valid=DateTimeTZRange(row.valid.lower, at))
        _place(ended, [place.person_id for place in row.places.all()])


def _place(rotation: Rotation, people: Iterable[int]) -> None:
    RotationMember.objects.bulk_create(
        RotationMember(rotation=rotation, position=position, person_id=person) for position, person in enumerate(people)
    )


# --- Overrides and absences --------------------------------------------------------------------------------------


@transaction.atomic
def end_override(row: Override, at: datetime, *, by: Person | None, now: datetime, why: str = "") -> None:
    """The override holds no longer from `at` on; what has passed of it stays. Raises `ChangedMeanwhile`."""
    start, end = bounds(row.period)
    withdraw(row, by=by, now=now, why=why)
    if start < at < end:
        hand_over(row.rota, Line(row.line), row.person, DateTimeTZRange(start, at), by=by, now=now, why=why)


# --- Rotas and what they cover -----------------------------------------------------------------------------------


@transaction.atomic
def save_rota(rota: Rota, *, by: Person, why: str) -> Rota:
    """Insert or update what a rota is called and its number."""
    with acting(by, why):
        rota.save()
    return rota


@transaction.atomic
def cover(
    rota: Rota, projects: Iterable[Project], start: datetime, *, by: Person | None, now: datetime, why: str = ""
) -> None:
    """From `start` on the rota covers the projects, in place of whatever covers them or was planned to.

    Raises `ChangedMeanwhile` where the rota was retired, or a project's coverage is changed at this moment.
    """
    lock_all()
    require_in_use(rota)
    concerned = {rota.pk}
    for project in projects:
        rows = RotaCoverage.objects.current().filter(project=project, valid__overlap=DateTimeTZRange(start, None))
        for row in list(rows):
            concerned.add(row.rota_id)
            if row.valid.lower is None or row.valid.lower < start:
                supersede(row, by=by, now=now, why=why, valid=DateTimeTZRange(row.valid.lower, start))
            else:
                retire(row, by=by, now=now, why=why)
        valid = DateTimeTZRange(start, None)
        record(RotaCoverage, by=by, now=now, why=why, rota=rota, project=project, valid=valid)
    tell(concerned, now)


@transaction.atomic
def retire_rota(rota: Rota, *, by: Person | None, now: datetime, why: str = "") -> None:
    """Nobody is on duty by the rota any more; what it was stays on record. Raises `StillCovers`."""
    lock([rota.pk])
    ahead = DateTimeTZRange(now, None)
    covered = RotaCoverage.objects.current().filter(rota=rota, valid__overlap=ahead)
    if covered.filter(project__retired_at=None).exists():
        raise StillCovers
    for line in Line:
        end_rotations(rota, line, now, by=by, now=now, why=why)
    for row in list(
        Override.objects.current().filter(rota=rota, period__endswith__gt=now).select_related("rota", "person")
    ):
        end_override(row, now, by=by, now=now, why=why)
    with acting(by, why):
        Rota.objects.filter(pk=rota.pk, retired_at=None).update(retired_at=now)
