"""To whom a caller may be connected: the project's people, each with number and presence at this instant."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from matrix import labels
from matrix.terms import Channel, Priority, Role
from oncall.queries import absence_facts
from portal.models import Membership, Person
from portal.queries import hours_facts
from routing.decision import Facts, PersonFacts, Source
from routing.directory import Standing
from routing.gather import ProjectFacts
from routing.pages.desk import workers
from routing.paging.escalating import NOTHING_AGREED
from routing.presentation import assignee_for
from routing.resolve import hindrance, resolve
from routing.wording import reason_text

A_PHONE = frozenset({Channel.VOICE})
"""Whoever is connected is called on their published number, whatever methods they are paged by."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the project's people: `may_have` says whether an incident may be theirs.

    `phone` is published: their own, or their team's.
    """

    id: int
    name: str
    role: str
    speciality: str
    phone: str
    standing: Standing
    may_have: bool = False


def colleagues(known: ProjectFacts, reader: Person, *, at: datetime) -> list[Colleague]:
    """Everybody of the project but `reader`, each once: those who can be reached first, in the order of their roles."""
    facts = known.facts(priority=Priority.BLOCKER, source=Source.CUSTOMER, pinned={Priority.BLOCKER: NOTHING_AGREED})
    found: dict[int, Colleague] = {}
    in_charge, brm = _assigned(facts, Role.SDM, at), _assigned(facts, Role.BRM, at)
    for each in (*in_charge, *_on_duty(facts, at), *_members(facts, at), *brm):
        known_as = found.setdefault(each.id, each)
        if each.speciality and not known_as.speciality:
            found[each.id] = replace(known_as, speciality=each.speciality)
    found.pop(reader.pk, None)
    working = set(workers().filter(pk__in=found).values_list("pk", flat=True))
    there_first = sorted(found.values(), key=lambda each: not each.standing.reachable)
    return [replace(each, may_have=each.id in working) for each in there_first]


def _assigned(facts: Facts, role: Role, at: datetime) -> Iterator[Colleague]:
    assignees = facts.sdm if role is Role.SDM else facts.brm
    for place, assignee in enumerate(each for each in assignees if each.valid.contains(at)):
        label = str(labels.ROLE[role])
        role_text = _("%(role)s, deputy") % {"role": label} if place else label
        yield _colleague(facts, assignee.person, role_text, "", at)


def _on_duty(facts: Facts, at: datetime) -> Iterator[Colleague]:
    for role in (Role.ON_CALL_PRIMARY, Role.ON_CALL_BACKUP):
        resolved = resolve(facts, role, at)
        for callee in resolved.people:
            standing = Standing(True, reason_text(resolved.reason), None)
            yield Colleague(callee.id or 0, callee.name, str(labels.ROLE[role]), "", callee.phone, standing)


def _members(facts: Facts, at: datetime) -> Iterator[Colleague]:
    """The project's team, then the Service Desk."""
    teams = {team.id: team for team in (facts.project_team, facts.service_desk) if team}
    rows = list(
        Membership.objects.as_of(at)
        .filter(team__in=teams, person__is_active=True)
        .select_related("person__working_hours")
        .order_by("pk")
    )
    people = [row.person for row in rows]
    own = hours_facts([p.working_hours for p in people if p.working_hours], at=at, known_at=at)
    away = absence_facts([person.pk for person in people], at=at, known_at=at)
    facts = replace(facts, absences={**facts.absences, **away})
    for team_id, team in teams.items():
        for row in (row for row in rows if row.team_id == team_id):
            person = row.person
            hours = own.get(person.working_hours_id or 0, team.hours)
            phone = str(person.direct_line or "") or team.phone
            known = PersonFacts(person.pk, person.name, phone, A_PHONE, hours)
            yield _colleague(facts, known, team.name, row.speciality, at)


def _colleague(facts: Facts, person: PersonFacts, role: str, speciality: str, at: datetime) -> Colleague:
    reason, until, _changes = hindrance(facts, replace(person, channels=A_PHONE), at)
    text = reason_text(reason) if reason else _("can be reached now")
    shown = assignee_for(person)
    return Colleague(person.id, shown["name"], role, speciality, shown["phone"], Standing(reason is None, text, until))
