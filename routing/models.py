"""The second floor's data; each concern keeps its models in its own package."""

from .appointments.models import Appointment
from .attachments.models import Attachment
from .calls.models import Call
from .coverage.models import KnownFinding
from .duty.models import CallOutTimes, DutyConfirmation
from .incidents.models import CustomerWait, IdempotencyKey, Incident, IncidentLink, TimelineEntry
from .intake.models import FormerToken, IntakeKey, Signal
from .notices.models import Notice, NoticeChoice
from .paging.models import (
    Alarm,
    ContactMethod,
    Delivery,
    Escalation,
    MailText,
    NotificationRule,
    Page,
    PeriodicJob,
    Pulse,
    VerificationCode,
)
from .presence.models import NightReportChoice

__all__ = [
    "Alarm",
    "Appointment",
    "Attachment",
    "Call",
    "CallOutTimes",
    "ContactMethod",
    "CustomerWait",
    "Delivery",
    "DutyConfirmation",
    "Escalation",
    "FormerToken",
    "IdempotencyKey",
    "Incident",
    "IncidentLink",
    "IntakeKey",
    "KnownFinding",
    "MailText",
    "NightReportChoice",
    "Notice",
    "NoticeChoice",
    "NotificationRule",
    "Page",
    "PeriodicJob",
    "Pulse",
    "Signal",
    "TimelineEntry",
    "VerificationCode",
]
