"""Published numbers: whose each is, where it leads now and later, and which stands twice."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Model, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matrix import labels
from matrix.terms import Priority
from oncall.models import Rota, RotaCoverage
from oncall.queries import rota_facts
from oncall.rotation import duty_at, next_duty_change
from portal.audit import acting
from portal.hours import is_open, next_change
from portal.models import Installation, Person, Project, ProjectSupport, Team
from portal.queries import hours_facts
from routing.decide import decide
from routing.decision import Link, Source
from routing.gather import NoMatrix, ProjectFacts, gather
from routing.presentation import callee_for


class Kind(TextChoices):
    """What a published number is."""

    HOTLINE = "hotline", gettext_lazy("hotline")
    DUTY = "duty", gettext_lazy("duty number")
    TEAM = "team", gettext_lazy("team's number")


FIELD = {Kind.HOTLINE: "hotline", Kind.DUTY: "duty_number", Kind.TEAM: "phone"}
MODEL: dict[Kind, type[Model]] = {Kind.HOTLINE: Project, Kind.DUTY: Rota, Kind.TEAM: Team}


class NumberChanged(Exception):
    """Somebody changed the number since it was looked at; nothing was changed."""


@dataclass(frozen=True)
class Leads:
    """Who answers behind a number at an instant: None for `at` is now. Empty `names`: nobody."""

    at: datetime | None
    names: tuple[str, ...]
    role: str = ""
    closed: bool = False


@dataclass(frozen=True)
class Line:
    """One published number and whose it is. `leads` says now, and what follows at the next change."""

    kind: Kind
    pk: int
    name: str
    about: str
    number: str
    leads: tuple[Leads, ...] = ()


def all_lines(*, now: datetime, reader: Person) -> dict[Kind, list[Line]]:
    """Every hotline, duty number and team's number, those that are missing too. Constant queries."""
    return {
        Kind.HOTLINE: _hotlines(now, reader),
        Kind.DUTY: _duty_numbers(now),
        Kind.TEAM: _teams(now),
    }


def clashes(lines: dict[Kind, list[Line]]) -> list[tuple[str, list[Line]]]:
    """Numbers that stand for different things. Several projects may share a hotline: that is none."""
    found: dict[str, list[Line]] = defaultdict(list)
    for line in (line for group in lines.values() for line in group):
        if line.number:
            found[line.number].append(line)
    return [(number, group) for number, group in sorted(found.items()) if _clash(group)]


def _clash(group: list[Line]) -> bool:
    return len(group) > 1 and any(line.kind is not Kind.HOTLINE for line in group)


def others_with(number: str, kind: Kind, pk: int) -> list[tuple[str, str]]:
    """What else stands behind the number: kind and name."""
    if not number:
        return []
    found = [
        (each, str(getattr(row, "name", row)), row.pk)
        for each, model in MODEL.items()
        for row in model._default_manager.filter(**{FIELD[each]: number})
    ]
    switchboard = Installation.objects.filter(switchboard=number).values_list("name", flat=True)
    others = [(str(each.label), name) for each, name, other in found if (each, other) != (kind, pk)]
    return [*others, *((_("switchboard"), name) for name in switchboard)]


def projects_of(kind: Kind, pk: int, *, now: datetime) -> list[Project]:
    """Whose people see the number: on the contact card, in the handbook, on cards they printed or saved."""
    projects = Project.objects.filter(retired_at=None).select_related("customer").order_by("key")
    if kind is Kind.HOTLINE:
        return list(projects.filter(pk=pk))
    if kind is Kind.DUTY:
        covered = RotaCoverage.objects.as_of(now).filter(rota=pk, valid__contains=now)
        return list(projects.filter(pk__in=covered.values("project")))
    support = ProjectSupport.objects.current()
    ids = support.filter(service_desk=pk).values("project").union(support.filter(team=pk).values("project"))
    return list(projects.filter(pk__in=[row["project"] for row in ids]))


@transaction.atomic
def change_number(kind: Kind, pk: int, *, seen: str, number: str, by: Person, why: str) -> None:
    """Publish another number, or none. Raises `NumberChanged` where it is no longer what was `seen`."""
    model = MODEL[kind]
    with acting(by, why):
        changed = model._default_manager.filter(**{"pk": pk, FIELD[kind]: seen}).update(**{FIELD[kind]: number})
    if changed != 1:
        raise NumberChanged


# --- Where they lead ------------------------------------------------------------------------------------------


def _hotlines(now: datetime, reader: Person) -> list[Line]:
    projects = list(Project.objects.filter(retired_at=None).select_related("customer").order_by("key"))
    known = gather(projects, at=now) if projects else {}
    return [
        Line(
            Kind.HOTLINE,
            project.pk,
            project.name,
            f"{project.key} · {project.customer.name}",
            str(project.hotline or ""),
            tuple(_answers(known[project.pk], now, reader)),
        )
        for project in projects
    ]


def _answers(known: ProjectFacts, now: datetime, reader: Person) -> Iterable[Leads]:
    """Whom the caller of a Blocker is told, now and when the window changes."""
    try:
        facts = known.facts(priority=Priority.BLOCKER, source=Source.CUSTOMER)
    except NoMatrix:
        return
    for at in (None, next_change(facts.hours, now)):
        decision = decide(facts, at or now)
        if decision.chain:
            yield _first(decision.chain[0], at, reader)
        if at is None and next_change(facts.hours, now) is None:
            return


def _first(link: Link, at: datetime | None, reader: Person) -> Leads:
    names = tuple(callee_for(callee, reader=reader)["name"] for callee in link.people)
    return Leads(at, names, str(labels.ROLE[link.role]))


def _duty_numbers(now: datetime) -> list[Line]:
    rotas = list(Rota.objects.order_by("slug"))
    facts = rota_facts(rotas, at=now, known_at=now)
    changes = {pk: next_duty_change(each, now) for pk, each in facts.items()}
    instants = {pk: [None, changes[pk]] if changes[pk] else [None] for pk in facts}
    holders = {(pk, at): duty_at(facts[pk], at or now).primary for pk, each in instants.items() for at in each}
    people = Person.objects.in_bulk({holder.person for holder in holders.values() if holder})

    def leads(rota: Rota, at: datetime | None) -> Leads:
        holder = holders[rota.pk, at]
        return Leads(at, (people[holder.person].name,) if holder else ())

    return [
        Line(
            Kind.DUTY,
            rota.pk,
            rota.name,
            rota.slug,
            str(rota.duty_number or ""),
            tuple(leads(rota, at) for at in instants[rota.pk]),
        )
        for rota in rotas
    ]


def _teams(now: datetime) -> list[Line]:
    teams = list(Team.objects.select_related("hours").order_by("slug"))
    hours = hours_facts({team.hours for team in teams}, at=now, known_at=now)
    lines = []
    for team in teams:
        known = hours[team.hours_id]
        change = next_change(known, now)
        leads = [Leads(None, (team.name,), closed=not is_open(known, now))]
        if change:
            leads.append(Leads(change, (team.name,), closed=not is_open(known, change)))
        about = str(Team.Kind(team.kind).label)
        lines.append(Line(Kind.TEAM, team.pk, team.name, about, str(team.phone or ""), tuple(leads)))
    return lines
