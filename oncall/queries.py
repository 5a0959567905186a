"""Reads of duty: pure facts gathered from rows, and who is on duty now.

Every function takes any number of rotas, projects or people and needs the same number of queries for all.
Instants are aware; `known_at` is the instant whose records are believed, so the past can be asked about.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Max
from psycopg2.extras import DateTimeTZRange

from portal.facts import Kept
from portal.models import Person, Project
from portal.queries import last_change

from .models import Absence, Override, Rota, RotaCoverage, Rotation, RotationMember
from .rotation import (
    AbsenceFact,
    AbsenceKind,
    DutyWarning,
    Holder,
    Line,
    OverrideFact,
    RotaFacts,
    RotationRule,
    duty_at,
    next_duty_change,
)

REACH = timedelta(hours=1)
"""How long facts serve questions about later instants, as long as nothing has changed."""
HORIZON = timedelta(days=15) + REACH
"""A day more than a decision looks ahead."""
NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class RotaDuty:
    """Who holds a rota's lines at an instant; `until` is when that changes, None if not within 14 days."""

    rota: Rota
    primary: Person | None
    backup: Person | None
    until: datetime | None
    warnings: tuple[DutyWarning, ...]


def rota_facts(
    rotas: Iterable[Rota], *, at: datetime, known_at: datetime, horizon: timedelta = HORIZON, back: timedelta = NO_TIME
) -> dict[int, RotaFacts]:
    """Rota id → what decides its duty from `at - back` to `at + horizon`, as recorded at `known_at`."""
    rotas = list(rotas)
    ids = [rota.pk for rota in rotas]
    period = DateTimeTZRange(at - back, at + horizon, "[]")
    rotations = Rotation.objects.as_of(known_at).filter(rota__in=ids, valid__overlap=period).prefetch_related("places")
    rules: dict[int, list[RotationRule]] = defaultdict(list)
    for rotation in rotations:
        rules[rotation.rota_id].append(rule_of(rotation))
    overrides: dict[int, list[OverrideFact]] = defaultdict(list)
    for row in Override.objects.as_of(known_at).filter(rota__in=ids, period__overlap=period):
        fact = OverrideFact(Line(row.line), row.person_id, _utc(row.period.lower), _utc(row.period.upper))
        overrides[row.rota_id].append(fact)
    members = {pk: {person for rule in rules[pk] for person in rule.members} for pk in ids}
    away = _absences(set().union(*members.values()), known_at, period)
    return {
        rota.pk: RotaFacts(
            zone=rota.zone,
            rotations=tuple(rules[rota.pk]),
            overrides=tuple(overrides[rota.pk]),
            absences=tuple(fact for person in sorted(members[rota.pk]) for fact in away.get(person, ())),
        )
        for rota in rotas
    }


def absence_facts(
    person_ids: Iterable[int], *, at: datetime, known_at: datetime, horizon: timedelta = HORIZON
) -> dict[int, tuple[AbsenceFact, ...]]:
    """Person id → absences from `at` to `at + horizon`, as recorded at `known_at`; without any the id is missing."""
    return _absences(person_ids, known_at, DateTimeTZRange(at, at + horizon, "[]"))


def coverage_of(
    projects: Iterable[Project], *, at: datetime, known_at: datetime, horizon: timedelta = HORIZON
) -> list[RotaCoverage]:
    """Which rotas cover the projects from `at` to `at + horizon`, with rota and project, by project and time."""
    period = DateTimeTZRange(at, at + horizon, "[]")
    rows = RotaCoverage.objects.as_of(known_at).filter(project__in=list(projects), valid__overlap=period)
    return list(rows.select_related("rota", "project").order_by("project", "valid"))


def duty_now(rotas: Iterable[Rota], *, at: datetime, known_at: datetime | None = None) -> list[RotaDuty]:
    """Who is on duty at `at`, one answer per rota in their order; by default as recorded at `at`.

    Nobody on duty is None and a warning. A row that is still recorded counts for any instant to come.
    """
    rotas = list(rotas)
    facts = _kept_facts(rotas, at, known_at or at)
    duties = {pk: duty_at(each, at) for pk, each in facts.items()}
    holders = [holder for duty in duties.values() for holder in (duty.primary, duty.backup) if holder]
    people = Person.objects.in_bulk({holder.person for holder in holders})

    def person(holder: Holder | None) -> Person | None:
        return people[holder.person] if holder else None

    return [
        RotaDuty(
            rota=rota,
            primary=person(duties[rota.pk].primary),
            backup=person(duties[rota.pk].backup),
            until=next_duty_change(facts[rota.pk], at),
            warnings=duties[rota.pk].warnings,
        )
        for rota in rotas
    ]


def bounds(period: DateTimeTZRange) -> tuple[datetime, datetime]:
    """Beginning and end of a period that has both, as those of overrides, absences and swaps have."""
    assert period.lower is not None  # noqa: S101 -- narrows the types; constraints see to it
    assert period.upper is not None  # noqa: S101
    return _utc(period.lower), _utc(period.upper)


def members_of(rota: Rota, *, known_at: datetime) -> list[Person]:
    """Everybody who takes turns on the rota, by name; whoever may not sign in any more is none of them."""
    places = RotationMember.objects.filter(rotation__in=Rotation.objects.as_of(known_at).filter(rota=rota))
    found = Person.objects.filter(pk__in=places.values("person"), is_active=True)
    return sorted(found, key=lambda person: (person.name, person.pk))


def last_recorded(*, known_at: datetime) -> datetime:
    """`known_at`, or after it the first instant at which everything that is recorded of rosters by now is known.

    Whoever waited for a lock has read the clock before; what others recorded meanwhile is not of their past.
    """
    latest = [
        model.objects.current().filter(recorded__startswith__gt=known_at).aggregate(at=Max("recorded__startswith"))
        for model in (Rotation, Override, Absence)
    ]
    later: list[datetime] = [each["at"] + timedelta.resolution for each in latest if each["at"]]
    return max([known_at, *later])


def roster_changed_at(rotas: Iterable[Rota]) -> datetime | None:
    """When anything that decides who is on duty on the rotas was last recorded or withdrawn."""
    ids = [rota.pk for rota in rotas]
    places = RotationMember.objects.filter(rotation__rota__in=ids)
    changes = [
        last_change(Rotation.objects.filter(rota__in=ids)),
        last_change(Override.objects.filter(rota__in=ids)),
        last_change(Absence.objects.filter(person__in=places.values("person"), kind=AbsenceKind.DAY.value)),
    ]
    return max((change for change in changes if change), default=None)


_kept: Kept[tuple[int, int], tuple[datetime, RotaFacts]] = Kept(size=2000)
"""By rota and hour of the question: the instant they were gathered for, from which on they serve, and the facts."""


def _kept_facts(rotas: list[Rota], at: datetime, known_at: datetime) -> dict[int, RotaFacts]:
    """As `rota_facts`; gathered again only where something has changed since."""
    shelf = _kept.shelf(known_at)
    hour = int(at.timestamp() // REACH.total_seconds())
    kept = {rota.pk: shelf.get((rota.pk, hour)) for rota in rotas}
    found = {pk: each[1] for pk, each in kept.items() if each and each[0] <= at}
    missing = [rota for rota in rotas if rota.pk not in found]
    if missing:
        gathered = rota_facts(missing, at=at, known_at=known_at)
        shelf.update({(pk, hour): (at, facts) for pk, facts in gathered.items()})
        found |= gathered
    return found


def rule_of(rotation: Rotation) -> RotationRule:
    """The rotation as a pure fact."""
    begins, ends = rotation.valid.lower, rotation.valid.upper
    assert begins is not None  # noqa: S101 -- narrows the type; a constraint sees to it
    return RotationRule(
        line=Line(rotation.line),
        members=tuple(place.person_id for place in rotation.places.all()),
        handover_weekday=rotation.handover_weekday,
        handover_time=rotation.handover_time,
        period_days=rotation.period_days,
        valid_from=_utc(begins),
        valid_until=_utc(ends) if ends else None,
    )


def _absences(
    person_ids: Iterable[int], known_at: datetime, period: DateTimeTZRange
) -> dict[int, tuple[AbsenceFact, ...]]:
    found: dict[int, list[AbsenceFact]] = defaultdict(list)
    rows = Absence.objects.as_of(known_at).filter(person__in=set(person_ids), period__overlap=period)
    for row in rows.order_by("person", "period", "pk"):
        fact = AbsenceFact(row.person_id, AbsenceKind(row.kind), _utc(row.period.lower), _utc(row.period.upper))
        found[row.person_id].append(fact)
    return {person: tuple(facts) for person, facts in found.items()}


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)
