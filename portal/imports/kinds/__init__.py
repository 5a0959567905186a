"""Every kind of rows that can be imported, in the order in which they build on one another."""

from .assignments import Assignments
from .base import Act, Kind
from .contacts import Contacts
from .customers import Customers
from .members import Members
from .people import People
from .projects import Projects

KINDS: dict[str, type[Kind]] = {
    kind.slug: kind for kind in (People, Customers, Projects, Contacts, Assignments, Members)
}

__all__ = ["KINDS", "Act", "Kind"]
