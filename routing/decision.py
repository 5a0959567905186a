"""The words of a decision: facts in, decision out. Frozen, without ORM and without a clock.

Instants are aware UTC datetimes, periods are half-open, phone numbers are E.164 text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from matrix.content import CellContent
from matrix.sla import Clock
from matrix.terms import Channel, Role, Route, Window
from oncall.rotation import AbsenceFact, RotaFacts
from portal.hours import Hours, Period


class Source(StrEnum):
    """Where a matter comes from, as far as the route depends on it."""

    CUSTOMER = "customer"
    MONITORING = "monitoring"


class Reason(StrEnum):
    """Why somebody is named, passed over, or named at this instant."""

    ASSIGNED = "assigned"
    DEPUTY = "deputy"
    ON_DUTY = "on_duty"
    OVERRIDE = "override"
    MOVED_UP = "moved_up"
    STAND_IN = "stand_in"
    TEAM_OPEN = "team_open"
    OUTSIDE_HOURS = "outside_hours"
    IN_MEETING = "in_meeting"
    ABSENT = "absent"
    NO_CONTACT_METHOD = "no_contact_method"
    NOBODY_ASSIGNED = "nobody_assigned"
    NOBODY_ON_DUTY = "nobody_on_duty"
    SAME_AS_PRIMARY = "same_as_primary"
    LAST_RESORT = "last_resort"
    DEFERRED = "deferred"
    CAPPED_BY_SLA = "capped_by_sla"
    AT_CLOSING = "at_closing"
    AT_OPENING = "at_opening"
    HANDOVER = "handover"


class Warn(StrEnum):
    """What an administrator should know about a decision."""

    PRIMARY_ABSENT = "primary_absent"
    BACKUP_ABSENT = "backup_absent"
    SAME_AS_PRIMARY = "same_as_primary"
    NOBODY_ON_DUTY_PRIMARY = "nobody_on_duty_primary"
    NOBODY_ON_DUTY_BACKUP = "nobody_on_duty_backup"
    LAST_RESORT = "last_resort"
    NO_LAST_RESORT = "no_last_resort"
    NO_ROTA = "no_rota"
    OTHER_CHANNEL = "other_channel"


# --- Facts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """`direct_line` is the published number; `channels` are those with a usable contact method."""

    id: int
    name: str
    direct_line: str
    channels: frozenset[Channel]
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class AssigneeFacts:
    """A person's place in a role: the first in order holds it, later ones are deputies."""

    person: PersonFacts
    order: int
    valid: Period


@dataclass(frozen=True, slots=True)
class TeamFacts:
    id: int
    name: str
    phone: str
    email: str
    hours: Hours


@dataclass(frozen=True, slots=True)
class DutyFacts:
    """One rota as it covers the project for a period; `people` holds everybody it may name."""

    slug: str
    public_name: Mapping[str, str]
    duty_number: str
    rota: RotaFacts
    people: Mapping[int, PersonFacts]
    valid: Period


@dataclass(frozen=True, slots=True)
class LastResort:
    """The installation's named phone. `phone` is the published switchboard: the phone itself is private."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision for one project and one priority (or topic) depends on."""

    project: str
    priority: str
    source: Source
    cells: Mapping[Route, CellContent]
    response_minutes: int | None
    clock: Clock
    hours: Hours
    matrix_version: int | None
    next_version_at: datetime | None
    sdm: tuple[AssigneeFacts, ...]
    brm: tuple[AssigneeFacts, ...]
    service_desk: TeamFacts | None
    project_team: TeamFacts | None
    duty: tuple[DutyFacts, ...]
    managers: tuple[PersonFacts, ...]
    absences: Mapping[int, tuple[AbsenceFact, ...]]
    last_resort: LastResort | None
    answer_margin: int = 15


# --- Decision ---------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What a callee is: one person, a team behind its published phone, or the last resort's phone."""

    PERSON = "person"
    TEAM = "team"
    LAST_RESORT = "last_resort"


@dataclass(frozen=True, slots=True)
class Callee:
    """Somebody a link calls. `phone` is published; private numbers never enter a decision.

    `public_name` replaces the name wherever a customer reads (language → text); empty: the name is public.
    """

    kind: Kind
    id: int | None
    name: str
    phone: str
    public_name: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A role, or one of its people, that cannot answer at `at`, and until when, where that is known."""

    role: Role
    name: str
    reason: Reason
    at: datetime
    until: datetime | None = None
    public_name: Mapping[str, str] = field(default_factory=dict)


class Link(NamedTuple):
    """Who is called at one step of a chain, when, how and why.

    `route` and `step` (counted from 0) say where in the matrix the link stands; `timing` says why it begins at
    this instant where that is not simply the sum of the waits.
    """

    role: Role
    route: Route
    step: int
    at: datetime
    people: tuple[Callee, ...]
    channels: tuple[Channel, ...]
    reason: Reason
    ring_seconds: int | None = None
    informs: bool = False
    timing: Reason | None = None
    after_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom to contact for one matter at one instant, who follows, who was passed over, and why.

    The answer (other than `at`, `respond_by` and wording) holds in `[at, valid_until)`.
    """

    project: str
    priority: str
    source: Source
    at: datetime
    window: Window
    window_until: datetime | None
    route: Route
    valid_until: datetime
    respond_by: datetime | None
    matrix_version: int | None
    deferred_until: datetime | None
    chain: tuple[Link, ...]
    passed_over: tuple[PassedOver, ...]
    warnings: tuple[Warn, ...]
