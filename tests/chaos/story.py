"""All that is known after a run: the history, the rows as they ended, and the phone provider's own record."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.phones.client import Phones
from matrix.models import Step
from portal import clock
from routing.incidents.models import Incident, TimelineEntry
from routing.paging.models import Alarm, Delivery, Escalation, Page

from .audit import Entry, history

PUBLIC_ID = re.compile(r"/telephony/\w+/([0-9a-f-]{36})/")


@dataclass(frozen=True)
class Story:
    ended_at: datetime
    entries: list[Entry]
    by_transaction: dict[str, list[Entry]]
    incidents: dict[int, Incident]
    escalations: dict[int, Escalation]
    pages: dict[int, Page]
    deliveries: dict[int, Delivery]
    pages_of: dict[int, list[int]]
    """The pages of each delivery."""
    timeline: dict[int, list[TimelineEntry]]
    """Of each incident, in order."""
    waits: dict[tuple[int, str, str], list[int]]
    """Minutes after each step, by matrix version, priority and route."""
    alarms: set[tuple[str, str]]
    """Kind and key of those that are open."""
    calls: list[dict[str, Any]]
    texts: list[dict[str, Any]]
    records: dict[str, list[str]] = field(default_factory=dict)
    """The provider's ids of calls and texts by the delivery's public id."""

    def together(self, entry: Entry, kind: str) -> list[Entry]:
        """What was written of `kind` in the entry's transaction."""
        return [each for each in self.by_transaction[entry.transaction] if each.kind == kind]

    def of_escalation(self, entry: Entry, kind: str) -> list[Entry]:
        """What is new of `kind` in the entry's transaction, of the escalation that `entry` changes."""
        name, wanted = {
            "page": ("escalation_id", entry.row),
            "timelineentry": ("incident_id", entry.after["incident_id"]),
        }[kind]
        return [each for each in self.together(entry, kind) if each.before is None and each.after[name] == wanted]

    def chain(self, incident_id: int, route: str) -> list[int]:
        """The waits of the chain under the incident's matrix version; as many as there are steps."""
        incident = self.incidents[incident_id]
        return self.waits.get((incident.matrix_version_id or 0, incident.priority, route), [])


def gather(phones: Phones) -> Story:
    entries = list(history())
    calls = [call for call in phones.calls() if call["direction"] == "outbound-api"]
    texts = [text for text in phones.messages() if text["direction"] == "out"]
    deliveries = {each.pk: each for each in Delivery.objects.all()}
    return Story(
        ended_at=clock.now(),
        entries=entries,
        by_transaction=_grouped(entries),
        incidents={each.pk: each for each in Incident.objects.all()},
        escalations={each.pk: each for each in Escalation.objects.all()},
        pages={each.pk: each for each in Page.objects.all()},
        deliveries=deliveries,
        pages_of=_pairs(Delivery.pages.through.objects.values_list("delivery_id", "page_id")),
        timeline=_timeline(),
        waits=_waits(),
        alarms=set(Alarm.objects.filter(cleared_at=None).values_list("kind", "key")),
        calls=calls,
        texts=texts,
        records=_records([*calls, *texts]),
    )


def _grouped(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found = defaultdict(list)
    for entry in entries:
        found[entry.transaction].append(entry)
    return found


def _pairs(rows: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return found


def _timeline() -> dict[int, list[TimelineEntry]]:
    found = defaultdict(list)
    for entry in TimelineEntry.objects.order_by("pk"):
        found[entry.incident_id].append(entry)
    return found


def _waits() -> dict[tuple[int, str, str], list[int]]:
    found = defaultdict(list)
    for step in Step.objects.select_related("cell").order_by("cell", "position"):
        found[step.cell.version_id, step.cell.priority, step.cell.route].append(step.wait)
    return found


def _records(records: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """A call and a text name their delivery in the addresses of their callbacks, lost or not."""
    found = defaultdict(list)
    for record in records:
        for match in {m[1] for each in record["callbacks"] if (m := PUBLIC_ID.search(each["url"]))}:
            found[match].append(record["sid"])
    return found
