"""Notices are tested with the mailbox of the simulated phones."""

from tests.routing.telephony.phones import phones, phones_process

__all__ = ["phones", "phones_process"]
