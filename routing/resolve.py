"""A role resolves to people at an instant, each within their own hours. Pure.

`Resolved.until` is the first instant after `at` at which the same question could be answered differently.
`Resolved.available` are the channels on which the person can be reached; None for a shared phone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from matrix.terms import Channel, Role
from oncall.rotation import AbsenceKind, DutyReason, Holder, duty_at, next_duty_change
from portal.hours import is_open, next_change

from .decision import (
    AssigneeFacts,
    Callee,
    DutyFacts,
    Facts,
    Kind,
    PassedOver,
    PersonFacts,
    Reason,
    TeamFacts,
    Warn,
)

LOOK_AHEAD = timedelta(days=14)
LAST_RESORT_IN_PUBLIC = {"de": "Leitung vom Dienst", "en": "management on duty"}
"""What customers read instead of the last resort's name."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who answers for a role (possibly nobody), who was passed over on the way, and how long that holds."""

    people: tuple[Callee, ...]
    reason: Reason
    passed: tuple[PassedOver, ...]
    until: datetime
    warnings: tuple[Warn, ...] = ()
    available: frozenset[Channel] | None = None

    def warnings_for(self, channels: tuple[Channel, ...]) -> tuple[Warn, ...]:
        """The warnings of a step that names `channels`: one more where the person has none of them."""
        if self.available is None or not self.available.isdisjoint(channels):
            return self.warnings
        return (*self.warnings, Warn.OTHER_CHANNEL)


def resolve(facts: Facts, role: Role, at: datetime) -> Resolved:
    """Resolve `role` at the instant `at`; never raises, nobody is an empty tuple with its reason."""
    match role:
        case Role.SDM:
            return _assigned(facts, role, facts.sdm, at)
        case Role.BRM:
            return _assigned(facts, role, facts.brm, at)
        case Role.SERVICE_DESK:
            return _team(role, facts.service_desk, at)
        case Role.PROJECT_TEAM:
            return _team(role, facts.project_team, at)
        case Role.ON_CALL_PRIMARY | Role.ON_CALL_BACKUP:
            return _on_duty(facts, role, at)
        case Role.ESCALATION_MANAGER:
            return _manager(facts, at)
        case Role.LAST_RESORT:
            return _last_resort(facts, at)


def _last_resort(facts: Facts, at: datetime) -> Resolved:
    """The installation's named phone; a warning either way, for it is itself an alarm."""
    until = at + LOOK_AHEAD
    if facts.last_resort is None:
        return Resolved((), Reason.NOBODY_ASSIGNED, (), until, (Warn.NO_LAST_RESORT,))
    resort = facts.last_resort
    callee = Callee(Kind.LAST_RESORT, None, resort.name, resort.phone, LAST_RESORT_IN_PUBLIC)
    return Resolved((callee,), Reason.LAST_RESORT, (), until, (Warn.LAST_RESORT,))


def _assigned(facts: Facts, role: Role, assignees: tuple[AssigneeFacts, ...], at: datetime) -> Resolved:
    """The SDM or BRM: in a meeting the next link steps forward, away for a day the deputy stands in."""
    until = min([at + LOOK_AHEAD, *_later(at, (edge for a in assignees for edge in (a.valid.start, a.valid.end)))])
    passed: list[PassedOver] = []
    for place, assignee in enumerate(a for a in assignees if a.valid.contains(at)):
        person = assignee.person
        why_not, ends, changes = hindrance(facts, person, at)
        until = min(until, changes)
        if why_not is None:
            reason = Reason.ASSIGNED if place == 0 else Reason.DEPUTY
            return Resolved((_person(person),), reason, tuple(passed), until, available=person.channels)
        passed.append(PassedOver(role, person.name, why_not, at, ends))
        if why_not is Reason.IN_MEETING:
            break
    if not passed:
        passed.append(PassedOver(role, "", Reason.NOBODY_ASSIGNED, at))
    return Resolved((), passed[-1].reason, tuple(passed), until)


def hindrance(facts: Facts, person: PersonFacts, at: datetime) -> tuple[Reason | None, datetime | None, datetime]:
    """Why the person cannot answer at `at`, if so; when that ends; the first instant at which it could change.

    Without hours of their own the project's count; `facts` holds their absences.
    """
    absences = facts.absences.get(person.id, ())
    hours = person.hours or facts.hours
    change = next_change(hours, at)
    until = min([at + LOOK_AHEAD, *_later(at, (change,)), *_later(at, (e for a in absences for e in (a.start, a.end)))])
    if not person.channels:
        return Reason.NO_CONTACT_METHOD, None, until
    away = [a for a in absences if a.start <= at < a.end]
    days = [a.end for a in away if a.kind is AbsenceKind.DAY]
    if days:
        return Reason.ABSENT, max(days), until
    if not is_open(hours, at):
        return Reason.OUTSIDE_HOURS, change, until
    if away:
        return Reason.IN_MEETING, max(a.end for a in away), until
    return None, None, until


def _team(role: Role, team: TeamFacts | None, at: datetime) -> Resolved:
    if team is None:
        return Resolved(
            (), Reason.NOBODY_ASSIGNED, (PassedOver(role, "", Reason.NOBODY_ASSIGNED, at),), at + LOOK_AHEAD
        )
    change = next_change(team.hours, at)
    until = min([at + LOOK_AHEAD, *_later(at, (change,))])
    if not (team.phone or team.email):
        passed = PassedOver(role, team.name, Reason.NO_CONTACT_METHOD, at)
        return Resolved((), Reason.NO_CONTACT_METHOD, (passed,), until)
    if not is_open(team.hours, at):
        passed = PassedOver(role, team.name, Reason.OUTSIDE_HOURS, at, change)
        return Resolved((), Reason.OUTSIDE_HOURS, (passed,), until)
    return Resolved((Callee(Kind.TEAM, team.id, team.name, team.phone),), Reason.TEAM_OPEN, (), until)


_DUTY_REASONS = {
    DutyReason.ON_DUTY: Reason.ON_DUTY,
    DutyReason.OVERRIDE: Reason.OVERRIDE,
    DutyReason.MOVED_UP: Reason.MOVED_UP,
    DutyReason.STAND_IN: Reason.STAND_IN,
}


def _on_duty(facts: Facts, role: Role, at: datetime) -> Resolved:
    edges = _later(at, (edge for d in facts.duty for edge in (d.valid.start, d.valid.end)))
    until = min([at + LOOK_AHEAD, *edges])
    covering = next((d for d in facts.duty if d.valid.contains(at)), None)
    if covering is None:
        passed = PassedOver(role, "", Reason.NOBODY_ON_DUTY, at)
        return Resolved((), Reason.NOBODY_ON_DUTY, (passed,), until, (Warn.NO_ROTA,))
    until = min(until, next_duty_change(covering.rota, at, LOOK_AHEAD) or until)
    duty = duty_at(covering.rota, at)
    warnings = tuple(Warn(warning.value) for warning in duty.warnings)
    holder = duty.primary if role is Role.ON_CALL_PRIMARY else duty.backup
    return _holder(covering, role, holder, at, until, warnings)


def _holder(
    covering: DutyFacts,
    role: Role,
    holder: Holder | None,
    at: datetime,
    until: datetime,
    warnings: tuple[Warn, ...],
) -> Resolved:
    public = covering.public_name
    if holder is None:
        passed = PassedOver(role, "", Reason.NOBODY_ON_DUTY, at, None, public)
        return Resolved((), Reason.NOBODY_ON_DUTY, (passed,), until, warnings)
    person = covering.people[holder.person]
    if not person.channels:
        passed = PassedOver(role, person.name, Reason.NO_CONTACT_METHOD, at, None, public)
        return Resolved((), Reason.NO_CONTACT_METHOD, (passed,), until, warnings)
    callee = Callee(Kind.PERSON, person.id, person.name, covering.duty_number, public)
    return Resolved((callee,), _DUTY_REASONS[holder.reason], (), until, warnings, person.channels)


def _manager(facts: Facts, at: datetime) -> Resolved:
    """The first of the management who is not away for a day; they are reached at any hour."""
    role = Role.ESCALATION_MANAGER
    until = at + LOOK_AHEAD
    passed: list[PassedOver] = []
    for place, person in enumerate(facts.managers):
        absences = facts.absences.get(person.id, ())
        until = min([until, *_later(at, (edge for a in absences for edge in (a.start, a.end)))])
        away = [a for a in absences if a.kind is AbsenceKind.DAY and a.start <= at < a.end]
        if not away and person.channels:
            reason = Reason.ASSIGNED if place == 0 else Reason.DEPUTY
            return Resolved((_person(person),), reason, tuple(passed), until, available=person.channels)
        reason = Reason.ABSENT if away else Reason.NO_CONTACT_METHOD
        passed.append(PassedOver(role, person.name, reason, at, away[0].end if away else None))
    if not passed:
        passed.append(PassedOver(role, "", Reason.NOBODY_ASSIGNED, at))
    return Resolved((), passed[-1].reason, tuple(passed), until)


def _person(person: PersonFacts) -> Callee:
    return Callee(Kind.PERSON, person.id, person.name, person.direct_line)


def _later(at: datetime, edges: Iterable[datetime | None]) -> list[datetime]:
    return [edge for edge in edges if edge is not None and edge > at]


def usable(channels: tuple[Channel, ...], available: frozenset[Channel]) -> tuple[Channel, ...]:
    """The step's channels that a recipient has; any they have where the two do not meet."""
    meeting = tuple(channel for channel in channels if channel in available)
    return meeting or tuple(channel for channel in (Channel.VOICE, Channel.SMS, Channel.EMAIL) if channel in available)
