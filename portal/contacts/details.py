"""What a contact is to be: rights, projects, and how the provider calls back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from portal.models import Contact

from .reachable import hours_text

RIGHTS = ("can_report", "can_order", "can_manage_contacts")


@dataclass(frozen=True)
class Details:
    """`projects` are keys, none of them means every project of the customer; `hours` as in `reachable`."""

    company: str = ""
    can_report: bool = True
    can_order: bool = False
    can_manage_contacts: bool = False
    projects: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    call_back_order: int | None = None
    hours: str = ""

    @classmethod
    def of(cls, contact: Contact) -> Self:
        """What the contact is now; its projects and hours are read unless they were fetched with it."""
        return cls(
            company=contact.company,
            can_report=contact.can_report,
            can_order=contact.can_order,
            can_manage_contacts=contact.can_manage_contacts,
            projects=tuple(sorted(project.key for project in contact.limited_to.all())),
            phones=tuple(contact.phones),
            call_back_order=contact.call_back_order,
            hours=hours_text(contact.reachable),
        )

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        known: dict[str, Any] = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        known.update({name: tuple(known[name]) for name in ("projects", "phones") if name in known})
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def changes_to(self, other: "Details") -> dict[str, list[Any]]:
        """Old and new value of each field that differs."""
        before, after = self.to_json(), other.to_json()
        return {name: [before[name], after[name]] for name in before if before[name] != after[name]}
