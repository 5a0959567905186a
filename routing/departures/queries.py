"""Where a person stands: everything that would be a hole once they are gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from oncall.models import LINES, Override, Rota, Rotation
from oncall.queries import rota_facts
from oncall.replacing import overrides_of, rotations_of
from oncall.turns import Turn, turns_of
from portal.models import Assignment, EscalationManager, Membership, Person
from portal.queries import not_over
from routing.incidents.models import OPEN_STATUSES, Incident

AHEAD = timedelta(weeks=8)
WEEK = timedelta(days=7)

Row = Assignment | Membership | Rotation | Override | EscalationManager | Incident


class Kind(StrEnum):
    ASSIGNMENT = "assignment"
    MEMBERSHIP = "membership"
    ROTATION = "rotation"
    OVERRIDE = "override"
    MANAGER = "manager"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the person; `needs` says why it cannot stay empty, empty where it can."""

    kind: Kind
    row: Row
    name: str
    needs: str

    @property
    def key(self) -> str:
        """Names the place in a form."""
        return f"{self.kind}-{self.row.pk}"


@dataclass(frozen=True, slots=True)
class Duty:
    """One turn; `line` is its name in the reader's language."""

    rota: Rota
    turn: Turn
    line: str
    this_week: bool


def places_of(person: Person, *, now: datetime) -> list[Place]:
    """Every place, in a constant number of queries."""
    return [
        *_assignments(person, now),
        *_memberships(person),
        *_rotations(person, now),
        *_overrides(person, now),
        *_managers(person),
        *_incidents(person),
    ]


def _assignments(person: Person, now: datetime) -> Iterator[Place]:
    current = Assignment.objects.current().filter(not_over(now), project__retired_at=None, person__is_active=True)
    own = list(current.filter(person=person).select_related("project").order_by("project__name", "role", "order"))
    held = set(
        current.exclude(person=person)
        .filter(project__in=[row.project_id for row in own], valid__contains=now)
        .values_list("project", "role")
    )
    for row in own:
        alone = (row.project_id, row.role) not in held
        deputy = f" ({_('deputy')})" if row.order > 1 else ""
        needs = _("Nobody else holds this role.") if alone else ""
        yield Place(Kind.ASSIGNMENT, row, f"{row.get_role_display()}{deputy}: {row.project.name}", needs)


def _memberships(person: Person) -> Iterator[Place]:
    current = Membership.objects.current()
    own = list(current.filter(person=person, team__retired_at=None).select_related("team").order_by("team__name"))
    others = current.filter(team__in=[row.team_id for row in own], person__is_active=True).exclude(person=person)
    staffed = set(others.values_list("team", flat=True))
    for row in own:
        needs = "" if row.team_id in staffed else _("Nobody else belongs to this team.")
        yield Place(Kind.MEMBERSHIP, row, _("Team: %(name)s") % {"name": row.team.name}, needs)


def _rotations(person: Person, now: datetime) -> Iterator[Place]:
    for row in rotations_of(person, at=now):
        others = {place.person_id for place in row.places.all()} - {person.pk}
        name = f"{row.rota.name}, {dict(LINES)[row.line]}"
        needs = "" if others else _("Nobody else takes turns on this line.")
        yield Place(Kind.ROTATION, row, _("On-call: %(name)s") % {"name": name}, needs)


def _overrides(person: Person, now: datetime) -> Iterator[Place]:
    for row in overrides_of(person, at=now):
        times = [date_format(localtime(at), "SHORT_DATETIME_FORMAT") for at in (row.period.lower, row.period.upper)]
        given = {"rota": row.rota.name, "line": dict(LINES)[row.line], "start": times[0], "end": times[1]}
        yield Place(Kind.OVERRIDE, row, _("Stands in: %(rota)s, %(line)s, %(start)s – %(end)s") % given, "")


def _managers(person: Person) -> Iterator[Place]:
    current = list(EscalationManager.objects.current().select_related("person"))
    others = [row for row in current if row.person_id != person.pk and row.person.is_active]
    for row in current:
        if row.person_id == person.pk:
            needs = "" if others else _("Nobody else is told of the portal's own alarms.")
            yield Place(Kind.MANAGER, row, pgettext("role", "Escalation manager"), needs)


def _incidents(person: Person) -> Iterator[Place]:
    rows = Incident.objects.filter(assignee=person, status__in=OPEN_STATUSES).order_by("pk")
    for row in rows:
        yield Place(Kind.INCIDENT, row, f"{row.pk}: {row.title}", _("An open incident needs somebody who has it."))


def duties_of(person: Person, *, now: datetime) -> list[Duty]:
    """What the person holds from now on for eight weeks."""
    rotas = list(Rota.objects.all())
    facts = rota_facts(rotas, at=now, known_at=now, horizon=AHEAD)
    found = [
        Duty(rota, turn, str(dict(LINES)[turn.line.value]), turn.start < now + WEEK)
        for rota in rotas
        for turn in turns_of(facts[rota.pk], person.pk, now, now + AHEAD)
    ]
    return sorted(found, key=lambda duty: (duty.turn.start, duty.rota.slug))
