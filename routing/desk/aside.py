"""What stands beside the incidents: who is on duty, which SDMs are away, and what is wrong with the portal itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from oncall.models import Absence, Rota
from oncall.queries import duty_now
from portal.models import Assignment, Person
from routing.paging.models import Alarm
from routing.presentation import rota_for
from routing.wording import alarm_text, warning_text

AHEAD = timedelta(days=1)
"""How far ahead the beginning of an absence is looked for."""
OF_AN_INCIDENT = ("chain_exhausted", "last_resort", "escalation_error")
"""Alarms whose key is an incident's number."""


@dataclass(frozen=True, slots=True)
class Away:
    """An SDM who is away until an instant, and the projects they own."""

    name: str
    until: datetime
    projects: list[str]


@dataclass(frozen=True, slots=True)
class Aside:
    """`until` is when any of it changes by itself; None if nothing does within a day."""

    duties: list[dict[str, Any]]
    away: list[Away]
    until: datetime | None


def aside(reader: Person, *, now: datetime) -> Aside:
    """Duty and absences as `reader` may see them, in a constant number of queries."""
    duties = duty_now(Rota.objects.in_use(), at=now)
    shown = [
        {
            "rota": duty.rota,
            "primary": rota_for(duty.rota, reader, holder=duty.primary),
            "backup": rota_for(duty.rota, reader, holder=duty.backup),
            "until": duty.until,
            "warnings": [warning_text(warning) for warning in duty.warnings],
        }
        for duty in duties
    ]
    away, changes = _away(now)
    ends = [*changes, *(duty.until for duty in duties if duty.until)]
    return Aside(shown, away, min((end for end in ends if end > now), default=None))


def _away(now: datetime) -> tuple[list[Away], list[datetime]]:
    """The SDMs who are away, first back first, and the instants at which that changes."""
    absences = Absence.objects.as_of(now).filter(period__overlap=(now, now + AHEAD))
    until: dict[int, datetime] = {}
    changes: list[datetime] = []
    for absence in absences.order_by("period"):
        changes += [absence.period.lower, absence.period.upper]
        if absence.period.lower <= until.get(absence.person_id, now):  # one after the other without a gap is one
            until[absence.person_id] = max(absence.period.upper, until.get(absence.person_id, now))
    held = Assignment.objects.as_of(now).filter(
        role=Assignment.Role.SDM, valid__contains=now, person__in=until, project__retired_at=None
    )
    away: dict[int, Away] = {}
    for assignment in held.select_related("person", "project").order_by("project__key"):
        person = assignment.person
        line = away.setdefault(person.pk, Away(person.name, until[person.pk], []))
        line.projects.append(assignment.project.key)
    return sorted(away.values(), key=lambda line: (line.until, line.name)), changes


@dataclass(frozen=True, slots=True)
class ShownAlarm:
    """What an open alarm warns of; `incident` is the number of the one it is about."""

    text: str
    raised_at: datetime
    incident: int | None


def open_alarms() -> list[ShownAlarm]:
    """What people of the provider must see, in the reader's language, the newest first."""
    return [
        ShownAlarm(
            alarm_text(alarm.kind, alarm.data),
            alarm.raised_at,
            int(alarm.key) if alarm.kind in OF_AN_INCIDENT and alarm.key.isdecimal() else None,
        )
        for alarm in Alarm.objects.filter(cleared_at=None)
    ]
