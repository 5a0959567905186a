"""Translated names of the matrix' words, also used as model choices."""

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from django.utils.translation import gettext_lazy as _

from .sla import Clock
from .terms import Channel, Priority, ReportWay, Role, Route, Window

PRIORITY = {
    Priority.BLOCKER: _("Blocker"),
    Priority.CRITICAL: _("Critical"),
    Priority.MAJOR: _("Major"),
    Priority.MINOR: _("Minor"),
}
WINDOW = {Window.BUSINESS_HOURS: _("business hours"), Window.AFTER_HOURS: _("outside business hours")}
ROUTE = {
    Route.BUSINESS_HOURS: _("business hours"),
    Route.AFTER_HOURS: _("outside business hours"),
    Route.MONITORING: _("monitoring"),
}
ROLE = {
    Role.SDM: _("Service Delivery Manager"),
    Role.SERVICE_DESK: _("Service Desk"),
    Role.PROJECT_TEAM: _("project team"),
    Role.ON_CALL_PRIMARY: _("on-call engineer"),
    Role.ON_CALL_BACKUP: _("on-call engineer (backup)"),
    Role.BRM: _("Business Relationship Manager"),
    Role.ESCALATION_MANAGER: _("escalation manager"),
    Role.LAST_RESORT: _("last resort"),
}
CHANNEL = {
    Channel.VOICE: _("call"),
    Channel.SMS: _("SMS"),
    Channel.PUSH: _("push"),
    Channel.EMAIL: _("e-mail"),
    Channel.DESK: _("desk"),
}
REPORT_WAY = {ReportWay.PHONE: _("phone"), ReportWay.PORTAL: _("portal"), ReportWay.EMAIL: _("e-mail")}
CLOCK = {Clock.ROUND_THE_CLOCK: _("round the clock"), Clock.SUPPORT_HOURS: _("support hours")}

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Word = TypeVar("Word", bound=StrEnum)


def choices(labels: "dict[Word, StrPromise]") -> "list[tuple[str, StrPromise]]":
    """A label table as Django model choices."""
    return [(word.value, label) for word, label in labels.items()]
