"""The words of a communication matrix, as plain enums that pure code may use.

Priorities and roles are those printed in the customer's handbook; their translated names are in `matrix/labels.py`.
"""

from enum import StrEnum


class Priority(StrEnum):
    BLOCKER = "blocker"
    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class Window(StrEnum):
    """Inside or outside the provider's support hours."""

    BUSINESS_HOURS = "business_hours"
    AFTER_HOURS = "after_hours"


class Route(StrEnum):
    """Which chain runs: the window's, or monitoring's at any hour."""

    BUSINESS_HOURS = "business_hours"
    AFTER_HOURS = "after_hours"
    MONITORING = "monitoring"


class Role(StrEnum):
    SDM = "sdm"
    SERVICE_DESK = "service_desk"
    PROJECT_TEAM = "project_team"
    ON_CALL_PRIMARY = "on_call_primary"
    ON_CALL_BACKUP = "on_call_backup"
    BRM = "brm"
    ESCALATION_MANAGER = "escalation_manager"
    LAST_RESORT = "last_resort"


class Channel(StrEnum):
    """A way to page somebody. `desk` is the desk's screen, which needs no delivery."""

    VOICE = "voice"
    SMS = "sms"
    PUSH = "push"
    EMAIL = "email"
    DESK = "desk"


class ReportWay(StrEnum):
    """A way in which the customer reports."""

    PHONE = "phone"
    PORTAL = "portal"
    EMAIL = "email"
