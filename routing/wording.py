"""Reasons and warnings of a decision in the reader's language."""

from django.utils.translation import gettext_lazy as _

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


def reason_text(code: str) -> str:
    """The translated text of a reason's code."""
    return str(REASONS[Reason(code)])


def warning_text(code: str) -> str:
    """The translated text of a warning's code."""
    return str(WARNINGS[Warn(code)])
