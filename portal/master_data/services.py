"""Writes of customers, projects, people and teams; nobody is left without an administrator."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction

from portal.administrators import administrates, lock_administrators, require_another
from portal.models import Customer, Membership, Person, Project, ProjectSupport, Team
from portal.profile.closing import end_sessions
from portal.services import record, retire, supersede

from . import rows


class InUse(Exception):
    """It cannot be retired while others need it; `by` names them."""

    def __init__(self, by: list[str]) -> None:
        super().__init__(", ".join(by))
        self.by = by


# --- Customers and projects -----------------------------------------------------------------------------------


@transaction.atomic
def retire_customer(customer: Customer, *, seen: str, by: Person, now: datetime, why: str) -> Customer:
    """The customer and what of its projects is not retired. Raises `rows.SeenOlder`."""
    customer = rows.change(customer, seen=seen, by=by, why=why, retired_at=now)
    for project in customer.projects.filter(retired_at=None):
        rows.change(project, seen=rows.seen_of(project), by=by, why=why, retired_at=now)
    return customer


@transaction.atomic
def reopen_project(project: Project, *, seen: str, by: Person, why: str) -> Project:
    """The project runs again, and with it its customer. Raises `rows.SeenOlder`."""
    project = rows.change(project, seen=seen, by=by, why=why, retired_at=None)
    customer = project.customer
    if customer.retired_at is not None:
        rows.change(customer, seen=rows.seen_of(customer), by=by, why=why, retired_at=None)
    return project


# --- People ---------------------------------------------------------------------------------------------------


@transaction.atomic
def create_person(*, by: Person, groups: Iterable[Group], **fields: Any) -> Person:
    """One of the provider's people; without a password, which they choose by their invitation."""
    person = Person(is_staff=True, **fields)
    person.set_unusable_password()
    return rows.create(person, by=by, groups=groups)


@transaction.atomic
def change_person(
    person: Person, *, seen: str, by: Person, groups: Iterable[Group], why: str = "", **fields: Any
) -> Person:
    """Raises `rows.SeenOlder`, and `LastAdministrator` where nobody could administrate any more."""
    lock_administrators()
    groups = list(groups)
    before = rows.locked(person, seen)
    names = {group.name for group in groups}
    if _administrates(before) and not _administrates(before, names):
        require_another(before)
    changed = rows.change(person, seen=seen, by=by, why=why, groups=groups, **fields)
    if changed.email != before.email:
        # An address that is somebody else's tomorrow must not sign in as this person.
        EmailAddress.objects.filter(user=changed).delete()
        end_sessions(changed)
    return changed


def _administrates(person: Person, groups: set[str] | None = None) -> bool:
    held = set(person.groups.values_list("name", flat=True)) if groups is None else groups
    return administrates(
        is_active=person.is_active, is_staff=person.is_staff, is_superuser=person.is_superuser, groups=held
    )


@transaction.atomic
def take_back(person: Person, *, seen: str, by: Person, why: str) -> Person:
    """Somebody who had left works here again, in no group, and signs in by a new invitation. Raises `SeenOlder`."""
    person = rows.change(person, seen=seen, by=by, why=why, is_active=True, groups=[])
    person.set_unusable_password()
    person.save(update_fields=["password"])
    return person


# --- Teams ----------------------------------------------------------------------------------------------------


@transaction.atomic
def retire_team(team: Team, *, seen: str, by: Person, now: datetime, why: str) -> Team:
    """Raises `rows.SeenOlder`, and `InUse` while it supports a project that runs."""
    fresh = rows.locked(team, seen)
    supporting = ProjectSupport.objects.current().filter(project__retired_at=None)
    needed = [*supporting.filter(team=fresh), *supporting.filter(service_desk=fresh)]
    if needed:
        raise InUse(sorted({row.project.key for row in needed}))
    for membership in Membership.objects.current().filter(team=fresh):
        retire(membership, by=by, now=now, why=why)
    return rows.change(fresh, seen=seen, by=by, why=why, retired_at=now)


def join(team: Team, person: Person, *, speciality: str, by: Person, now: datetime, why: str = "") -> Membership:
    """Raises `IntegrityError` where the person is a member already."""
    return record(Membership, by=by, now=now, why=why, team=team, person=person, speciality=speciality)


def change_speciality(row: Membership, speciality: str, *, by: Person, now: datetime, why: str = "") -> Membership:
    """Raises `portal.services.ChangedMeanwhile`."""
    return supersede(row, by=by, now=now, why=why, speciality=speciality)


def leave_team(row: Membership, *, by: Person, now: datetime, why: str) -> None:
    """Raises `portal.services.ChangedMeanwhile`."""
    retire(row, by=by, now=now, why=why)
