"""Whose turn it is: one line's stretches by who holds them, and what an exchange of duty would change.

Pure functions over frozen facts, as `rotation`: no database, no clock; instants are aware, results are in UTC,
periods are half-open ``[start, end)``. People and rotas are ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal.hours import as_utc

from .rotation import AbsenceFact, AbsenceKind, Duty, Holder, Line, OverrideFact, RotaFacts, Shift, duty_at, shifts


@dataclass(frozen=True, slots=True)
class Other:
    """Who holds the other line for a part of a turn; None where nobody does."""

    person: int | None
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """``person`` holds ``line`` from ``start`` to ``end``; ``stretches`` is that time, cut where anything changes."""

    line: Line
    person: int
    start: datetime
    end: datetime
    stretches: tuple[Shift, ...]

    @property
    def others(self) -> tuple[Other, ...]:
        """Who has the other line beside it, in their order."""
        found: list[Other] = []
        for stretch in self.stretches:
            person = person_of(holder(stretch.duty, other_line(self.line)))
            if found and found[-1].person == person:
                found[-1] = replace(found[-1], end=stretch.end)
            else:
                found.append(Other(person, stretch.start, stretch.end))
        return tuple(found)


def other_line(line: Line) -> Line:
    return Line.BACKUP if line is Line.PRIMARY else Line.PRIMARY


def holder(duty: Duty, line: Line) -> Holder | None:
    return duty.primary if line is Line.PRIMARY else duty.backup


def person_of(found: Holder | None) -> int | None:
    return found.person if found else None


def turns(facts: RotaFacts, line: Line, start: datetime, end: datetime) -> tuple[Turn, ...]:
    """The line's turns in ``[start, end)``, clipped to it and ascending; where nobody holds it there is none."""
    found: list[Turn] = []
    for stretch in shifts(facts, start, end):
        person = person_of(holder(stretch.duty, line))
        if person is None:
            continue
        last = found[-1] if found else None
        if last and last.person == person and last.end == stretch.start:
            found[-1] = replace(last, end=stretch.end, stretches=(*last.stretches, stretch))
        else:
            found.append(Turn(line, person, stretch.start, stretch.end, (stretch,)))
    return tuple(found)


def turns_of(facts: RotaFacts, person: int, start: datetime, end: datetime) -> tuple[Turn, ...]:
    """The person's turns on both lines, by their beginning."""
    own = [turn for line in Line for turn in turns(facts, line, start, end) if turn.person == person]
    return tuple(sorted(own, key=lambda turn: (turn.start, turn.line)))


# --- Exchanging duty ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """In place of ``of``, ``to`` holds the line of the rota."""

    rota: int
    line: Line
    start: datetime
    end: datetime
    of: int
    to: int

    def covers(self, rota: int, line: Line, at: datetime) -> bool:
        return (self.rota, self.line) == (rota, line) and self.start <= at < self.end


class Objection(StrEnum):
    """Why duty cannot change hands."""

    NOT_HELD = "not_held"
    BOTH_LINES = "both_lines"
    TWO_ROTAS = "two_rotas"
    AWAY = "away"
    MOVES_OTHERS = "moves_others"


Roster = Mapping[int, RotaFacts]
"""Rota → its facts; all rotas in which anybody concerned may have duty."""


def after(roster: Roster, changes: Iterable[Change]) -> dict[int, RotaFacts]:
    """The roster once the changes are made: as overrides, in place of what overrode the line before."""
    found = dict(roster)
    for change in changes:
        facts = found[change.rota]
        kept = without(facts.overrides, change.line, change.start, change.end)
        made = OverrideFact(change.line, change.to, as_utc(change.start), as_utc(change.end))
        found[change.rota] = replace(facts, overrides=(*kept, made))
    return found


def objections(
    roster: Roster, changes: Sequence[Change], *, away: Mapping[int, Sequence[AbsenceFact]]
) -> tuple[Objection, ...]:
    """What stands against the changes, all made together; nothing means that they may be made.

    Each line must be held by who gives it, throughout. Whoever gets it is present (``away`` has everybody's
    absences), holds no other line of any rota meanwhile, and nobody else's duty moves.
    """
    if any(not _is_held(roster[change.rota], change) for change in changes):
        return (Objection.NOT_HELD,)
    then = after(roster, changes)
    found = {objection for change in changes for objection in _objections(roster, then, change, changes)}
    if any(_is_away(change, away.get(change.to, ())) for change in changes):
        found.add(Objection.AWAY)
    return tuple(sorted(found))


def _is_held(facts: RotaFacts, change: Change) -> bool:
    held = shifts(facts, change.start, change.end)
    return bool(held) and all(person_of(holder(each.duty, change.line)) == change.of for each in held)


def _is_away(change: Change, absences: Iterable[AbsenceFact]) -> bool:
    return any(
        absence.kind is AbsenceKind.DAY and absence.start < change.end and absence.end > change.start
        for absence in absences
    )


def _objections(before: Roster, then: Roster, change: Change, changes: Sequence[Change]) -> set[Objection]:
    found: set[Objection] = set()
    for at in _cuts((*before.values(), *then.values()), change):
        duty, was = duty_at(then[change.rota], at), duty_at(before[change.rota], at)
        beside = other_line(change.line)
        was_beside, is_beside = person_of(holder(was, beside)), person_of(holder(duty, beside))
        if person_of(holder(duty, change.line)) != change.to:
            found.add(Objection.BOTH_LINES)
        elif was_beside != is_beside and not any(each.covers(change.rota, beside, at) for each in changes):
            found.add(Objection.BOTH_LINES if was_beside == change.to else Objection.MOVES_OTHERS)
        if any(change.to in _people(duty_at(facts, at)) for rota, facts in then.items() if rota != change.rota):
            found.add(Objection.TWO_ROTAS)
    return found


def _cuts(all_facts: Iterable[RotaFacts], change: Change) -> list[datetime]:
    """Instants that stand for every moment of the change: the duty is the same from each to the next."""
    return sorted({shift.start for facts in all_facts for shift in shifts(facts, change.start, change.end)})


def _people(duty: Duty) -> set[int | None]:
    return {person_of(duty.primary), person_of(duty.backup)}


def without(overrides: Iterable[OverrideFact], line: Line, start: datetime, end: datetime) -> tuple[OverrideFact, ...]:
    """What is left of the overrides where nothing overrides the line in the period."""
    kept: list[OverrideFact] = []
    for each in overrides:
        if each.line is line:
            parts = outside(each.start, each.end, start, end)
            kept += [replace(each, start=first, end=last) for first, last in parts]
        else:
            kept.append(each)
    return tuple(kept)


def outside(start: datetime, end: datetime, begun: datetime, over: datetime) -> list[tuple[datetime, datetime]]:
    """What is left of ``[start, end)`` without ``[begun, over)``: none, one or two parts."""
    parts = [(start, min(end, begun)), (max(start, over), end)]
    return [(first, last) for first, last in parts if first < last]
