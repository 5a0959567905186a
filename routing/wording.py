"""Reasons and warnings of a decision in the reader's language."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from matrix.labels import CHANNEL
from matrix.terms import Channel

from .decision import Reason, Warn

REASONS = {
    Reason.ASSIGNED: _("holds this role"),
    Reason.DEPUTY: _("standing in as deputy"),
    Reason.ON_DUTY: _("on duty according to the roster"),
    Reason.OVERRIDE: _("on duty by an arrangement for this period"),
    Reason.MOVED_UP: _("moved up from backup because the primary is away"),
    Reason.STAND_IN: _("standing in from the rotation"),
    Reason.TEAM_OPEN: _("the team is at its desk"),
    Reason.OUTSIDE_HOURS: _("outside working hours"),
    Reason.IN_MEETING: _("in a meeting or on a break"),
    Reason.ABSENT: _("away"),
    Reason.NO_CONTACT_METHOD: _("no usable way to reach them"),
    Reason.NOBODY_ASSIGNED: _("nobody is assigned"),
    Reason.NOBODY_ON_DUTY: _("nobody is on duty"),
    Reason.SAME_AS_PRIMARY: _("the same person as the primary"),
    Reason.LAST_RESORT: _("nobody else can be reached: last resort"),
    Reason.DEFERRED: _("starts when the office opens"),
    Reason.CAPPED_BY_SLA: _("earlier than usual, so that the response target holds"),
    Reason.AT_CLOSING: _("takes over when the office closes"),
    Reason.AT_OPENING: _("joins when the office opens"),
    Reason.HANDOVER: _("takes over because duty changes hands"),
}

WARNINGS = {
    Warn.PRIMARY_ABSENT: _("The primary is away; the backup moved up."),
    Warn.BACKUP_ABSENT: _("The backup is away; the next of the rotation stands in."),
    Warn.SAME_AS_PRIMARY: _("Primary and backup would be the same person; the next of the rotation stands in."),
    Warn.NOBODY_ON_DUTY_PRIMARY: _("Nobody is on duty as primary."),
    Warn.NOBODY_ON_DUTY_BACKUP: _("Nobody is on duty as backup."),
    Warn.LAST_RESORT: _("Nobody of the chain can be reached: the last resort is called."),
    Warn.NO_LAST_RESORT: _("No last resort is configured."),
    Warn.NO_ROTA: _("No rota covers this project."),
    Warn.OTHER_CHANNEL: _("Reached by another channel than the step names."),
}


ALARMS = {
    "tick_late": _("The workers do not work: the watchdog does what is due."),
    "escalation_error": _("A chain could not be advanced and is tried again: %(error)s"),
    "reminder_error": _("A reminder could not be sent and is tried again: %(error)s"),
    "chain_exhausted": _("Nobody answered in any round of the chain (%(project)s)."),
    "last_resort": _("Nobody of the chain could be reached: the last resort was called (%(project)s)."),
    "number_failed": _("%(name)s cannot be reached by this number or address any more (%(channel)s): %(error)s"),
    "delivery_failed": _("A message to %(name)s did not arrive (%(channel)s): %(error)s"),
    "provider_refused": _("The provider refuses the portal's account or settings: %(error)s"),
    "provider_unavailable": _("The provider did not take messages for a while: %(error)s"),
    "coverage_gap": _("In the coming weeks there are times at which nobody can answer: see the coverage."),
    "intake_rate": _("A monitoring system sends more than its key may: %(name)s (%(project)s)"),
}
"""What each kind of alarm warns of; `data` of the alarm fills it."""


def alarm_text(kind: str, data: Mapping[str, Any]) -> str:
    """The text of an alarm; an unknown kind is shown by its name rather than hidden."""
    known = defaultdict(str, data)
    if "channel" in known:
        known["channel"] = str(CHANNEL[Channel(known["channel"])])
    return str(ALARMS[kind]) % known if kind in ALARMS else kind


def reason_text(code: str) -> str:
    """The translated text of a reason's code."""
    return str(REASONS[Reason(code)])


def warning_text(code: str) -> str:
    """The translated text of a warning's code."""
    return str(WARNINGS[Warn(code)])
