"""What an import would do with each row: before anything is done, and the same again when it is. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from oncall.rotation import AbsenceFact, AbsenceKind, OverrideFact, RotaFacts, shifts
from oncall.turns import Change, after, holder, person_of

from .parsing import Row


class Fate(StrEnum):
    """`NEW` and `REPLACES` are imported; the others leave everything as it is."""

    NEW = "new"
    REPLACES = "replaces"
    SAME = "same"
    PAST = "past"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    OVERLAPS = "overlaps"
    BOTH_LINES = "both_lines"
    INVALID = "invalid"


IMPORTED = (Fate.NEW, Fate.REPLACES)
HARMLESS = (Fate.SAME, Fate.PAST)
"""Nothing is to be done for these, and nothing is wrong with them."""


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who may be on duty."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A row and what becomes of it; `away`: the person is absent for a part of it, and on duty all the same.

    `elsewhere`: by another roster they are on duty there too. `start` is not before the instant of the question: what
    has passed stays as it was.
    """

    row: Row
    fate: Fate
    person: int | None = None
    start: datetime | None = None
    away: bool = False
    elsewhere: bool = False

    @property
    def change(self) -> Change:
        """Of a row with a person and its times."""
        row, start, person = self.row, self.start, self.person
        if row.line is None or row.end is None or start is None or person is None:
            raise ValueError(self.fate)
        return Change(0, row.line, start, row.end, 0, person)


def plan(
    rows: Sequence[Row],
    *,
    people: Sequence[Known],
    facts: RotaFacts,
    away: Mapping[int, Sequence[AbsenceFact]],
    others: Sequence[RotaFacts] = (),
    now: datetime,
) -> tuple[Planned, ...]:
    """The fate of each row, in their order. Of rows that overlap on one line none is imported.

    `others` are the other rotas.
    """
    found = [_read(row, people, now) for row in rows]
    usable = [each for each in found if each.fate is Fate.NEW]
    clashing = {each.row.number for each in _overlapping(usable)}
    usable = [each for each in usable if each.row.number not in clashing]
    then = after({0: facts}, [each.change for each in usable])[0]
    judged = [_judged(each, facts, then, away) for each in usable]
    fates = {each.row.number: replace(each, elsewhere=_is_elsewhere(each, others)) for each in judged}
    return tuple(
        replace(each, fate=Fate.OVERLAPS) if each.row.number in clashing else fates.get(each.row.number, each)
        for each in found
    )


def digest(planned: Iterable[Planned]) -> str:
    """Two plans have the same exactly where they would do the same; a few minutes more make no other."""
    parts = [f"{each.row.number}:{each.fate}:{each.person}:{each.row}" for each in planned]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _read(row: Row, people: Sequence[Known], now: datetime) -> Planned:
    if row.problem is not None or row.start is None or row.end is None:
        return Planned(row, Fate.INVALID)
    matching = _matching(row.who, people)
    if len(matching) != 1:
        return Planned(row, Fate.AMBIGUOUS if matching else Fate.UNKNOWN)
    fate = Fate.PAST if row.end <= now else Fate.NEW
    return Planned(row, fate, matching[0].id, max(row.start, now))


def _matching(who: Sequence[str], people: Sequence[Known]) -> list[Known]:
    """By the surest that names anybody: an address, a whole name, or a name within a title."""
    for text in who:
        given = " ".join(text.split()).casefold()
        for fits in (_has_address, _has_name, _is_named):
            if found := [each for each in people if fits(each, given)]:
                return found
    return []


def _has_address(each: Known, given: str) -> bool:
    return each.email.casefold() == given


def _has_name(each: Known, given: str) -> bool:
    return each.name.casefold() == given


def _is_named(each: Known, given: str) -> bool:
    """As whole words: Ann is not meant by Anna."""
    padded = "".join(sign if sign.isalnum() or sign == "-" else " " for sign in given)
    name = "".join(sign if sign.isalnum() or sign == "-" else " " for sign in each.name.casefold())
    return f" {' '.join(name.split())} " in f" {' '.join(padded.split())} "


def _overlapping(usable: Sequence[Planned]) -> Iterator[Planned]:
    for each in usable:
        for other in usable:
            if each is not other and _clash(each.change, other.change):
                yield each
                break


def _clash(one: Change, other: Change) -> bool:
    return one.line is other.line and one.start < other.end and other.start < one.end


def _judged(each: Planned, facts: RotaFacts, then: RotaFacts, away: Mapping[int, Sequence[AbsenceFact]]) -> Planned:
    change = each.change
    if _holds(facts, change) or _is_overridden(facts.overrides, change):
        return replace(each, fate=Fate.SAME)
    if not _holds(then, change):
        return replace(each, fate=Fate.BOTH_LINES)
    others = [fact for fact in facts.overrides if fact.line is change.line and _meet(fact, change)]
    absent = any(fact.kind is AbsenceKind.DAY and _meet(fact, change) for fact in away.get(change.to, ()))
    return replace(each, fate=Fate.REPLACES if others else Fate.NEW, away=absent)


def _is_elsewhere(each: Planned, others: Iterable[RotaFacts]) -> bool:
    if each.fate not in IMPORTED:
        return False
    change = each.change
    held = [shift.duty for facts in others for shift in shifts(facts, change.start, change.end)]
    return any(change.to in (person_of(duty.primary), person_of(duty.backup)) for duty in held)


def _meet(fact: OverrideFact | AbsenceFact, change: Change) -> bool:
    return fact.start < change.end and fact.end > change.start


def _holds(facts: RotaFacts, change: Change) -> bool:
    held = shifts(facts, change.start, change.end)
    return all(person_of(holder(each.duty, change.line)) == change.to for each in held)


def _is_overridden(overrides: Iterable[OverrideFact], change: Change) -> bool:
    """Whether that is recorded already, in whatever pieces."""
    at = change.start
    for fact in sorted(overrides, key=lambda each: each.start):
        if fact.line is change.line and fact.person == change.to and fact.start <= at < fact.end:
            at = fact.end
    return at >= change.end
