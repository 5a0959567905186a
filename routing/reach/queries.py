"""What a person may know of how they themselves are reached."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from matrix.content import StepContent
from matrix.facts import published
from matrix.models import MatrixVersion
from matrix.terms import Channel, Priority, Role
from oncall.models import Override, RotaCoverage, RotationMember
from oncall.rotation import Line
from portal.models import Assignment, EscalationManager, Person
from routing.paging.models import ContactMethod, Delivery, Page

LATEST = 5
TEST_SHOWN = timedelta(minutes=15)
"""How long the course of a test page stays on the page."""
MOVING = (Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.ACCEPTED, Delivery.State.UNKNOWN)
CHANNELS = (Channel.VOICE, Channel.SMS, Channel.EMAIL)
ROLES = list(Role)
LINE_ROLES = {Line.PRIMARY: Role.ON_CALL_PRIMARY, Line.BACKUP: Role.ON_CALL_BACKUP}


# --- Methods ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Method:
    """One of a person's contact methods. `last`: without it nobody could page them; `error`: why it was disabled."""

    row: ContactMethod
    usable: bool
    last: bool
    error: str


def methods_of(person: Person) -> list[Method]:
    """All of the person's contact methods, as they were added."""
    rows = list(ContactMethod.objects.filter(person=person).order_by("pk"))
    usable = [row for row in rows if row.verified_at and not row.disabled_at]
    errors = _errors([row for row in rows if row.disabled_at])
    return [Method(row, row in usable, usable == [row], errors.get(row.pk, "")) for row in rows]


def _errors(disabled: list[ContactMethod]) -> dict[int, str]:
    """Why each was disabled: the message that failed for good at that instant; nothing where people did it."""
    failed = Delivery.objects.filter(
        gave_up=True,
        to__in=[row.address for row in disabled],
        finished_at__in=[row.disabled_at for row in disabled],
    )
    by_address = {(each.channel, each.to, each.finished_at): each.error for each in failed} if disabled else {}
    return {
        row.pk: error
        for row in disabled
        if (error := by_address.get((row.channel, row.address, row.disabled_at))) is not None
    }


# --- Messages ---------------------------------------------------------------------------------------------------


def latest_messages(person: Person) -> list[Delivery]:
    """The last messages to the person, whatever they were for, newest first."""
    pages = Page.objects.filter(person=person).order_by("-pk").values("pk")[: 2 * LATEST]
    told = Delivery.objects.filter(pages__in=pages).order_by("-pk").distinct()[:LATEST]
    own = Delivery.objects.filter(method__person=person).order_by("-pk")[:LATEST]
    newest = {each.pk: each for each in (*told, *own)}
    return [newest[pk] for pk in sorted(newest, reverse=True)[:LATEST]]


def last_test(person: Person, *, now: datetime) -> list[Delivery]:
    """The messages of the person's latest test page, while it is recent."""
    tests = Delivery.objects.filter(kind=Delivery.Kind.TEST, method__person=person, created_at__gt=now - TEST_SHOWN)
    found = list(tests.order_by("pk"))
    return [each for each in found if each.created_at == found[-1].created_at]


def is_moving(deliveries: list[Delivery]) -> bool:
    """Whether it is still to be seen what becomes of any of them."""
    return any(each.state in MOVING for each in deliveries)


# --- Steps that page the person -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepKind:
    """Steps of chains that call a person alike: in which roles, for which priorities, by which channels."""

    roles: tuple[Role, ...]
    priorities: tuple[Priority, ...]
    channels: tuple[Channel, ...]
    informs: bool


def steps_for(person: Person, *, now: datetime) -> list[StepKind]:
    """The steps of the matrices in force that may page the person in a role they have; in a fixed number of queries."""
    urgencies: dict[tuple[Role, tuple[Channel, ...], bool], set[Priority]] = defaultdict(set)
    for priority, step in _steps(_roles(person, now), now):
        urgencies[step.role, step.channels, step.informs].add(priority)
    alike: dict[tuple[tuple[Priority, ...], tuple[Channel, ...], bool], list[Role]] = defaultdict(list)
    for (role, channels, informs), priorities in urgencies.items():
        alike[tuple(p for p in Priority if p in priorities), channels, informs].append(role)
    kinds = [StepKind(tuple(sorted(roles, key=ROLES.index)), *likeness) for likeness, roles in alike.items()]
    return sorted(kinds, key=lambda kind: (kind.informs, ROLES.index(kind.roles[0]), kind.priorities, kind.channels))


def _steps(roles: Mapping[int | None, set[Role]], now: datetime) -> Iterator[tuple[Priority, StepContent]]:
    """Every step for one of the `roles` (project → roles; None: for any project), and its priority."""
    everywhere = roles.get(None, set())
    in_force = MatrixVersion.objects.in_force(now, known_at=now).filter(
        matrix__project__isnull=False, matrix__project__retired_at=None
    )
    if not everywhere:
        in_force = in_force.filter(matrix__project__in=list(roles))
    versions = dict(in_force.values_list("pk", "matrix__project"))
    content = published(versions)
    for version, project in versions.items():
        mine = roles.get(project, set()) | everywhere
        for priority, promise in content[version].content.items():
            for cell in promise.cells.values():
                yield from ((Priority(priority), step) for step in cell.steps if step.role in mine)


def _roles(person: Person, now: datetime) -> dict[int | None, set[Role]]:
    """Project → the roles in which the person may be called for it; None: for any."""
    found: dict[int | None, set[Role]] = defaultdict(set)
    assigned = Assignment.objects.as_of(now).filter(person=person, valid__contains=now)
    for project, role in assigned.values_list("project", "role"):
        found[project].add(Role(role))
    lines = _lines(person, now)
    covered = RotaCoverage.objects.as_of(now).filter(rota__in=lines, valid__contains=now)
    for project, rota in covered.values_list("project", "rota"):
        found[project] |= {LINE_ROLES[line] for line in lines[rota]}
    if EscalationManager.objects.as_of(now).filter(person=person).exists():
        found[None].add(Role.ESCALATION_MANAGER)
    return found


def _lines(person: Person, now: datetime) -> dict[int, set[Line]]:
    """Rota → the lines the person holds at times, by rotation or for a period."""
    found: dict[int, set[Line]] = defaultdict(set)
    places = RotationMember.objects.filter(
        person=person, rotation__recorded__contains=now, rotation__valid__contains=now
    ).values_list("rotation__rota", "rotation__line")
    overrides = Override.objects.as_of(now).filter(person=person, period__endswith__gt=now)
    for rota, line in [*places, *overrides.values_list("rota", "line")]:
        found[rota].add(Line(line))
    return found
