"""Everything that changes an incident: one transaction each, with its timeline entry, and wake-ups on commit."""

from .altering import ConsentMissing, asks_consent, change_priority, move_to_project
from .calling_in import CallInRefused, call_in
from .creating import create_incident
from .ending import close, reopen, resolve
from .holding import ActionRefused, ChangedMeanwhile, facts_now, require_unchanged, state_of
from .links import relate, unrelate
from .merging import MergeRefused, merge
from .noting import add_note, wait
from .taking import acknowledge, assign, pass_on, start
from .undoing import UNDO_FOR, Before, undo

__all__ = [
    "UNDO_FOR",
    "ActionRefused",
    "Before",
    "CallInRefused",
    "ChangedMeanwhile",
    "ConsentMissing",
    "MergeRefused",
    "acknowledge",
    "add_note",
    "asks_consent",
    "assign",
    "call_in",
    "change_priority",
    "close",
    "create_incident",
    "facts_now",
    "merge",
    "move_to_project",
    "pass_on",
    "relate",
    "reopen",
    "require_unchanged",
    "resolve",
    "start",
    "state_of",
    "undo",
    "unrelate",
    "wait",
]
