"""Everything here talks to the simulated phones."""

from .phones import case, phones, phones_process

__all__ = ["case", "phones", "phones_process"]
