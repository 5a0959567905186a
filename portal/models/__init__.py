"""The ground floor's data: people, customers, projects, teams, hours and the installation itself."""

from .customers import Assignment, Contact, Customer, Project, ProjectSupport
from .hours import DatedOpening, SupportHours, WeeklyOpening
from .installation import EscalationManager, Installation
from .maintenance import Maintenance
from .people import ADMINISTRATORS, GROUPS, ON_CALL, SERVICE_DESK, Person
from .recorded import STILL_RECORDED, IdRange, Recorded, RecordedQuerySet, no_overlap
from .teams import Membership, Team

__all__ = [
    "ADMINISTRATORS",
    "GROUPS",
    "ON_CALL",
    "SERVICE_DESK",
    "STILL_RECORDED",
    "Assignment",
    "Contact",
    "Customer",
    "DatedOpening",
    "EscalationManager",
    "IdRange",
    "Installation",
    "Maintenance",
    "Membership",
    "Person",
    "Project",
    "ProjectSupport",
    "Recorded",
    "RecordedQuerySet",
    "SupportHours",
    "Team",
    "WeeklyOpening",
    "no_overlap",
]
