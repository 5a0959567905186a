"""What a batch of chains has to write: gathered while they are walked, then written together.

So the tick needs about as many statements for fifty chains as for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from routing.decision import Link
from routing.incidents.models import Incident, TimelineEntry
from routing.incidents.timeline import entry

from .alarms import raise_alarm
from .calling import Call, call_all
from .models import Escalation
from .outbox import Message

KEPT = (
    "state",
    "route",
    "round",
    "step",
    "step_due_at",
    "due_at",
    "called",
    "joined",
    "capped_waits",
    "on_call",
    "rounds_left",
)
"""What walking a chain changes of it."""


@dataclass
class _Line:
    """One entry of a timeline to come; of a call it tells the channels, which are known once it is made."""

    incident: Incident
    kind: str
    data: dict[str, Any]
    public: bool = False
    call: int | None = None


@dataclass
class Ledger:
    """Used inside one transaction: note everything, then `commit` once."""

    now: datetime
    _lines: list[_Line] = field(default_factory=list)
    _calls: list[Call] = field(default_factory=list)
    _alarms: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    _escalations: list[Escalation] = field(default_factory=list)

    def write(self, incident: Incident, kind: str, *, public: bool = False, **data: Any) -> None:
        """Note an entry of the timeline."""
        self._lines.append(_Line(incident, kind, data, public))

    def call(self, escalation: Escalation, link: Link, kind: str, *, route: str | None = None, **more: Any) -> None:
        """Note that everybody of `link` is called, and the entry of `kind` that tells it."""
        data = {
            "role": link.role,
            "names": [callee.name for callee in link.people],
            "channels": list(link.channels),
            "reason": link.reason,
            "timing": link.timing,
            "round": escalation.round,
            **more,
        }
        self._lines.append(_Line(escalation.incident, kind, data, call=len(self._calls)))
        self._calls.append(Call(escalation, escalation.round, link, route or link.route))

    def alarm(self, kind: str, key: str, **data: Any) -> None:
        self._alarms.append((kind, key, data))

    def keep(self, escalation: Escalation) -> None:
        """Note that the escalation, which is locked, is to be saved."""
        self._escalations.append(escalation)

    def commit(self) -> list[Message]:
        """Write everything; what is to be told, for `outbox.post`."""
        told = call_all(self._calls, now=self.now)
        TimelineEntry.objects.bulk_create(self._entry(line, told) for line in self._lines)
        # An upsert of rows that are there and locked: one statement of plain values for all of them.
        Escalation.objects.bulk_create(
            self._escalations, update_conflicts=True, unique_fields=["id"], update_fields=KEPT
        )
        for kind, key, data in self._alarms:
            raise_alarm(kind, key, now=self.now, **data)
        return [message for messages in told for message in messages]

    def _entry(self, line: _Line, told: Sequence[Sequence[Message]]) -> TimelineEntry:
        if line.call is not None and (channels := dict.fromkeys(message.channel for message in told[line.call])):
            line.data["channels"] = list(channels)
        return entry(line.incident, line.kind, now=self.now, public=line.public, **line.data)
