"""What an absence of days would change, said before it is recorded: duty that goes to others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from oncall.models import Rota
from oncall.queries import rota_facts
from oncall.rotation import AbsenceFact, AbsenceKind, Duty, Holder, Line, RotaFacts, shifts
from portal.models import Person


@dataclass(frozen=True)
class DutyConcerned:
    """A stretch in which the person would hold a line; whoever holds the lines if they are away.

    `stays`: by an arrangement for the period they stay on duty in spite of the absence.
    """

    rota: Rota
    line: Line
    start: datetime
    end: datetime
    primary: Person | None
    backup: Person | None
    stays: bool


def duties_concerned(person: Person, *, start: datetime, end: datetime, now: datetime) -> list[DutyConcerned]:
    """Every duty of the person in `[start, end)` and to whom it goes, by time; nothing is written."""
    rotas = list(Rota.objects.in_use())
    facts = rota_facts(rotas, at=start, known_at=now, horizon=end - start)
    found = [(rota, each) for rota in rotas for each in _moved(facts[rota.pk], person.pk, start, end)]
    people = Person.objects.in_bulk(
        {holder.person for _rota, each in found for holder in (each.after.primary, each.after.backup) if holder}
    )

    def named(holder: Holder | None) -> Person | None:
        return people[holder.person] if holder else None

    concerned = [
        DutyConcerned(
            rota=rota,
            line=each.line,
            start=each.start,
            end=each.end,
            primary=named(each.after.primary),
            backup=named(each.after.backup),
            stays=person.pk == _person(each.after, each.line),
        )
        for rota, each in found
    ]
    return sorted(concerned, key=lambda each: (each.start, each.rota.slug, each.line))


@dataclass(frozen=True)
class _Moved:
    line: Line
    start: datetime
    end: datetime
    after: Duty


def _moved(facts: RotaFacts, person: int, start: datetime, end: datetime) -> Iterator[_Moved]:
    away = replace(facts, absences=(*facts.absences, AbsenceFact(person, AbsenceKind.DAY, start, end)))
    for before in shifts(facts, start, end):
        for line in Line:
            if _person(before.duty, line) != person:
                continue
            for after in shifts(away, before.start, before.end):
                yield _Moved(line, after.start, after.end, after.duty)


def _person(duty: Duty, line: Line) -> int | None:
    holder = duty.primary if line is Line.PRIMARY else duty.backup
    return holder.person if holder else None
