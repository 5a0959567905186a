"""Takes monitoring's signals in: each is kept, and opens, joins or resolves an incident."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property

from django.db import IntegrityError, transaction
from django.db.models import JSONField, Value

from portal.kill_points import kill_point
from routing.gather import ProjectFacts, gather
from routing.incidents import services as incidents
from routing.incidents.links import merged_among
from routing.incidents.models import Incident, IncidentLink
from routing.incidents.timeline import write
from routing.paging.models import Escalation

from .formats import Event, Refused
from .keys import create_intake_key, find_key
from .models import IntakeKey, Signal
from .severity import priority_of

__all__ = ["create_intake_key", "find_key", "take_in"]


BATCH = 100
"""Events of one request that are taken in at once: what they lock is held for about a second at most."""


def take_in(key: IntakeKey, format_name: str, events: Sequence[Event | Refused], *, now: datetime) -> list[Incident]:
    """Keep every event as a signal, in one transaction with what it does; answer with the incidents touched.

    A firing event joins the open incident with its dedup key or opens one (a repeat leaves nothing but its signal: such
    systems send again every few minutes); a resolved one resolves it. Events of one dedup key count in their order.
    Look-ups are made for a whole batch: the number of queries grows with incidents opened or resolved only. Should it
    break off between two batches, the sender gets no 2xx and sends again; what was taken in already is joined then.
    """
    batches = (events[first : first + BATCH] for first in range(0, len(events), BATCH))
    touched = [incident for batch in batches for incident in _take_in(key, format_name, batch, now=now)]
    return _distinct(touched)


@transaction.atomic
def _take_in(key: IntakeKey, format_name: str, events: Sequence[Event | Refused], *, now: datetime) -> list[Incident]:
    # One request per key at a time. Two with the same new alerts would else wait for each other crosswise.
    IntakeKey.objects.select_for_update(no_key=True).filter(pk=key.pk).values_list("pk").get()
    signals = [_signal(key, format_name, event, now) for event in events]
    usable = [(event, signal) for event, signal in zip(events, signals, strict=True) if isinstance(event, Event)]
    dedup_keys = {event.dedup_key for event, _ in usable} - {""}
    ending = {event.dedup_key for event, _ in usable if not event.firing}
    book = _Book(key, now)

    # Opening takes longest, so it comes before the locks that people's answers and the tick would wait for.
    book.look_up(dedup_keys)
    for event, signal in usable:
        if event.dedup_key not in ending and not book.knows(event):
            signal.incident = book.enter(event)
    left = [(event, signal) for event, signal in usable if signal.incident is None]
    if left:
        book.lock()
        book.look_up(dedup_keys)
        for event, signal in left:
            signal.incident = book.enter(event)

    Signal.objects.bulk_create(signals)
    kill_point("before_intake_commit")
    return [signal.incident for signal in signals if signal.incident]


class _Book:
    """The open incidents of one key by their dedup key."""

    def __init__(self, key: IntakeKey, now: datetime) -> None:
        self.key = key
        self.now = now
        self.open: dict[str, Incident] = {}
        self.merged: dict[str, IncidentLink] = {}

    @cached_property
    def known(self) -> ProjectFacts:
        """The project's facts, gathered once for all incidents of the batch."""
        return gather([self.key.project], at=self.now, known_at=self.now)[self.key.project_id]

    def look_up(self, dedup_keys: Iterable[str]) -> None:
        """Only what tells them apart is read: most are joined and not touched."""
        found = Incident.objects.open().filter(intake_key=self.key, dedup_key__in=dedup_keys)
        self.open = {incident.dedup_key: incident for incident in found.only("dedup_key")}
        if unknown := [key for key in dedup_keys if key not in self.open]:
            self.merged = {link.incident.dedup_key: link for link in merged_among(self.key, unknown)}

    def knows(self, event: Event) -> bool:
        return event.dedup_key in self.open or event.dedup_key in self.merged

    def lock(self) -> None:
        """Nobody ends an incident while a signal joins it: whoever changes one locks its escalation first."""
        touched = [*self.open.values(), *(link.other for link in self.merged.values())]
        found = Escalation.objects.filter(incident__in=touched).order_by("pk")
        list(found.select_for_update(of=("self",)).values_list("pk"))

    def enter(self, event: Event) -> Incident | None:
        """What the event does; the incident it belongs to, if any."""
        incident = self.open.get(event.dedup_key)
        if incident is None and (link := self.merged.get(event.dedup_key)):
            return self._follow(link, firing=event.firing)
        if not event.firing:
            return self._resolve(incident) if incident else None
        if incident is None:
            incident = self._create(event)
            if event.dedup_key:
                self.open[event.dedup_key] = incident
        return incident

    def _follow(self, link: IncidentLink, *, firing: bool) -> Incident:
        """Its own incident was merged into another: a repeat joins that; that it is over is for people to judge."""
        if not firing:
            write(link.other, "signal_over", now=self.now, actor_name=self.key.name, number=link.incident.number)
        return link.other

    def _resolve(self, incident: Incident) -> Incident:
        del self.open[incident.dedup_key]
        return incidents.resolve(
            incident, by=None, now=self.now, reason=Incident.Source.MONITORING, actor_name=self.key.name
        )

    def _create(self, event: Event) -> Incident:
        try:
            return incidents.create_incident(
                project=self.key.project,
                priority=priority_of(event, self.key),
                title=event.title,
                description=event.description,
                source=Incident.Source.MONITORING,
                by=None,
                now=self.now,
                reported_at=self.now,
                intake_key=self.key,
                dedup_key=event.dedup_key,
                actor_name=self.key.name,
                known=self.known,
            )
        except IntegrityError:
            # Somebody reopened the earlier incident with this dedup key at this very moment: join it.
            return Incident.objects.open().get(intake_key=self.key, dedup_key=event.dedup_key)


def _signal(key: IntakeKey, format_name: str, event: Event | Refused, now: datetime) -> Signal:
    # A bare None would be SQL's NULL, not JSON's.
    raw = Value(None, JSONField()) if event.raw is None else event.raw
    signal = Signal(key=key, format=format_name, raw=raw, received_at=now)
    if isinstance(event, Refused):
        signal.state = Signal.State.REFUSED
        signal.refused_why = f"{event.field}: {event.why}"[:300]
    else:
        signal.state = Signal.State.FIRING if event.firing else Signal.State.RESOLVED
        signal.dedup_key = event.dedup_key
    return signal


def _distinct(found: Iterable[Incident]) -> list[Incident]:
    return list({incident.pk: incident for incident in found}.values())
