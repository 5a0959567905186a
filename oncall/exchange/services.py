"""Importing a roster: planned against what is recorded, then recorded as overrides, all or nothing."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from oncall.models import Rota
from oncall.queries import absence_facts, last_recorded, rota_facts
from oncall.services import hand_over, lock
from portal.models import Person

from .parsing import Row
from .plan import IMPORTED, Known, Planned, digest, plan


class PlanChanged(Exception):
    """What would be done is no longer what was shown."""


def plan_import(rota: Rota, rows: Sequence[Row], *, now: datetime) -> tuple[Planned, ...]:
    """The fate of each row by what is recorded at `now`; a constant number of queries."""
    staff = Person.objects.filter(is_staff=True, is_active=True).order_by("pk")
    people = [Known(person.pk, person.name, person.email) for person in staff]
    horizon = max([now, *(row.end for row in rows if row.end and not row.problem)]) - now
    facts = rota_facts(Rota.objects.all(), at=now, known_at=now, horizon=horizon)
    away = absence_facts([each.id for each in people], at=now, known_at=now, horizon=horizon)
    others = [each for pk, each in facts.items() if pk != rota.pk]
    return plan(rows, people=people, facts=facts[rota.pk], away=away, others=others, now=now)


@transaction.atomic
def import_roster(
    rota: Rota, rows: Sequence[Row], *, seen: str, by: Person, now: datetime, why: str
) -> tuple[Planned, ...]:
    """Record what is new; imported again nothing is. Raises `PlanChanged` where the plan is not what was `seen`."""
    lock([rota.pk])
    now = last_recorded(known_at=now)
    planned = plan_import(rota, rows, now=now)
    if digest(planned) != seen:
        raise PlanChanged
    wanted = [each for each in planned if each.fate in IMPORTED]
    people = Person.objects.in_bulk({each.person for each in wanted})
    for each in wanted:
        change = each.change
        period = DateTimeTZRange(change.start, change.end)
        hand_over(rota, change.line, people[change.to], period, by=by, now=now, why=why)
    return planned
