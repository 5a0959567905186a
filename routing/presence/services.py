"""Presence: into a meeting, away for days, back, and planned absences taken back. Recorded, never with a reason.

Of two taps at once the second sees what the first did: whoever changes somebody's presence locks their row first.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence
from oncall.rotation import AbsenceKind
from oncall.services import change_end, record_absence, withdraw
from portal.models import Person
from portal.services import ChangedMeanwhile

from .times import LONGEST_MEETING

LONGEST_ABSENCE = timedelta(days=366)
SLACK = timedelta(minutes=1)
"""Wall times are whole minutes."""


class Refusal(StrEnum):
    """Why somebody's presence stays as it is."""

    PAST = "past"
    DAY_OVER = "day_over"
    TOO_LONG = "too_long"
    AWAY = "away"
    OVERLAPS = "overlaps"
    OVER = "over"


class PresenceRefused(Exception):
    """Nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


@transaction.atomic
def into_meeting(person: Person, *, until: datetime, by: Person, now: datetime) -> Absence:
    """In a meeting from now until `until`; a meeting under way ends then instead.

    Raises `PresenceRefused` for an instant that has passed or is too far ahead, and while they are away for days.
    """
    rows, now = _held(person, now)
    _require_ahead(until, now, LONGEST_MEETING)
    running = _running(rows, now)
    if any(row.kind == AbsenceKind.DAY for row in running):
        raise PresenceRefused(Refusal.AWAY)
    return _set(person, AbsenceKind.SHORT, running, now, until, by=by, now=now)


@transaction.atomic
def go_away(person: Person, *, start: datetime, end: datetime, by: Person, now: datetime) -> Absence:
    """Away for `[start, end)`, from now on where `start` has passed; what is under way ends or is moved.

    Raises `PresenceRefused` where it would have ended, is too long, or a planned one overlaps another.
    """
    rows, now = _held(person, now)
    _require_ahead(end, max(start, now), LONGEST_ABSENCE)
    if start > now + LONGEST_ABSENCE:
        raise PresenceRefused(Refusal.TOO_LONG)
    days = [row for row in rows if row.kind == AbsenceKind.DAY]
    if start <= now:
        for row in _running(rows, now):
            if row.kind == AbsenceKind.SHORT:
                _end(row, by=by, now=now)
        return _set(person, AbsenceKind.DAY, _running(days, now), now, end, by=by, now=now)
    period = DateTimeTZRange(start, end)
    for row in days:
        if row.period == period:
            return row  # a second tap
        if row.starts < end and row.ends > start:
            raise PresenceRefused(Refusal.OVERLAPS)
    return record_absence(person, AbsenceKind.DAY, period, by=by, now=now)


@transaction.atomic
def back(person: Person, *, by: Person, now: datetime) -> bool:
    """Every absence under way ends now, whenever it began; what was until now stays recorded. Whether there was one."""
    rows, now = _held(person, now)
    running = _running(rows, now)
    for row in running:
        _end(row, by=by, now=now)
    return bool(running)


@transaction.atomic
def take_back(absence: Absence, *, by: Person, now: datetime) -> None:
    """A planned absence does not take place; one under way ends now. Raises `PresenceRefused` where it is over."""
    rows, now = _held(absence.person, now)
    row = next((row for row in rows if row.pk == absence.pk), None)
    if row is None:
        raise PresenceRefused(Refusal.OVER)
    _end(row, by=by, now=now)


def _held(person: Person, now: datetime) -> tuple[list[Absence], datetime]:
    """What is recorded of the person's presence from now on, theirs until the transaction ends; and what is now.

    Another's tap that came first may bear a later instant: nothing is recorded before it.
    """
    # Not FOR UPDATE: a page that is written names the person, and whoever writes it may hold what we lock next.
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    rows = list(Absence.objects.current().filter(person=person, period__endswith__gt=now).order_by("period", "pk"))
    return rows, max([now, *(row.recorded.lower for row in rows)])


def _running(rows: list[Absence], now: datetime) -> list[Absence]:
    return [row for row in rows if now in row.period]


def _require_ahead(end: datetime, start: datetime, longest: timedelta) -> None:
    if end <= start:
        raise PresenceRefused(Refusal.PAST)
    if end > start + longest + SLACK:
        raise PresenceRefused(Refusal.TOO_LONG)


def _set(
    person: Person,
    kind: AbsenceKind,
    running: list[Absence],
    start: datetime,
    end: datetime,
    *,
    by: Person,
    now: datetime,
) -> Absence:
    """One absence of the kind from now on: the one under way with another end, or a new one."""
    if not running:
        return record_absence(person, kind, DateTimeTZRange(start, end), by=by, now=now)
    first, *others = running
    for row in others:
        _end(row, by=by, now=now)
    return first if first.ends == end else change_end(first, end, by=by, now=now)


def _end(row: Absence, *, by: Person, now: datetime) -> None:
    try:
        if row.starts >= now:
            withdraw(row, by=by, now=now)
        else:
            change_end(row, now, by=by, now=now)
    except ChangedMeanwhile as error:  # behind the scenes, where nobody locks
        raise PresenceRefused(Refusal.OVER) from error
