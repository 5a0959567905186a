"""What became of a message, in the reader's language. Never to whom it went: numbers and addresses are private."""

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matrix.terms import Channel

from .models import Delivery

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

State = Delivery.State
OUTCOMES: "dict[str, StrPromise]" = {
    State.QUEUED: gettext_lazy("waits to be sent"),
    State.SENDING: gettext_lazy("is being sent"),
    State.ACCEPTED: gettext_lazy("the provider has it"),
    State.DELIVERED: gettext_lazy("delivered"),
    State.FAILED: gettext_lazy("failed"),
    State.UNKNOWN: gettext_lazy("not known whether it arrived; the provider is asked"),
    State.CANCELLED: gettext_lazy("not needed any more"),
}
CALL_OUTCOMES: "dict[str, StrPromise]" = {
    State.QUEUED: gettext_lazy("waits to be placed"),
    State.SENDING: gettext_lazy("is being placed"),
    State.ACCEPTED: gettext_lazy("rings"),
    State.DELIVERED: gettext_lazy("was picked up"),
}
"""Of a call, where that is said in other words than of a message."""
KINDS: "dict[str, StrPromise]" = {
    Delivery.Kind.STAND_DOWN: gettext_lazy("told that no answer is needed any more"),
    Delivery.Kind.REMINDER: gettext_lazy("reminded"),
}
"""What a message was for, where it was no page."""

ERRORS: "dict[str, StrPromise]" = {
    "busy": gettext_lazy("the line was busy"),
    "no-answer": gettext_lazy("nobody picked up"),
    "failed": gettext_lazy("the call could not be put through"),
    "undelivered": gettext_lazy("the message could not be delivered"),
    "13224": gettext_lazy("the number is invalid, or no carrier can reach it"),
    "13225": gettext_lazy("the provider blocks this number"),
    "13226": gettext_lazy("the country code is invalid"),
    "21211": gettext_lazy("not a valid number"),
    "21214": gettext_lazy("the number cannot be reached"),
    "21217": gettext_lazy("not a valid number"),
    "21265": gettext_lazy("a short code cannot be reached"),
    "21610": gettext_lazy("the recipient has unsubscribed by replying STOP"),
    "21614": gettext_lazy("not a mobile number"),
    "21635": gettext_lazy("a landline cannot receive messages"),
    "30003": gettext_lazy("the handset is switched off or out of reach"),
    "30004": gettext_lazy("the recipient blocks messages"),
    "30005": gettext_lazy("the number is unknown or no longer in service"),
    "30006": gettext_lazy("a landline, or the carrier cannot be reached"),
    "30007": gettext_lazy("the carrier filtered it out"),
}
"""By the provider's word or code (https://www.twilio.com/docs/api/errors)."""
SIP_ERRORS: "dict[str, StrPromise]" = {
    "404": gettext_lazy("the network does not know the number"),
    "410": gettext_lazy("the number is no longer in service"),
    "480": gettext_lazy("the handset is switched off or out of reach"),
    "484": gettext_lazy("the number is incomplete"),
    "486": gettext_lazy("the line was busy"),
    "603": gettext_lazy("the call was declined"),
    "604": gettext_lazy("the number exists nowhere"),
}
"""By what the called network answered (RFC 3261)."""

CODE = re.compile(r"^(\d{5})\b")
SIP = re.compile(r"\bSIP (\d{3})\b")
LONG_NUMBER = re.compile(r"\+?\d[\d ()/-]{6,}\d")


def outcome_text(delivery: Delivery) -> str:
    """How far the message has come ("the call was picked up"), without why it failed."""
    if delivery.channel == Channel.VOICE and delivery.state in CALL_OUTCOMES:
        return str(CALL_OUTCOMES[delivery.state])
    return str(OUTCOMES[State(delivery.state)])


def error_text(error: str) -> str:
    """What went wrong, in words; one that is not known is shown as the provider put it, without numbers called."""
    if not error:
        return ""
    if code := CODE.match(error):
        known = ERRORS.get(code[1])
        return _("%(text)s (code %(code)s)") % {"text": known, "code": code[1]} if known else _hidden(error)
    if sip := SIP.search(error):
        known = SIP_ERRORS.get(sip[1])
        return _("%(text)s (code %(code)s)") % {"text": known or ERRORS["failed"], "code": f"SIP {sip[1]}"}
    return str(ERRORS[error]) if error in ERRORS else _hidden(error)


def _hidden(error: str) -> str:
    """A provider may repeat the number called; an address of mail is cut likewise."""
    return re.sub(r"\S+@\S+", "…", LONG_NUMBER.sub("…", error))
