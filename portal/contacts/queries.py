"""What the page about a customer's contacts shows, for somebody who manages them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F, Prefetch, QuerySet
from django.utils.translation import gettext as _

from portal.models import Contact, ContactChange, Customer, Invitation, Person, WeeklyOpening

from . import reachable
from .authority import Authority
from .details import Details
from .labels import FIELDS, value_text
from .mail import inviter_of

LATEST = 15
"""So many changes, invitations and people who left are shown on the page about contacts."""


@dataclass(frozen=True)
class Line:
    """One contact: `phones` falls back to the published number for the provider, which called it before."""

    contact: Contact
    details: Details
    phones: tuple[str, ...]
    hours: str
    may_change: bool


def lines(contacts: list[Contact], authority: Authority) -> list[Line]:
    return [_line(contact, authority) for contact in contacts]


def _line(contact: Contact, authority: Authority) -> Line:
    details = Details.of(contact)
    direct = str(contact.person.direct_line or "")
    return Line(
        contact=contact,
        details=replace(details, projects=authority.shown(details.projects)),
        phones=details.phones or ((direct,) if direct and authority.provider else ()),
        hours=_("as agreed with the provider") if details.hours == reachable.KEEP else reachable.shown(details.hours),
        may_change=authority.covers(details),
    )


def contacts_of(customer: Customer, authority: Authority) -> QuerySet[Contact]:
    """Everybody whom the reader may know of, those who left too, in the order in which they are called back."""
    found = customer.contacts.all()
    if authority.projects is not None:
        # Through ids: a join would show whoever shares two projects twice.
        shared = Contact.objects.filter(limited_to__key__in=authority.projects).values("pk")
        found = found.filter(limited_to=None) | found.filter(pk__in=shared)
    weekly = Prefetch("reachable__weekly", WeeklyOpening.objects.current())
    fetched = found.select_related("person", "reachable").prefetch_related("limited_to", weekly)
    return fetched.order_by(F("call_back_order").asc(nulls_last=True), "pk")


@dataclass(frozen=True)
class Waiting:
    """An invitation that waits for an answer."""

    invitation: Invitation
    details: Details
    hours: str
    by: str
    expired: bool
    may_change: bool


def waiting(customer: Customer, authority: Authority, *, provider: str, now: datetime) -> list[Waiting]:
    """All that the reader may know of, the latest first."""
    rows = customer.invitations.waiting().select_related("created_by")
    found = [(row, Details.from_json(row.details)) for row in rows]
    return [
        Waiting(
            invitation=row,
            details=replace(details, projects=authority.shown(details.projects)),
            hours=reachable.shown(details.hours),
            by=row.created_by.name if authority.provider else inviter_of(row, provider),
            expired=row.expires_at <= now,
            may_change=authority.covers(details),
        )
        for row, details in found
        if authority.meets(details)
    ]


@dataclass(frozen=True)
class Change:
    """One line of who changed what."""

    at: datetime
    by: str
    what: str
    name: str
    fields: list[tuple[str, str, str]]


def changes_of(customer: Customer, authority: Authority, *, provider: str) -> list[Change]:
    """The latest first. A limited manager reads of those alone whom they may know of."""
    rows = customer.contact_changes.select_related("by")
    if authority.projects is not None:
        rows = rows.filter(contact__in=contacts_of(customer, authority).order_by().values("pk"))
    return [_change(row, authority, provider) for row in rows[:LATEST]]


def _change(row: ContactChange, authority: Authority, provider: str) -> Change:
    return Change(
        at=row.at,
        by=_who(row.by, authority, provider),
        what=row.get_kind_display(),
        name=row.name,
        fields=list(_fields(row.details, authority)),
    )


def _who(person: Person, authority: Authority, provider: str) -> str:
    """Customers read the provider's name instead of its people's."""
    return provider if person.is_staff and not authority.provider else person.name


def _fields(details: dict[str, Any], authority: Authority) -> Iterator[tuple[str, str, str]]:
    """Label, old and new value, as far as the reader may know: nothing of projects that they do not see."""
    for name in (name for name in FIELDS if name in details):
        before, after = details[name]
        if name == "projects":
            before, after = authority.shown(before), authority.shown(after)
        if before != after:
            yield str(FIELDS[name]), value_text(name, before), value_text(name, after)
