"""Everything that changes an incident: one transaction each, with its timeline entry, and wake-ups on commit."""

from .altering import change_priority, move_to_project
from .calling_in import CallInRefused, call_in
from .creating import create_incident
from .ending import close, reopen, resolve
from .holding import ActionRefused, facts_now
from .noting import add_note, wait
from .taking import acknowledge, assign, pass_on, start

__all__ = [
    "ActionRefused",
    "CallInRefused",
    "acknowledge",
    "add_note",
    "assign",
    "call_in",
    "change_priority",
    "close",
    "create_incident",
    "facts_now",
    "move_to_project",
    "pass_on",
    "reopen",
    "resolve",
    "start",
    "wait",
]
