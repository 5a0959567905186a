"""How far somebody's right to manage a customer's contacts reaches: never further than what they hold themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.models import ADMINISTRATORS, SERVICE_DESK, Contact, Customer, Person

from .details import RIGHTS, Details

HIDDEN = "…"


@dataclass(frozen=True)
class Authority:
    """`rights` names what may be granted; `projects` are keys, None means every project of the customer."""

    rights: frozenset[str]
    projects: frozenset[str] | None
    provider: bool = False

    def covers(self, details: Details) -> bool:
        """Whether everything in `details` is within reach."""
        rights = {right for right in RIGHTS if getattr(details, right)}
        return rights <= self.rights and (
            self.projects is None or (bool(details.projects) and self.projects.issuperset(details.projects))
        )

    def meets(self, details: Details) -> bool:
        """Whether there is a project both know of; of others' contacts a limited manager learns nothing."""
        return self.projects is None or not details.projects or not self.projects.isdisjoint(details.projects)

    def shown(self, projects: Sequence[str]) -> tuple[str, ...]:
        """The keys as the manager may read them: those of projects that they do not see are "…"."""
        if self.projects is None:
            return tuple(projects)
        known = tuple(key for key in projects if key in self.projects)
        return known if len(known) == len(projects) else (*known, HIDDEN)


def authority_over(customer: Customer, person: Person) -> Authority | None:
    """None: the person does not manage the contacts of this customer."""
    if not person.is_active:
        return None
    if person.is_staff:
        manages = person.is_superuser or person.holds(SERVICE_DESK, ADMINISTRATORS)
        return Authority(frozenset(RIGHTS), None, provider=True) if manages else None
    contact = Contact.objects.managing().filter(customer=customer, person=person).first()
    if contact is None:
        return None
    held = Details.of(contact)
    rights = frozenset(right for right in RIGHTS if getattr(held, right))
    return Authority(rights, frozenset(held.projects) or None)
