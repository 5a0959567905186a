"""Customers, their contacts with a PIN each, and their projects with who looks after them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from demo.provider import Provider
from portal.models import Assignment, Contact, Customer, Person, Project, ProjectSupport, SupportHours, Team
from portal.services import record

from .hours import add_personal
from .people import new_person
from .teams import SERVICE_DESK

RIGHTS = ("report", "order", "manage_contacts")
ALWAYS = "24x7"
LONGEST_INITIALISM = 3
PIN_ROUNDS = 1000


@dataclass(frozen=True)
class House:
    """What of the provider stands behind a project."""

    people: dict[str, Person]
    teams: dict[str, Team]
    office: SupportHours


def add_customers(provider: Provider, house: House, *, at: datetime) -> dict[str, Project]:
    """Every project by its key."""
    projects: dict[str, Project] = {}
    contacts: dict[str, Person] = {}
    for key, content in provider["customers"].items():
        customer = Customer.objects.create(key=key, name=content["name"], city=content["city"])
        for project_key, project in content["projects"].items():
            projects[project_key] = _project(project_key, project, customer, content["brm"], house, at)
        for email, contact in content["contacts"].items():
            if email not in contacts:
                contacts[email] = _person(email, contact, house.office)
            _contact(customer, contacts[email], contact, projects, at)
    return projects


def demo_pin(email: str) -> str:
    """The six digits by which the phone line knows this contact: the same in every installation of the demo."""
    return f"{int(hashlib.sha256(email.encode()).hexdigest(), 16) % 1_000_000:06}"


def _project(
    key: str, content: dict[str, Any], customer: Customer, brm: list[str], house: House, at: datetime
) -> Project:
    project = Project.objects.create(
        customer=customer,
        key=key,
        name=key.upper() if len(key) <= LONGEST_INITIALISM else key.capitalize(),
        hotline=content["hotline"],
        languages=content["languages"],
    )
    record(
        ProjectSupport,
        by=None,
        now=at,
        project=project,
        hours=house.office,
        service_desk=house.teams[SERVICE_DESK],
        team=house.teams[content["team"]],
    )
    by_name = {email.partition("@")[0]: person for email, person in house.people.items()}
    for role, names in ((Assignment.Role.SDM, content["sdm"]), (Assignment.Role.BRM, brm)):
        for place, name in enumerate(names, start=1):
            record(
                Assignment,
                by=None,
                now=at,
                project=project,
                role=role,
                person=by_name[name],
                order=place,
                valid=(at, None),
            )
    return project


def _person(email: str, content: dict[str, Any], office: SupportHours) -> Person:
    person = new_person(email, content, zone=office.zone)
    person.save()
    return person


def _contact(
    customer: Customer, person: Person, content: dict[str, Any], projects: dict[str, Project], at: datetime
) -> None:
    hours = content.get("reachable", ALWAYS)
    contact = Contact.objects.create(
        customer=customer,
        person=person,
        company=content.get("company", ""),
        phones=[content["phone"]],
        call_back_order=content.get("call_us_back"),
        reachable=None if hours == ALWAYS else _reachable(hours, person, at),
        pin=_hashed(demo_pin(person.email)),
        **{f"can_{right}": right in content["rights"] for right in RIGHTS},
    )
    contact.limited_to.set(projects[key] for key in content.get("only", ()))


def _hashed(pin: str) -> str:
    # In few rounds: each demo PIN follows from the address anyway, and a full hash takes a third of a second.
    hasher = PBKDF2PasswordHasher()
    return hasher.encode(pin, hasher.salt(), iterations=PIN_ROUNDS)


def _reachable(hours: str, person: Person, at: datetime) -> SupportHours:
    # Only nation-wide holidays: the subdivision of a customer's site is not known.
    slug = person.email.partition("@")[0]
    return add_personal(hours, slug=slug, name=person.name, zone=person.zone, country="DE", at=at)
