"""Invite, change, dismiss and take back a customer's contacts; each change is written down with who made it.

One customer's contacts are changed one after another, so that of two managers not each can dismiss the other.
"""

import secrets
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from portal.models import INVITATION_VALID, Contact, ContactChange, Customer, Installation, Invitation, Person
from portal.profile.closing import close_account, reopen_account
from portal.tokens import hash_token, new_token

from .authority import Authority, authority_over
from .details import Details
from .reachable import set_hours

Kind = ContactChange.Kind
PIN_DIGITS = 6


class Refused(Exception):
    """The wish cannot be met; nothing was changed."""


class NotAllowed(Refused):
    """It reaches further than what the person who wishes it may do."""


class IsContact(Refused):
    """Somebody with this address is a contact of the customer."""


class WasContact(Refused):
    """Somebody with this address was a contact of the customer, and may come back."""


class IsInvited(Refused):
    """An invitation to this address waits for an answer."""


class LastManager(Refused):
    """Nobody of the customer could manage its contacts any more."""


class NotUsable(Refused):
    """The invitation was accepted or withdrawn, is too old, or whoever sent it has no right to it any more."""


@transaction.atomic
def invite(
    customer: Customer, *, by: Person, now: datetime, email: str, name: str, language: str, details: Details
) -> tuple[Invitation, str]:
    """An invitation and the token of its link, known here alone.

    Whether the address is known to the portal otherwise makes no difference and cannot be told from the answer.
    Raises `NotAllowed`, `IsContact`, `WasContact`, `IsInvited`.
    """
    _require(_lock(customer, by), details)
    email = email.lower()
    contact = customer.contacts.filter(person__email=email).first()
    if contact is not None:
        raise WasContact if contact.left_at else IsContact
    if customer.invitations.waiting().filter(email=email).exists():
        raise IsInvited
    token = new_token()
    invitation = Invitation.objects.create(
        customer=customer,
        email=email,
        name=name,
        language=language,
        details=details.to_json(),
        token_hash=hash_token(token),
        created_at=now,
        created_by=by,
        expires_at=now + INVITATION_VALID,
    )
    _note(customer, Kind.INVITED, by=by, now=now, name=name)
    return invitation, token


@transaction.atomic
def renew(invitation: Invitation, *, by: Person, now: datetime) -> str:
    """A new link, valid for as long as the first; the one before is dead. Raises `NotAllowed`, `NotUsable`."""
    row = _waiting(invitation, by)
    token = new_token()
    row.token_hash, row.expires_at = hash_token(token), now + INVITATION_VALID
    row.save(update_fields=["token_hash", "expires_at"])
    _note(row.customer, Kind.SENT_AGAIN, by=by, now=now, name=row.name)
    return token


@transaction.atomic
def revoke(invitation: Invitation, *, by: Person, now: datetime) -> None:
    """Its link is dead from now on. Raises `NotAllowed`, `NotUsable`."""
    row = _waiting(invitation, by)
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    _note(row.customer, Kind.REVOKED, by=by, now=now, name=row.name)


def _waiting(invitation: Invitation, by: Person) -> Invitation:
    """The invitation as it is now, locked with its customer."""
    authority = _lock(invitation.customer, by)
    row = Invitation.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invitation.pk)
    _require(authority, Details.from_json(row.details))
    if row.accepted_at or row.revoked_at:
        raise NotUsable
    return row


@transaction.atomic
def accept(token: str, *, now: datetime, password: str | None = None) -> Contact:
    """Make the invited person a contact: with `password` if they are new here, else as whom the portal knows them.

    Raises `NotUsable`.
    """
    found = Invitation.objects.filter(token_hash=hash_token(token)).select_related("customer").first()
    if found is None:
        raise NotUsable
    Customer.objects.select_for_update(no_key=True).get(pk=found.customer_id)
    row = Invitation.objects.select_for_update(of=("self",)).select_related("created_by").get(pk=found.pk)
    details = Details.from_json(row.details)
    authority = authority_over(found.customer, row.created_by)
    if not row.is_usable(now) or authority is None or not authority.covers(details):
        raise NotUsable
    person = _person_of(row, password)
    contact, _created = Contact.objects.get_or_create(customer=found.customer, person=person)
    contact.left_at = None
    try:
        _apply(contact, details, by=row.created_by, now=now)
    except NotAllowed as error:
        raise NotUsable from error
    reopen_account(person)
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    _note(found.customer, Kind.ACCEPTED, by=person, now=now, name=person.name, contact=contact)
    return contact


def _person_of(invitation: Invitation, password: str | None) -> Person:
    person = Person.objects.filter(email__iexact=invitation.email).first()
    if person is not None:
        return person
    if password is None:
        raise NotUsable
    zone = Installation.objects.values_list("zone", flat=True).first()
    given = {"zone": zone} if zone else {}
    return Person.objects.create_user(
        invitation.email, password, name=invitation.name, language=invitation.language, **given
    )


@transaction.atomic
def change(contact: Contact, *, by: Person, now: datetime, details: Details) -> Contact:
    """Raises `NotAllowed`, and `LastManager` where the customer would be left without one."""
    authority = _lock(contact.customer, by)
    row = _locked(contact)
    before = Details.of(row)
    _require(authority, before, details)
    if before.can_manage_contacts and not details.can_manage_contacts:
        _require_another_manager(row, authority)
    changes = before.changes_to(details)
    if changes:
        _apply(row, details, by=by, now=now)
        _note(row.customer, Kind.CHANGED, by=by, now=now, name=row.person.name, contact=row, details=changes)
    return row


@transaction.atomic
def leave(contact: Contact, *, by: Person, now: datetime) -> None:
    """Switch the contact off at once. With the person's last contact their account is closed, sessions and tokens too.

    A person who is contact of another customer as well stays signed in, and sees that customer alone.
    Raises `NotAllowed`, `LastManager`.
    """
    authority = _lock(contact.customer, by)
    row = _locked(contact)
    _require(authority, Details.of(row))
    if row.left_at is not None:
        return
    _require_another_manager(row, authority)
    row.left_at, row.pin = now, ""
    row.save(update_fields=["left_at", "pin"])
    closed = not row.person.is_staff and not row.person.contacts.filter(left_at=None).exists()
    _note(
        row.customer,
        Kind.LEFT,
        by=by,
        now=now,
        name=row.person.name,
        contact=row,
        account_closed=closed and close_account(row.person),
    )


@transaction.atomic
def come_back(contact: Contact, *, by: Person, now: datetime) -> None:
    """A contact again, as before; the PIN is not. Raises `NotAllowed`."""
    authority = _lock(contact.customer, by)
    row = _locked(contact)
    _require(authority, Details.of(row))
    if row.left_at is None:
        return
    row.left_at = None
    row.save(update_fields=["left_at"])
    reopen_account(row.person)
    _note(row.customer, Kind.CAME_BACK, by=by, now=now, name=row.person.name, contact=row)


@transaction.atomic
def new_pin(contact: Contact, *, now: datetime) -> str:
    """A new PIN by which the phone line knows the contact. It is stored hashed: nobody can read it again."""
    pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
    Contact.objects.filter(pk=contact.pk, left_at=None).update(pin=make_password(pin))
    _note(contact.customer, Kind.NEW_PIN, by=contact.person, now=now, name=contact.person.name, contact=contact)
    return pin


def _lock(customer: Customer, by: Person) -> Authority:
    """One change of a customer's contacts at a time, by somebody who may. Raises `NotAllowed`."""
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    authority = authority_over(customer, by)
    if authority is None:
        raise NotAllowed
    return authority


def _locked(contact: Contact) -> Contact:
    rows = Contact.objects.select_for_update(of=("self",)).select_related("person", "customer", "reachable")
    return rows.get(pk=contact.pk)


def _require(authority: Authority, *wanted: Details) -> None:
    if not all(authority.covers(details) for details in wanted):
        raise NotAllowed


def _require_another_manager(contact: Contact, authority: Authority) -> None:
    """The provider may take the last one away, for it manages the customer's contacts then."""
    if authority.provider or not contact.can_manage_contacts:
        return
    if not Contact.objects.managing().filter(customer=contact.customer_id).exclude(pk=contact.pk).exists():
        raise LastManager


def _apply(contact: Contact, details: Details, *, by: Person, now: datetime) -> None:
    projects = contact.customer.projects.filter(key__in=details.projects)
    if len(projects) != len(details.projects):
        # A limit that cannot be kept must not become none.
        raise NotAllowed
    contact.company = details.company
    contact.can_report = details.can_report
    contact.can_order = details.can_order
    contact.can_manage_contacts = details.can_manage_contacts
    contact.phones = list(details.phones)
    contact.call_back_order = details.call_back_order
    set_hours(contact, details.hours, by=by, now=now)
    contact.save()
    contact.limited_to.set(projects)


def _note(customer: Customer, kind: ContactChange.Kind, *, by: Person, now: datetime, name: str, **more: Any) -> None:
    ContactChange.objects.create(customer=customer, kind=kind, by=by, at=now, name=name, **more)
