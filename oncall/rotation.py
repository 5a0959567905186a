"""Who is on duty: rotations, overrides and absences in, primary and backup out.

Pure functions over frozen facts: no database, no clock. Instants are aware datetimes, results are in UTC,
periods are half-open ``[start, end)``. Nothing here raises for facts the database can hold: who is missing
is ``None`` and a warning.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo

from portal.hours import as_utc, local_instant

_DAY = timedelta(days=1)
_BLOCK = timedelta(days=7)
_A_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


class Line(StrEnum):
    PRIMARY = "primary"
    BACKUP = "backup"


class AbsenceKind(StrEnum):
    """``SHORT`` (a meeting, a break) never takes anyone off duty; ``DAY`` (a day or more) does."""

    SHORT = "short"
    DAY = "day"


class DutyReason(StrEnum):
    ON_DUTY = "on_duty"
    OVERRIDE = "override"
    MOVED_UP = "moved_up"
    STAND_IN = "stand_in"


class DutyWarning(StrEnum):
    PRIMARY_ABSENT = "primary_absent"
    BACKUP_ABSENT = "backup_absent"
    SAME_AS_PRIMARY = "same_as_primary"
    NOBODY_PRIMARY = "nobody_on_duty_primary"
    NOBODY_BACKUP = "nobody_on_duty_backup"


@dataclass(frozen=True, slots=True)
class RotationRule:
    """``members`` (person ids) take turns on one line, each for ``period_days`` local days.

    Handover is at local ``handover_time``, where the period is whole weeks on ``handover_weekday``
    (0 = Monday, else ignored). The shift running at ``valid_from`` is the first member's, also if cut short.
    Rules of one line do not overlap.
    """

    line: Line
    members: tuple[int, ...]
    handover_weekday: int
    handover_time: time
    period_days: int
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class OverrideFact:
    line: Line
    person: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class AbsenceFact:
    person: int
    kind: AbsenceKind
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class RotaFacts:
    """Everything that decides the duty of one rota; ``zone`` is the IANA zone of its handovers."""

    zone: str
    rotations: tuple[RotationRule, ...]
    overrides: tuple[OverrideFact, ...]
    absences: tuple[AbsenceFact, ...]
    # The cache of blocks is keyed by the whole facts, so their hash is worked out once, when first needed.
    _hash: int | None = field(init=False, repr=False, compare=False, default=None)

    def __hash__(self) -> int:
        if self._hash is not None:
            return self._hash
        kept = hash((self.zone, self.rotations, self.overrides, self.absences))
        object.__setattr__(self, "_hash", kept)
        return kept

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        # Strings hash differently in each process: a pickle must not carry the kept hash.
        return type(self), (self.zone, self.rotations, self.overrides, self.absences)


@dataclass(frozen=True, slots=True)
class Holder:
    person: int
    reason: DutyReason


@dataclass(frozen=True, slots=True)
class Duty:
    primary: Holder | None
    backup: Holder | None
    warnings: tuple[DutyWarning, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    start: datetime
    end: datetime
    duty: Duty


@dataclass(frozen=True, slots=True)
class _Scheduled:
    """One line before absences: the override's person if any, and the members from the running one on."""

    override: int | None
    members: tuple[int, ...]

    @property
    def person(self) -> int | None:
        if self.override is not None:
            return self.override
        return self.members[0] if self.members else None

    @property
    def reason(self) -> DutyReason:
        return DutyReason.ON_DUTY if self.override is None else DutyReason.OVERRIDE

    def is_away(self, away: frozenset[int]) -> bool:
        return self.override is None and self.person in away

    @property
    def successors(self) -> tuple[int, ...]:
        """Whom to ask next, in the rotation's order; last the running member, whom an override may oust."""
        return self.members[1:] + self.members[:1]


def duty_at(facts: RotaFacts, at: datetime) -> Duty:
    """Primary and backup at one instant.

    - An override beats the rotation and any absence.
    - A primary with a day absence: the backup moves up, and the next present member is backup. If the backup
      is absent too (or is that same person), the next present member of the primary line is primary.
    - A backup with a day absence, or one who is the primary: the next present member stands in.
    - Next is the line's own order after its running member, then the other line's. Present is who has no day
      absence and is not the primary.
    - A line without rule or override at ``at``, or without anyone present, is None and a warning.
    """
    at = as_utc(at)
    away = frozenset(
        absence.person
        for absence in facts.absences
        if absence.kind is AbsenceKind.DAY and absence.start <= at < absence.end
    )
    return _staffed(_scheduled(facts, Line.PRIMARY, at), _scheduled(facts, Line.BACKUP, at), away)


def next_duty_change(facts: RotaFacts, at: datetime, horizon: timedelta = timedelta(days=14)) -> datetime | None:
    """The first instant in ``(at, at + horizon]`` at which ``duty_at`` differs from ``at``, else None."""
    at = as_utc(at)
    stretches = _stretches(facts, at, at + horizon)
    now = next(stretches).duty
    return next((each.start for each in stretches if each.duty != now), None)


def shifts(facts: RotaFacts, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """``[start, end)`` cut into the longest stretches of unchanging duty, without gaps, ascending."""
    start, end = as_utc(start), as_utc(end)
    found: list[Shift] = []
    for stretch in _stretches(facts, start, end):
        begin, stop = max(stretch.start, start), min(stretch.end, end)
        if begin >= stop:
            continue
        if found and found[-1].duty == stretch.duty:
            found[-1] = Shift(found[-1].start, stop, stretch.duty)
        else:
            found.append(Shift(begin, stop, stretch.duty))
    return tuple(found)


def handovers(rule: RotationRule, zone: str, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """The instants in ``[start, end)`` at which the rule, while valid, hands over to its next member.

    They are local wall times: a clock change makes a shift an hour shorter or longer and moves no handover.
    """
    start, end = max(as_utc(start), as_utc(rule.valid_from)), as_utc(end)
    if rule.valid_until is not None:
        end = min(end, as_utc(rule.valid_until))
    if start >= end or not _is_usable(rule):
        return ()
    first, shift = _first_day(rule, zone), _shift_number(rule, zone, start)
    found: list[datetime] = []
    while (handover := _shift_start(rule, zone, first, shift)) < end:
        if handover >= start:
            found.append(handover)
        shift += 1
    return tuple(found)


def members_from(rule: RotationRule, zone: str, at: datetime) -> tuple[int, ...]:
    """The rule's members, beginning with whose shift runs at `at`: a rule from then on with these goes on like it."""
    at = max(as_utc(at), as_utc(rule.valid_from))
    turn = _shift_number(rule, zone, at) % len(rule.members)
    return rule.members[turn:] + rule.members[:turn]


def _staffed(primary: _Scheduled, backup: _Scheduled, away: frozenset[int]) -> Duty:
    warnings: list[DutyWarning] = []
    first = _first(primary, backup, away, warnings)
    second = _second(primary, backup, away, first, warnings)
    if first is None:
        warnings.append(DutyWarning.NOBODY_PRIMARY)
    if second is None:
        warnings.append(DutyWarning.NOBODY_BACKUP)
    return Duty(first, second, tuple(warnings))


def _first(primary: _Scheduled, backup: _Scheduled, away: frozenset[int], warnings: list[DutyWarning]) -> Holder | None:
    if primary.person is None:
        return None
    if not primary.is_away(away):
        return Holder(primary.person, primary.reason)
    warnings.append(DutyWarning.PRIMARY_ABSENT)
    # An override may name the absent primary as backup: that holds, and nobody moves up to their own place.
    if backup.person is not None and backup.person != primary.person and not backup.is_away(away):
        return Holder(backup.person, DutyReason.MOVED_UP)
    return _stand_in(primary.successors + backup.successors, away)


def _second(
    primary: _Scheduled,
    backup: _Scheduled,
    away: frozenset[int],
    first: Holder | None,
    warnings: list[DutyWarning],
) -> Holder | None:
    if backup.person is None:
        return None
    taken = first.person if first else None
    if first is None or first.reason is not DutyReason.MOVED_UP:
        if backup.is_away(away):
            warnings.append(DutyWarning.BACKUP_ABSENT)
        elif backup.person == taken:
            warnings.append(DutyWarning.SAME_AS_PRIMARY)
        else:
            return Holder(backup.person, backup.reason)
    return _stand_in(backup.successors + primary.successors, away, taken)


def _stand_in(order: Iterable[int], away: frozenset[int], taken: int | None = None) -> Holder | None:
    for person in order:
        if person not in away and person != taken:
            return Holder(person, DutyReason.STAND_IN)
    return None


def _scheduled(facts: RotaFacts, line: Line, at: datetime) -> _Scheduled:
    members: tuple[int, ...] = ()
    for rule in facts.rotations:
        if rule.line is line and _is_valid(rule, at):
            turn = _shift_number(rule, facts.zone, at) % len(rule.members)
            members = rule.members[turn:] + rule.members[:turn]
            break
    for override in facts.overrides:
        if override.line is line and override.start <= at < override.end:
            return _Scheduled(override.person, members)
    return _Scheduled(None, members)


def _is_valid(rule: RotationRule, at: datetime) -> bool:
    return rule.valid_from <= at and (rule.valid_until is None or at < rule.valid_until) and _is_usable(rule)


def _is_usable(rule: RotationRule) -> bool:
    return bool(rule.members) and rule.period_days > 0


def _shift_number(rule: RotationRule, zone: str, at: datetime) -> int:
    """Which shift of the rule runs at ``at`` (UTC): 0 is the one running at ``valid_from``."""
    local = at.astimezone(ZoneInfo(zone))
    first = _first_day(rule, zone)
    shift, days_into = divmod((local.date() - first).days, rule.period_days)
    if not days_into and _shift_start(rule, zone, first, shift) > at:
        return shift - 1
    # Where clocks go back over midnight, the next day's handover may lie behind already.
    if local.fold and _shift_start(rule, zone, first, shift + 1) <= at:
        return shift + 1
    return shift


def _shift_start(rule: RotationRule, zone: str, first: date, shift: int) -> datetime:
    day = first + timedelta(days=shift * rule.period_days)
    return local_instant(zone, day, rule.handover_time)


def _first_day(rule: RotationRule, zone: str) -> date:
    weekday = rule.handover_weekday if rule.period_days % 7 == 0 else None
    return _last_handover_day(zone, as_utc(rule.valid_from), weekday, rule.handover_time)


@lru_cache(maxsize=4096)
def _last_handover_day(zone: str, at: datetime, weekday: int | None, handover: time) -> date:
    """The local day of the last handover at or before ``at``; ``weekday`` None means every day has one."""
    day = at.astimezone(ZoneInfo(zone)).date() + _DAY
    while (weekday is not None and day.weekday() != weekday) or local_instant(zone, day, handover) > at:
        day -= _DAY
    return day


def _narrowed(facts: RotaFacts, start: datetime, end: datetime) -> RotaFacts:
    """Only what matters in ``[start, end)``, so that many instants can be decided in little time."""
    return RotaFacts(
        facts.zone,
        tuple(
            rule
            for rule in facts.rotations
            if rule.valid_from < end and (rule.valid_until is None or rule.valid_until > start)
        ),
        tuple(fact for fact in facts.overrides if fact.start < end and fact.end > start),
        tuple(
            fact for fact in facts.absences if fact.kind is AbsenceKind.DAY and fact.start < end and fact.end > start
        ),
    )


def _stretches(facts: RotaFacts, start: datetime, end: datetime) -> Iterator[Shift]:
    """Stretches of unchanging duty, ascending, from the one at ``start`` to the one at ``end``, unclipped.

    Neighbours may have the same duty.
    """
    for number in range((start - _A_MONDAY) // _BLOCK, (end - _A_MONDAY) // _BLOCK + 1):
        for stretch in _block(facts, number):
            if stretch.end > start and stretch.start <= end:
                yield stretch


@lru_cache(maxsize=4096)
def _block(facts: RotaFacts, number: int) -> tuple[Shift, ...]:
    """One week of UTC cut wherever the duty might change; weeks count from an arbitrary Monday."""
    start = _A_MONDAY + number * _BLOCK
    end = start + _BLOCK
    near = _narrowed(facts, start, end)
    cuts = [start, *_boundaries(near, start, end), end]
    return tuple(Shift(begin, until, duty_at(near, begin)) for begin, until in pairwise(cuts))


def _boundaries(facts: RotaFacts, after: datetime, before: datetime) -> list[datetime]:
    """Every instant in ``(after, before)`` at which the duty might change, ascending."""
    cuts: set[datetime] = set()
    for rule in facts.rotations:
        cuts.add(as_utc(rule.valid_from))
        if rule.valid_until is not None:
            cuts.add(as_utc(rule.valid_until))
        cuts.update(handovers(rule, facts.zone, after, before))
    facts_with_period: tuple[OverrideFact | AbsenceFact, ...] = (*facts.overrides, *facts.absences)
    for fact in facts_with_period:
        cuts.update((as_utc(fact.start), as_utc(fact.end)))
    return sorted(cut for cut in cuts if after < cut < before)
