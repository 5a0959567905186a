"""The ground floor's data: people, customers, projects, teams, hours and the installation itself."""

from .attempts import SignInAttempt
from .audit import Audited, AuditedQuerySet, AuditEntry
from .contacts import INVITATION_VALID, ContactChange, Invitation
from .customers import Assignment, Contact, Customer, Project, ProjectSupport
from .hours import DatedOpening, SupportHours, WeeklyOpening
from .installation import EscalationManager, Installation
from .maintenance import Maintenance
from .people import ADMINISTRATORS, GROUPS, ON_CALL, SERVICE_DESK, Person
from .recorded import STILL_RECORDED, IdRange, Recorded, RecordedQuerySet, RecordedSettings, by_time, no_overlap
from .teams import Membership, Team
from .tokened import Tokened

__all__ = [
    "ADMINISTRATORS",
    "GROUPS",
    "INVITATION_VALID",
    "ON_CALL",
    "SERVICE_DESK",
    "STILL_RECORDED",
    "Assignment",
    "AuditEntry",
    "Audited",
    "AuditedQuerySet",
    "Contact",
    "ContactChange",
    "Customer",
    "DatedOpening",
    "EscalationManager",
    "IdRange",
    "Installation",
    "Invitation",
    "Maintenance",
    "Membership",
    "Person",
    "Project",
    "ProjectSupport",
    "Recorded",
    "RecordedQuerySet",
    "RecordedSettings",
    "SignInAttempt",
    "SupportHours",
    "Team",
    "Tokened",
    "WeeklyOpening",
    "by_time",
    "no_overlap",
]
