"""Sending is tested with the simulated phones too."""

from tests.routing.telephony.phones import case, phones, phones_process

__all__ = ["case", "phones", "phones_process"]
