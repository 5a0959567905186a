"""What each line of a timeline changed: the status and who has the incident, before and after.

The timeline tells what came; what was before follows from the lines before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.incidents.models import Incident, Status, TimelineEntry

BECOMES: dict[str, str] = {
    "reported": Status.NEW,
    "acknowledged": Status.ACKNOWLEDGED,
    "started": Status.IN_PROGRESS,
    "waiting": Status.WAITING,
    "wait_over": Status.IN_PROGRESS,
    "answered": Status.IN_PROGRESS,
    "passed_on": Status.NEW,
    "no_progress": Status.NEW,
    "resolved": Status.RESOLVED,
    "closed": Status.CLOSED,
    "reopened": Status.NEW,
    "merged": Status.CLOSED,
}
"""The status after each kind of line."""
LETS_GO = ("passed_on", "no_progress", "reopened")
TAKES_BACK = {"resolve": "resolved", "close": "closed", "assign": "assigned", "merge": "merged"}
"""What was taken back, by the kind of the line that had done it: all is as it was before that one."""
KINDS = (*BECOMES, "assigned", "taken_over", "undone")
PASSED_OVER = "passed_over"
MOST_PASSED_OVER = 60
"""So many of those who were passed over are drawn, the latest."""


class State(NamedTuple):
    """How an incident stands after a line."""

    status: str = ""
    assignee: str = ""


@dataclass(frozen=True)
class Change:
    """One thing that a line changed, in words."""

    what: Promise | str
    before: str
    after: str


@dataclass(frozen=True)
class Past:
    """Before and after of each line that changed something, by its key; and who was passed over when, oldest first.

    The chain's drawing needs the latter, and both are read at once.
    """

    steps: dict[int, tuple[State, State]]
    passed_over: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)


Row = tuple[int, str, str | None, str, dict[str, Any]]


def past_of(incident: Incident) -> Past:
    """Read the lines that change the incident's status or who has it; for the provider's people."""
    rows = incident.timeline.filter(kind__in=[*KINDS, PASSED_OVER]).order_by("pk")
    read = list(rows.values_list("pk", "kind", "actor__name", "actor_name", "data", "at"))
    steps = fold(row[:5] for row in read if row[1] != PASSED_OVER).steps
    passed_over = [(row[5], row[4]) for row in read if row[1] == PASSED_OVER]
    return Past(steps, passed_over[-MOST_PASSED_OVER:])


def fold(rows: Iterable[Row]) -> Past:
    """Walk through the lines, the oldest first."""
    steps: dict[int, tuple[State, State]] = {}
    state = State()
    before: dict[str, State] = {}
    for key, kind, person, other, data in rows:
        after = State(BECOMES.get(kind, state.status), _assignee(state, kind, person or "", other, data))
        if kind == "undone":
            after = before.get(TAKES_BACK.get(data.get("what", ""), ""), state)
        before[kind] = state
        steps[key] = (state, after)
        state = after
    return Past(steps)


def _assignee(state: State, kind: str, person: str, other: str, data: dict[str, Any]) -> str:
    if kind == "assigned":
        return str(data.get("assignee", ""))
    if kind == "acknowledged" and data.get("via") == "assignment":
        # Whoever gave it to a team has answered; the team has it, as the line before says.
        return state.assignee
    if kind in ("acknowledged", "taken_over"):
        return person or other
    if kind == "resolved":
        return state.assignee or person
    return "" if kind in LETS_GO else state.assignee


STATUS = gettext_lazy("Status")
ASSIGNEE = gettext_lazy("Assigned to")


def changes_of(entry: TimelineEntry, past: Past) -> list[Change]:
    """What the line changed; the first line of all changes nothing, and what a sentence says itself is left to it."""
    if entry.pk not in past.steps:
        return []
    before, after = past.steps[entry.pk]
    found: list[Change] = []
    if before.status and before.status != after.status:
        found.append(Change(STATUS, str(Status(before.status).label), str(Status(after.status).label)))
    if before.assignee != after.assignee:
        found.append(Change(ASSIGNEE, before.assignee or _("nobody"), after.assignee or _("nobody")))
    return found
