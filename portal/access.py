"""Who may do what, in one place. Visibility of rows is the QuerySets' `visible_to`."""

from django.contrib.auth.models import AnonymousUser

from .models import ADMINISTRATORS, ON_CALL, SERVICE_DESK, Contact, Person, Project

RIGHTS = {"report": "can_report", "order": "can_order", "manage_contacts": "can_manage_contacts"}
"""A contact's rights by the names that topics use."""


def is_administrator(person: Person | AnonymousUser) -> bool:
    """Administrators edit matrices and rosters and look behind the scenes."""
    return (
        isinstance(person, Person)
        and person.is_active
        and person.is_staff
        and (person.is_superuser or person.holds(ADMINISTRATORS))
    )


def may_work(person: Person | AnonymousUser) -> bool:
    """Whether the person may log, acknowledge, assign and work incidents."""
    return (
        isinstance(person, Person)
        and person.is_active
        and person.is_staff
        and (person.is_superuser or person.holds(SERVICE_DESK, ON_CALL, ADMINISTRATORS))
    )


def may_set_presence(actor: Person, person: Person) -> bool:
    """Everybody of the provider their own; the Service Desk and administrators that of somebody who asked for it."""
    if not (actor.is_staff and actor.is_active and person.is_staff and person.is_active):
        return False
    return actor.pk == person.pk or actor.is_superuser or actor.holds(SERVICE_DESK, ADMINISTRATORS)


def may_report(person: Person | AnonymousUser, project: Project) -> bool:
    """Whether the person may report an incident of `project`: those who work, and contacts with that right."""
    return may_ask(person, project, "report")


def may_ask(person: Person | AnonymousUser, project: Project, right: str) -> bool:
    """Whether the person may ask for what needs `right`: those who work, and contacts of the project who have it."""
    if may_work(person):
        return True
    if not isinstance(person, Person) or not person.is_active:
        return False
    return bool(contacts_with(project, right, person=person))


def contacts_with(project: Project, right: str, *, person: Person | None = None) -> list[Contact]:
    """The project's contacts who have `right` (all of them, or as which `person` has it), with their people.

    Nobody has a right that is not known.
    """
    if right not in RIGHTS:
        return []
    contacts = Contact.objects.filter(
        customer=project.customer_id, left_at=None, person__is_active=True, **{RIGHTS[right]: True}
    )
    if person is not None:
        contacts = contacts.filter(person=person)
    rows = contacts.select_related("person").prefetch_related("limited_to").order_by("call_back_order", "pk")
    return [contact for contact in rows if _is_for(contact, project)]


def _is_for(contact: Contact, project: Project) -> bool:
    limits = {each.pk for each in contact.limited_to.all()}
    return not limits or project.pk in limits
