"""How messages to oneself fared, and why a number does not work any more, in the reader's language."""

import re

from django.utils.translation import gettext_lazy as _

from matrix.terms import Channel
from routing.paging.models import Delivery

State = Delivery.State
STATES = {
    State.QUEUED: _("waits to be sent"),
    State.SENDING: _("is being sent"),
    State.ACCEPTED: _("on its way"),
    State.UNKNOWN: _("sent; whether it arrived is being looked up"),
    State.DELIVERED: _("arrived"),
    State.CANCELLED: _("not needed any more"),
}
CALL_STATES = {
    State.ACCEPTED: _("rings"),
    State.DELIVERED: _("picked up"),
}
MAIL_STATES = {State.DELIVERED: _("handed to the mail server")}
NOT_ANSWERED = {"busy": _("busy"), "no-answer": _("not answered")}
UNKNOWN_NUMBER = _("the number is unknown or no longer in service")
REASONS = {
    13224: _("the number is invalid, or no carrier reaches it"),
    13225: _("the provider has blocked the number"),
    13226: _("the country code is invalid"),
    21211: _("this is not a valid number"),
    21214: _("the number cannot be reached"),
    21217: _("this is not a valid number"),
    21265: _("a short code cannot be reached"),
    21610: _("you have unsubscribed by STOP: write START to the number the messages came from"),
    21614: _("this is not a mobile number"),
    21635: _("a landline cannot receive text messages"),
    30003: _("the phone was switched off or out of reach"),
    30004: _("the phone blocks these messages"),
    30005: UNKNOWN_NUMBER,
    30006: _("a landline, or the carrier cannot be reached"),
    30007: _("the carrier filtered the message"),
}
"""By the provider's codes; see `routing/telephony/errors.py`, whose texts are for administrators."""


def outcome(delivery: Delivery) -> str:
    """What became of a message, as its recipient reads it."""
    state = State(delivery.state)
    if state is State.FAILED:
        return reason(delivery.error)
    special = {Channel.VOICE: CALL_STATES, Channel.EMAIL: MAIL_STATES}.get(Channel(delivery.channel), {})
    return str(special.get(state) or STATES[state])


def reason(error: str) -> str:
    """Why a message did not arrive; what nobody has words for is shown as the provider said it."""
    if error in NOT_ANSWERED:
        return str(NOT_ANSWERED[error])
    code = re.match(r"(\d{5}): ", error)
    if code and int(code[1]) in REASONS:
        return str(REASONS[int(code[1])])
    if re.search(r"SIP (404|410|484|604)\b", error):
        return str(UNKNOWN_NUMBER)
    return str(_("did not arrive: %(error)s") % {"error": error}) if error else str(_("did not arrive"))
