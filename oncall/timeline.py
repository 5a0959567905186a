"""What a change does to a roster, and what is amiss with one: for pages that show it and let it be changed.

Pure functions over frozen facts, as `rotation`, which alone decides who is on duty. Instants are aware, results in
UTC, periods half-open ``[start, end)``. People are ids.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from portal.hours import as_utc

from .rotation import (
    AbsenceFact,
    AbsenceKind,
    Duty,
    DutyReason,
    DutyWarning,
    Holder,
    Line,
    OverrideFact,
    RotaFacts,
    RotationRule,
    Shift,
    shifts,
)
from .turns import holder, person_of, turns, without


@dataclass(frozen=True, slots=True)
class Stretch:
    """Who holds a line from ``start`` to ``end``, and why; ``holder`` is None where nobody does."""

    line: Line
    start: datetime
    end: datetime
    holder: Holder | None


def stretches(facts: RotaFacts, line: Line, start: datetime, end: datetime) -> tuple[Stretch, ...]:
    """``[start, end)`` cut into the longest stretches with one holder and one reason: no gaps, ascending."""
    found: list[Stretch] = []
    for shift in shifts(facts, start, end):
        held = holder(shift.duty, line)
        if found and found[-1].holder == held:
            found[-1] = replace(found[-1], end=shift.end)
        else:
            found.append(Stretch(line, shift.start, shift.end, held))
    return tuple(found)


def planned(facts: RotaFacts, line: Line, start: datetime, end: datetime) -> tuple[Stretch, ...]:
    """As `stretches`, by the line's rotations alone: whose turn it would be if nobody were away or stood in."""
    alone = replace(
        facts, rotations=tuple(rule for rule in facts.rotations if rule.line is line), overrides=(), absences=()
    )
    return stretches(alone, line, start, end)


# --- Changes ----------------------------------------------------------------------------------------------------


def overridden(facts: RotaFacts, made: OverrideFact) -> RotaFacts:
    """Somebody holds a line for a period, in place of whatever overrode it before; the rest of that stays."""
    return replace(facts, overrides=(*without(facts.overrides, made.line, made.start, made.end), made))


def restored(facts: RotaFacts, line: Line, start: datetime, end: datetime) -> RotaFacts:
    """In the period nothing overrides the line any more."""
    return replace(facts, overrides=without(facts.overrides, line, start, end))


def away(facts: RotaFacts, absence: AbsenceFact) -> RotaFacts:
    return replace(facts, absences=(*facts.absences, absence))


def back(facts: RotaFacts, absence: AbsenceFact, at: datetime) -> RotaFacts:
    """The absence ends at ``at``; where it would only have begun then, there is none."""
    kept = [each for each in facts.absences if each != absence]
    if absence.start < at:
        kept.append(replace(absence, end=min(at, absence.end)))
    return replace(facts, absences=tuple(kept))


def rotated(facts: RotaFacts, rule: RotationRule) -> RotaFacts:
    """The rule holds from its beginning on, until the next one that is planned already for its line begins.

    What runs until then ends; one that would begin at that very instant is replaced.
    """
    following = [
        each.valid_from for each in facts.rotations if each.line is rule.line and each.valid_from > rule.valid_from
    ]
    ends = [end for end in (*following, rule.valid_until) if end]
    made = replace(rule, valid_until=min(ends, default=None))
    kept = ended(facts, rule.line, rule.valid_from, until=made.valid_until)
    return replace(kept, rotations=(*kept.rotations, made))


def ended(facts: RotaFacts, line: Line, at: datetime, *, until: datetime | None = None) -> RotaFacts:
    """The line's rotations end at ``at``; those that begin at ``until`` (None: any) or later stay."""
    kept: list[RotationRule] = []
    for rule in facts.rotations:
        if rule.line is not line or (until and rule.valid_from >= until):
            kept.append(rule)
        elif rule.valid_from < at:
            kept.append(replace(rule, valid_until=min(at, rule.valid_until or at)))
    return replace(facts, rotations=tuple(kept))


def taken_over(facts: RotaFacts, person: int, by: int, start: datetime, end: datetime) -> tuple[OverrideFact, ...]:
    """The overrides by which ``by`` holds every turn that is the person's in the period."""
    return tuple(
        OverrideFact(line, by, turn.start, turn.end)
        for line in Line
        for turn in turns(facts, line, start, end)
        if turn.person == person
    )


# --- What changes -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """Another person holds a line: None is nobody."""

    line: Line
    start: datetime
    end: datetime
    before: int | None
    after: int | None


def differences(before: RotaFacts, after: RotaFacts, start: datetime, end: datetime) -> tuple[Difference, ...]:
    """Where in the period another person is on duty, by time; one for each stretch in which both stay the same."""
    found = [each for line in Line for each in _differences(before, after, line, start, end)]
    return tuple(sorted(found, key=_in_order))


def _in_order(each: "Difference | Finding") -> tuple[datetime, int]:
    return each.start, list(Line).index(each.line)


def _differences(
    before: RotaFacts, after: RotaFacts, line: Line, start: datetime, end: datetime
) -> Iterator[Difference]:
    was, then = stretches(before, line, start, end), stretches(after, line, start, end)
    last: Difference | None = None
    for begin, stop in pairwise(sorted({each.start for each in (*was, *then)} | {as_utc(end)})):
        here = Difference(line, begin, stop, _held_at(was, begin), _held_at(then, begin))
        if last and last.end == begin and (last.before, last.after) == (here.before, here.after):
            last = replace(last, end=stop)
            continue
        if last and last.before != last.after:
            yield last
        last = here
    if last and last.before != last.after:
        yield last


def _held_at(found: Sequence[Stretch], at: datetime) -> int | None:
    return next((person_of(each.holder) for each in found if each.start <= at < each.end), None)


# --- What is amiss ----------------------------------------------------------------------------------------------


class Amiss(StrEnum):
    """What an administrator should look at."""

    NOBODY = "nobody"
    ABSENT_ON_DUTY = "absent_on_duty"
    ABSENT = "absent"
    BOTH_LINES = "both_lines"


@dataclass(frozen=True, slots=True)
class Finding:
    """In the period something is amiss with a line. ``person`` is whom it is about, ``instead`` who stands in."""

    what: Amiss
    line: Line
    start: datetime
    end: datetime
    person: int | None = None
    instead: int | None = None


def findings(
    facts: RotaFacts, start: datetime, end: datetime, *, absences: Mapping[int, Sequence[AbsenceFact]]
) -> tuple[Finding, ...]:
    """What is amiss in the period, by time; ``absences`` are those of everybody who may hold a line.

    - nobody holds a line;
    - whoever holds one by an override is away (an override beats an absence);
    - whose turn it is is away, so that somebody stands in;
    - both lines fall to one person, so that somebody stands in.
    """
    found: list[Finding] = []
    for shift in shifts(facts, start, end):
        for line in Line:
            found += _in_shift(facts, shift, line, absences)
    merged: dict[tuple[Amiss, Line], list[Finding]] = {}
    for each in found:
        row = merged.setdefault((each.what, each.line), [])
        if row and row[-1].end == each.start and replace(row[-1], end=each.end) == replace(each, start=row[-1].start):
            row[-1] = replace(row[-1], end=each.end)
        else:
            row.append(each)
    return tuple(sorted((each for row in merged.values() for each in row), key=_in_order))


def _in_shift(
    facts: RotaFacts, shift: Shift, line: Line, absences: Mapping[int, Sequence[AbsenceFact]]
) -> Iterator[Finding]:
    held = holder(shift.duty, line)
    if held is None:
        yield Finding(Amiss.NOBODY, line, shift.start, shift.end)
        return
    if held.reason is DutyReason.OVERRIDE:
        for absence in absences.get(held.person, ()):
            begin, stop = max(shift.start, absence.start), min(shift.end, absence.end)
            if absence.kind is AbsenceKind.DAY and begin < stop:
                yield Finding(Amiss.ABSENT_ON_DUTY, line, begin, stop, held.person)
        return
    yield from _stood_in(facts, shift, line, held, shift.duty)


def _stood_in(facts: RotaFacts, shift: Shift, line: Line, held: Holder, duty: Duty) -> Iterator[Finding]:
    turn = planned(facts, line, shift.start, shift.end)
    person = person_of(turn[0].holder) if turn else None
    absent = DutyWarning.PRIMARY_ABSENT if line is Line.PRIMARY else DutyWarning.BACKUP_ABSENT
    if absent in duty.warnings and person != held.person:
        yield Finding(Amiss.ABSENT, line, shift.start, shift.end, person, held.person)
    elif line is Line.BACKUP and DutyWarning.SAME_AS_PRIMARY in duty.warnings:
        yield Finding(Amiss.BOTH_LINES, line, shift.start, shift.end, person_of(duty.primary), held.person)
