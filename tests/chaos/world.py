"""The provider that the run plays with: projects of both kinds of hours, each with two people on duty."""

from dataclasses import dataclass
from datetime import datetime, time

from knox.models import AuthToken

from oncall.models import Rota, RotaCoverage
from portal.models import (
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
    SupportHours,
    Team,
    WeeklyOpening,
)
from portal.services import record
from routing.intake.keys import create_intake_key
from tests.people import BEGAN, SINCE, make_matrix, make_person, make_project, make_rota

CHAINS = {
    "business_hours": [
        ("sdm", 1, False),
        ("service_desk", 1, False),
        ("project_team", 1, False),
        ("escalation_manager", 2, True),
    ],
    "after_hours": [("on_call_primary", 1, False), ("on_call_backup", 1, False), ("escalation_manager", 2, True)],
    "monitoring": [("on_call_primary", 1, False), ("escalation_manager", 0, True), ("on_call_backup", 2, False)],
}
LAST_RESORT = "+496990009999"


@dataclass(frozen=True)
class Site:
    """One project, its intake token, its duty (`unreachable`: none of the primary's numbers works)."""

    project: Project
    token: str
    rota: Rota
    primary: Person
    backup: Person
    unreachable: bool


@dataclass(frozen=True)
class World:
    sites: list[Site]
    desk: Person
    sdm: Person
    stand_in: Person
    api_token: str
    customer_token: str

    @property
    def people(self) -> list[Person]:
        """Everybody who is called and can be reached."""
        on_duty = [person for site in self.sites for person in (site.primary, site.backup)]
        dead = {site.primary.pk for site in self.sites if site.unreachable}
        return [each for each in [*on_duty, self.sdm, self.stand_in] if each.pk not in dead]


def make_world(projects: int, *, now: datetime) -> World:
    """Every second project's office is open all the time, the others' for an hour in three days."""
    always, never = (
        _hours("always", range(7), time(0), time(0)),
        _hours("never", [(now.weekday() + 3) % 7], time(8), time(9)),
    )
    desk = make_person("desk@example.com", "Desk Person", 20, SERVICE_DESK)
    sdm = make_person("sdm@example.com", "Service Manager", 30, SERVICE_DESK)
    deputy = make_person("deputy@example.com", "Deputy Manager", 31, SERVICE_DESK)
    stand_in = make_person("stand-in@example.com", "Stand In", 32, ON_CALL)
    manager = make_person("manager@example.com", "Escalation Manager", 11)
    customer = Customer.objects.create(key="alster", name="Alster GmbH")
    alice = make_person("alice@alster.example", "Alice Alster", staff=False)
    Contact.objects.create(customer=customer, person=alice)
    record(EscalationManager, by=None, now=BEGAN, person=manager, order=1)
    Installation.objects.create(
        name="Nordhafen",
        zone="Europe/Berlin",
        switchboard="+496990009000",
        last_resort_name="Last resort",
        last_resort_phone=LAST_RESORT,
    )
    sites = []
    for number in range(projects):
        hours = always if number % 2 else never
        service_desk = Team.objects.create(
            slug=f"desk-{number}",
            name=f"Desk {number}",
            kind="service_desk",
            phone=f"+4969900091{number + 40}",
            hours=hours,
        )
        team = Team.objects.create(
            slug=f"team-{number}",
            name=f"Team {number}",
            kind="project_team",
            phone=f"+4969900091{number + 60}",
            hours=hours,
        )
        record(Membership, by=None, now=BEGAN, team=service_desk, person=desk)
        primary = make_person(f"primary-{number}@example.com", f"Primary {number}", 40 + number, ON_CALL)
        backup = make_person(f"backup-{number}@example.com", f"Backup {number}", 60 + number, ON_CALL)
        project = make_project(hours, customer, f"project-{number}", service_desk, team)
        rota = make_rota(f"rota-{number}", [primary], [backup], f"+4969900092{number + 10}")
        record(RotaCoverage, by=None, now=BEGAN, rota=rota, project=project, valid=SINCE)
        for order, person in enumerate((sdm, deputy), start=1):
            record(Assignment, by=None, now=BEGAN, project=project, role="sdm", person=person, order=order, valid=SINCE)
        make_matrix(project, chains=CHAINS)
        _key, token = create_intake_key(project=project, name=f"alerts {number}", by=None, now=BEGAN)
        sites.append(Site(project, token, rota, primary, backup, unreachable=number == 1))
    return World(
        sites=sites,
        desk=desk,
        sdm=sdm,
        stand_in=stand_in,
        api_token=AuthToken.objects.create(user=desk, expiry=None)[1],
        customer_token=AuthToken.objects.create(user=alice, expiry=None)[1],
    )


def _hours(slug: str, weekdays: "range | list[int]", opens: time, closes: time) -> SupportHours:
    hours = SupportHours.objects.create(slug=slug, name=slug, zone="UTC")
    for weekday in weekdays:
        record(WeeklyOpening, by=None, now=BEGAN, hours=hours, weekday=weekday, opens=opens, closes=closes)
    return hours
