"""Who may do what, in one place. Visibility of rows is the QuerySets' `visible_to`."""

from django.contrib.auth.models import AnonymousUser

from .models import ADMINISTRATORS, ON_CALL, SERVICE_DESK, Contact, Person, Project


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


def may_report(person: Person | AnonymousUser, project: Project) -> bool:
    """Whether the person may report an incident of `project`: those who work, and contacts with that right."""
    if may_work(person):
        return True
    if not isinstance(person, Person) or not person.is_active:
        return False
    contacts = Contact.objects.filter(person=person, customer=project.customer_id, can_report=True, left_at=None)
    return any(
        not limits or project.pk in limits
        for limits in ({p.pk for p in contact.limited_to.all()} for contact in contacts)
    )
