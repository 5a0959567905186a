"""The formats in which monitoring systems post. A further one is a module with `parse` and a line here."""

from . import alertmanager, generic
from .events import Event, Parser, PayloadError, Refused

FORMATS: dict[str, Parser] = {
    "alertmanager": alertmanager.parse,
    "generic": generic.parse,
}

__all__ = ["FORMATS", "Event", "Parser", "PayloadError", "Refused"]
