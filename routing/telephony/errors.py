"""Why something was not sent, and what the provider's error codes mean: is the number at fault, or the request?

Codes and their meaning are from Twilio's error dictionary, https://www.twilio.com/docs/api/errors. Twilio adds codes
over time, so only those that surely condemn the number called are listed; everything else leaves the number in use.
"""


class ProviderError(Exception):
    """The provider (of phone, SMS or mail) did not do what it was asked to."""


class TemporaryError(ProviderError):
    """Surely not done; asking again later may help. `retry_after`: seconds the provider asked to wait.

    `account`: the account or its settings are at fault, which an administrator must mend.
    """

    def __init__(self, text: str, *, retry_after: float | None = None, account: bool = False) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.account = account


class UnknownOutcome(ProviderError):
    """It may have been done: no answer came to a request that was sent."""


class PermanentError(ProviderError):
    """Refused, and asking again is in vain. `number`: because of the number or address."""

    def __init__(self, text: str, *, number: bool) -> None:
        super().__init__(text)
        self.number = number


NUMBER_FAILED = {
    13225: "number is blocked by the provider",
    13226: "country code is invalid",
    21211: "not a valid number",
    21217: "not a valid number",
    21265: "a short code cannot be reached",
    21610: "the recipient has unsubscribed (STOP)",
    21614: "not a mobile number",
    21635: "a landline cannot receive messages",
    30004: "messages are blocked by the recipient",
    30005: "number is unknown or no longer in service",
}
"""Asking again with this number is in vain. 30003 (handset switched off) passes and is not among them."""

DELIVERY_FAILED = {
    13224: "number is invalid, or no carrier can reach it",
    21214: "number cannot be reached",
    30006: "landline, or the carrier cannot be reached",
    30007: "filtered by the carrier",
}
"""In vain for this delivery; but a carrier's outage has the same code, so the number stays in use."""

SIP_NUMBER_FAILED = frozenset({404, 410, 484, 604})
"""Answers of the called network (RFC 3261) that say that the number does not exist, or no longer."""

ACCOUNT_FAILED = frozenset(
    {
        10001,  # account is not active
        20003,  # authentication failed
        20005,  # account is not active
        21210,  # the number called from is not verified
        21212,  # the number called from is invalid
        21606,  # the number called from cannot send messages
        21660,  # the number called from does not belong to the account
    }
)
"""The account or its number is at fault: every delivery is struck until an administrator has mended it."""


def describe(code: int | None, message: str) -> str:
    """An error as an administrator reads it, at most 300 characters."""
    if not code:
        return message[:300]
    known = NUMBER_FAILED.get(code) or DELIVERY_FAILED.get(code)
    return f"{code}: {known or message}"[:300]
