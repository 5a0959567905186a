"""A small world: one provider, two customers, everybody who matters to an access rule.

Alice is contact of Alster, Bob her colleague (webshop alone), Charlie the customer next door. The desk, an SDM with
a deputy, two engineers on duty and an administrator work for the provider.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from psycopg2.extras import DateTimeTZRange

from matrix.models import Cell, Matrix, MatrixVersion, PriorityTerms, Reporting, Step
from oncall.models import Rota, RotaCoverage, Rotation, RotationMember
from portal.models import (
    ADMINISTRATORS,
    ON_CALL,
    SERVICE_DESK,
    Assignment,
    Contact,
    Customer,
    EscalationManager,
    Installation,
    Membership,
    Person,
    Project,
    ProjectSupport,
    SupportHours,
    Team,
    WeeklyOpening,
)
from portal.services import record
from routing.models import ContactMethod

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SINCE = DateTimeTZRange(BEGAN, None)
SUNDAY_NIGHT = datetime(2026, 11, 29, 3, 0, tzinfo=BERLIN)
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN)

# What a private number looks like here, so that a test can search any response for one.
PRIVATE = "+4917139200"


@dataclass
class World:
    office: SupportHours
    desk_team: Team
    platform: Team
    rota: Rota
    alster: Customer
    seeburg: Customer
    webshop: Project
    kundenportal: Project
    alice: Person
    bob: Person
    charlie: Person
    desk: Person
    sdm: Person
    deputy: Person
    brm: Person
    oncall: Person
    backup: Person
    manager: Person
    admin: Person
    versions: dict[str, MatrixVersion]


def make_person(
    email: str, name: str, number: int = 0, *groups: str, staff: bool = True, language: str = "en"
) -> Person:
    """A person with verified phone, SMS and e-mail (staff only), in the given groups."""
    person = Person.objects.create_user(
        email,
        "a-long-password",
        name=name,
        language=language,
        is_staff=staff,
        direct_line=f"+4969900091{number:02}" if staff and number else "",
        mobile=f"{PRIVATE}{number:02}" if staff else "",
    )
    if groups:
        person.groups.set(Group.objects.filter(name__in=groups))
    if staff:
        addresses = {"voice": str(person.mobile), "sms": str(person.mobile), "email": email}
        ContactMethod.objects.bulk_create(
            ContactMethod(person=person, channel=channel, address=address, verified_at=BEGAN)
            for channel, address in addresses.items()
        )
    return person


def make_hours(slug: str = "office") -> SupportHours:
    hours = SupportHours.objects.create(slug=slug, name=slug, zone="Europe/Berlin", country="DE", subdivision="HE")
    for weekday in range(5):
        record(WeeklyOpening, by=None, now=BEGAN, hours=hours, weekday=weekday, opens=time(8), closes=time(18))
    return hours


StepRow = tuple[str, int, bool]
"""Role, wait in minutes, informs."""

CHAINS: dict[str, list[StepRow]] = {
    "business_hours": [
        ("sdm", 5, False),
        ("service_desk", 10, False),
        ("project_team", 15, False),
        ("escalation_manager", 30, True),
    ],
    "after_hours": [("on_call_primary", 30, False), ("on_call_backup", 15, False), ("escalation_manager", 15, True)],
    "monitoring": [("on_call_primary", 30, False), ("on_call_backup", 15, False), ("escalation_manager", 15, True)],
}


def make_matrix(
    project: Project, *, chains: dict[str, list[StepRow]] = CHAINS, targets: dict[str, int] | None = None
) -> MatrixVersion:
    """A published matrix: Blocker and Critical page at any hour, Major and Minor wait for the next opening.

    `targets` are response targets in minutes, where they differ from the usual ones.
    """
    version = MatrixVersion.objects.create(matrix=Matrix.objects.create(project=project, name=project.key))
    urgency = {priority: priority in ("blocker", "critical") for priority in ("blocker", "critical", "major", "minor")}
    PriorityTerms.objects.bulk_create(
        PriorityTerms(
            version=version,
            priority=priority,
            definition_de=f"Bedeutung von {priority}",
            definition_en=f"Meaning of {priority}",
            examples_de=["Beispiel eins", "Beispiel zwei"],
            examples_en=["Example one", "Example two"],
            response_minutes=(targets or {}).get(priority, 60 if urgent else 240),
            resolution_minutes=360 if urgent else 1200,
            clock="round_the_clock" if urgent else "support_hours",
        )
        for priority, urgent in urgency.items()
    )
    Reporting.objects.bulk_create(
        Reporting(
            version=version,
            priority=priority,
            window=window,
            ways=["phone", "portal"] if urgent else ["portal", "email"],
            instruction_de="Bitte anrufen.",
            instruction_en="Please call.",
        )
        for priority, urgent in urgency.items()
        for window in ("business_hours", "after_hours")
    )
    cells = [
        Cell(version=version, priority=priority, route=route, defers=not urgent and route == "after_hours")
        for priority, urgent in urgency.items()
        for route in chains
        if urgent or route != "monitoring"
    ]
    Cell.objects.bulk_create(cells)
    Step.objects.bulk_create(
        step for cell in cells if not cell.defers for step in _steps(cell, chains[cell.route], urgency[cell.priority])
    )
    MatrixVersion.objects.filter(pk=version.pk).update(
        number=1, published_at=BEGAN, effective_from=BEGAN, reason="agreed"
    )
    version.refresh_from_db()
    return version


def _steps(cell: Cell, chain: list[StepRow], urgent: bool) -> list[Step]:
    return [
        Step(
            cell=cell,
            position=position,
            role=role,
            channels=["voice", "sms"] if urgent else ["email"],
            wait=wait,
            informs=informs,
        )
        for position, (role, wait, informs) in enumerate(chain)
    ]


def make_rota(slug: str, primary: list[Person], backup: list[Person], number: str = "+496990009200") -> Rota:
    rota = Rota.objects.create(
        slug=slug,
        name=slug,
        public_name_de="Rufbereitschaft Plattform",
        public_name_en="On-call engineer, platform",
        zone="Europe/Berlin",
        duty_number=number,
    )
    for line, members in (("primary", primary), ("backup", backup)):
        rotation = record(
            Rotation,
            by=None,
            now=BEGAN,
            rota=rota,
            line=line,
            handover_weekday=2,
            handover_time=time(10),
            period_days=7,
            valid=SINCE,
        )
        RotationMember.objects.bulk_create(
            RotationMember(rotation=rotation, position=position, person=person)
            for position, person in enumerate(members)
        )
    return rota


def make_project(world_office: SupportHours, customer: Customer, key: str, desk: Team, team: Team) -> Project:
    project = Project.objects.create(customer=customer, key=key, name=key.title(), hotline="+496990009301")
    record(ProjectSupport, by=None, now=BEGAN, project=project, hours=world_office, service_desk=desk, team=team)
    return project


def make_world() -> World:
    """Everything above, together; on duty are `oncall` as primary and `backup` as backup, at any instant."""
    office = make_hours()
    desk = make_person("desk@example.com", "Lukas Desk", 20, SERVICE_DESK)
    sdm = make_person("sdm@example.com", "Jana Manager", 30, SERVICE_DESK)
    deputy = make_person("deputy@example.com", "Tobias Deputy", 31, SERVICE_DESK)
    brm = make_person("brm@example.com", "Katharina Business", 40)
    oncall = make_person("oncall@example.com", "Marek Nightly", 50, ON_CALL)
    backup = make_person("backup@example.com", "Elif Nightly", 53, ON_CALL)
    manager = make_person("manager@example.com", "Georg Operations", 11)
    admin = make_person("admin@example.com", "Henrike Admin", 10, ADMINISTRATORS)
    alice = make_person("alice@alster.example", "Alice Alster", staff=False)
    bob = make_person("bob@alster.example", "Bob Alster", staff=False)
    charlie = make_person("charlie@seeburg.example", "Charlie Seeburg", staff=False)

    desk_team = Team.objects.create(
        slug="service-desk", name="Service Desk", kind="service_desk", phone="+496990009100", hours=office
    )
    platform = Team.objects.create(
        slug="platform", name="Team Platform", kind="project_team", phone="+496990009101", hours=office
    )
    record(Membership, by=None, now=BEGAN, team=desk_team, person=desk)
    record(Membership, by=None, now=BEGAN, team=platform, person=oncall, speciality="Linux")

    alster = Customer.objects.create(key="alster", name="Alster GmbH")
    seeburg = Customer.objects.create(key="seeburg", name="Stadtwerke Seeburg")
    webshop = make_project(office, alster, "webshop", desk_team, platform)
    kundenportal = make_project(office, seeburg, "kundenportal", desk_team, platform)
    Contact.objects.create(customer=alster, person=alice, can_order=True, can_manage_contacts=True)
    Contact.objects.create(customer=alster, person=bob).limited_to.add(webshop)
    Contact.objects.create(customer=seeburg, person=charlie)

    rota = make_rota("platform", [oncall], [backup])
    for project in (webshop, kundenportal):
        record(RotaCoverage, by=None, now=BEGAN, rota=rota, project=project, valid=SINCE)
        for order, person in enumerate((sdm, deputy), start=1):
            record(Assignment, by=None, now=BEGAN, project=project, role="sdm", person=person, order=order, valid=SINCE)
        record(Assignment, by=None, now=BEGAN, project=project, role="brm", person=brm, order=1, valid=SINCE)
    record(EscalationManager, by=None, now=BEGAN, person=manager, order=1)
    Installation.objects.create(
        name="Nordhafen",
        zone="Europe/Berlin",
        switchboard="+496990009000",
        last_resort_name="Last resort",
        last_resort_phone="+496990009999",
    )
    versions = {project.key: make_matrix(project) for project in (webshop, kundenportal)}
    return World(
        office=office,
        desk_team=desk_team,
        platform=platform,
        rota=rota,
        alster=alster,
        seeburg=seeburg,
        webshop=webshop,
        kundenportal=kundenportal,
        alice=alice,
        bob=bob,
        charlie=charlie,
        desk=desk,
        sdm=sdm,
        deputy=deputy,
        brm=brm,
        oncall=oncall,
        backup=backup,
        manager=manager,
        admin=admin,
        versions=versions,
    )


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)
