"""What an administrator is about to change: what it does to the rosters, and how it is written.

A plan is made from what a form says. Its effect is worked out from the same facts that decide duty, before anything
is written; it is written only while the rosters are as they were seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence, Override, Rota
from oncall.queries import bounds
from oncall.rosters import Seen, end_override, end_rotations, hold, record_rotation
from oncall.rotation import AbsenceFact, AbsenceKind, Line, OverrideFact, RotaFacts, RotationRule
from oncall.services import change_end, hand_over, record_absence, withdraw
from oncall.timeline import (
    Difference,
    away,
    back,
    differences,
    ended,
    findings,
    overridden,
    restored,
    rotated,
    taken_over,
)
from oncall.turns import turns_of
from portal.hours import local_instant
from portal.models import Person

from .known import Known, gather
from .warnings import Warn, in_words

LOOKED_AT = timedelta(weeks=12)
"""How far ahead the effect is shown of a change that has no end."""
Write = Callable[[Person, datetime, str], None]
"""By whom, when and why → writes the change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A change of these rotas from `start` to `end` (None: from then on)."""

    rotas: Sequence[Rota]
    start: datetime
    end: datetime | None
    apply: Callable[[int, RotaFacts], RotaFacts]
    write: Write

    @property
    def until(self) -> datetime:
        return self.end or self.start + LOOKED_AT


@dataclass(frozen=True, slots=True)
class Effect:
    """Who is on duty instead of whom; `warnings` are those that there were not before."""

    differences: tuple[tuple[Rota, Difference], ...]
    warnings: tuple[Warn, ...]
    known: Known


def effect(plan: Plan, *, reader: Person, now: datetime) -> Effect:
    """What the plan would do, by the rosters as they are recorded now."""
    known = gather(plan.rotas, reader=reader, start=plan.start, end=plan.until, now=now)
    found: list[tuple[Rota, Difference]] = []
    warnings: list[Warn] = []
    for rota in plan.rotas:
        before = known.facts[rota.pk]
        after = plan.apply(rota.pk, before)
        found += [(rota, each) for each in differences(before, after, plan.start, plan.until)]
        absences = {person: [each for each in after.absences if each.person == person] for person in known.names}
        was = set(findings(before, plan.start, plan.until, absences=known.absences))
        then = findings(after, plan.start, plan.until, absences=absences)
        warnings += in_words([each for each in then if each not in was], known)
    return Effect(tuple(found), tuple(warnings), known)


@transaction.atomic
def carry_out(plan: Plan, *, seen: Seen | None, by: Person, now: datetime, why: str) -> None:
    """Write the plan. Raises `oncall.rosters.RosterChanged` where the rosters are not as they were seen."""
    hold([rota.pk for rota in plan.rotas], seen=seen)
    plan.write(by, now, why)


# --- The kinds of plan -------------------------------------------------------------------------------------------


def override(rota: Rota, line: Line, person: Person, start: datetime, end: datetime) -> Plan:
    """`person` holds the line, whoever's turn it is."""
    made = OverrideFact(line, person.pk, start, end)

    def write(by: Person, now: datetime, why: str) -> None:
        hand_over(rota, line, person, DateTimeTZRange(start, end), by=by, now=now, why=why)

    return Plan([rota], start, end, lambda _pk, facts: overridden(facts, made), write)


def no_override(row: Override, *, now: datetime) -> Plan:
    """The override ends now, or never begins."""
    start, end = bounds(row.period)
    at, line = max(start, now), Line(row.line)

    def write(by: Person, now: datetime, why: str) -> None:
        end_override(row, at, by=by, now=now, why=why)

    return Plan([row.rota], at, end, lambda _pk, facts: restored(facts, line, at, end), write)


def absence(person: Person, instead: Person | None, start: datetime, end: datetime, *, now: datetime) -> Plan:
    """`person` is away; if `instead` is somebody, they take over every turn that falls into it, on any rota."""
    rotas = list(Rota.objects.in_use())
    known = gather(rotas, reader=person, start=start, end=end, now=now)
    concerned = [rota for rota in rotas if _takes_part(known.facts[rota.pk], person, start, end)]
    fact = AbsenceFact(person.pk, AbsenceKind.DAY, start, end)
    made = {
        rota.pk: taken_over(known.facts[rota.pk], person.pk, instead.pk, start, end) if instead else ()
        for rota in concerned
    }

    def apply(pk: int, facts: RotaFacts) -> RotaFacts:
        for each in made[pk]:
            facts = overridden(facts, each)
        return away(facts, fact)

    def write(by: Person, now: datetime, why: str) -> None:
        record_absence(person, AbsenceKind.DAY, DateTimeTZRange(start, end), by=by, now=now, why=why)
        if instead is None:
            return
        for rota in concerned:
            for each in made[rota.pk]:
                held = DateTimeTZRange(each.start, each.end)
                hand_over(rota, each.line, instead, held, by=by, now=now, why=why)

    return Plan(concerned, start, end, apply, write)


def no_absence(row: Absence, *, now: datetime) -> Plan:
    """The person is back now, or was never away."""
    start, end = bounds(row.period)
    at = max(start, now)
    rotas = list(Rota.objects.in_use())
    known = gather(rotas, reader=row.person, start=at, end=end, now=now)
    concerned = [rota for rota in rotas if _takes_part(known.facts[rota.pk], row.person, at, end)]
    fact = AbsenceFact(row.person_id, AbsenceKind(row.kind), start, end)

    def write(by: Person, now: datetime, why: str) -> None:
        if at > start:
            change_end(row, at, by=by, now=now, why=why)
        else:
            withdraw(row, by=by, now=now, why=why)

    return Plan(concerned, at, end, lambda _pk, facts: back(facts, fact, at), write)


def rotation(rota: Rota, given: dict[str, Any], *, now: datetime) -> Plan:
    """From a day on these members take turns on the line; from `now` on if the handover of today has passed."""
    line, members, at = Line(given["line"]), given["members"], given["handover_time"]
    start = max(local_instant(rota.zone, given["begins"], at), now)
    days, weekday = given["period_days"], int(given["handover_weekday"])
    rule = RotationRule(line, tuple(person.pk for person in members), weekday, at, days, start, None)

    def write(by: Person, now: datetime, why: str) -> None:
        record_rotation(
            rota, line, members, weekday=weekday, at=at, period_days=days, start=start, by=by, now=now, why=why
        )

    return Plan([rota], start, None, lambda _pk, facts: rotated(facts, rule), write)


def no_rotation(rota: Rota, line: Line, at: datetime) -> Plan:
    """From `at` on nobody takes turns on the line."""

    def write(by: Person, now: datetime, why: str) -> None:
        end_rotations(rota, line, at, by=by, now=now, why=why)

    return Plan([rota], at, None, lambda _pk, facts: ended(facts, line, at), write)


def _takes_part(facts: RotaFacts, person: Person, start: datetime, end: datetime) -> bool:
    if any(person.pk in rule.members for rule in facts.rotations):
        return True
    return bool(turns_of(facts, person.pk, start, end))
