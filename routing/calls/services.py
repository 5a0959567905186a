"""What a call becomes: an incident or a request of its own, or one more call about one that is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from matrix.models import Topic
from matrix.terms import Priority
from portal.models import Person, Project
from routing.incidents.links import relate
from routing.incidents.models import OPEN_STATUSES, Incident
from routing.incidents.services import ActionRefused, assign, create_incident
from routing.incidents.timeline import write

from .models import Call


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called: somebody the portal knows, or a `name`, or a `phone` alone (E.164), perhaps nothing at all."""

    person: Person | None = None
    name: str = ""
    phone: str = ""
    proven: bool = False

    @property
    def shown(self) -> str:
        """How the timeline names them: never by their number."""
        return self.person.name if self.person else self.name

    @property
    def is_known(self) -> bool:
        return bool(self.person or self.name or self.phone)


@transaction.atomic
def log_call(
    *,
    project: Project,
    caller: Caller,
    title: str,
    priority: str,
    began_at: datetime,
    by: Person,
    now: datetime,
    description: str = "",
    topic: Topic | None = None,
    take: bool = False,
    connect_to: Person | None = None,
    related: Iterable[Incident] = (),
) -> Incident:
    """An incident (or a request, with `topic`) that somebody reported by phone; targets count from `began_at`.

    Then `by` takes it; or the caller is connected to a colleague, who has it from then on, whose response it is, and
    who is told; or, without either, its chain starts. It is linked to those it is `related` to.
    """
    incident = create_incident(
        project=project,
        kind=Incident.Kind.REQUEST if topic else Incident.Kind.INCIDENT,
        topic=topic,
        priority=Priority.MINOR if topic else priority,
        title=title,
        description=description,
        source=Incident.Source.PHONE,
        by=by,
        now=now,
        reporter=caller.person,
        reported_at=began_at,
        take=take,
        handed=connect_to is not None,
        and_first=lambda made: _keep(made, caller, began_at=began_at, by=by, now=now),
    )
    if connect_to is not None:
        incident = assign(incident, assignee=connect_to, by=by, now=now)
        write(incident, "connected", now=now, by=by, name=connect_to.name)
    for other in related:
        relate(incident, other, by=by, now=now)
    return incident


@transaction.atomic
def add_call(incident: Incident, *, caller: Caller, text: str, began_at: datetime, by: Person, now: datetime) -> None:
    """One more call about an open incident, with what the caller said; its course and its clocks stay as they are.

    Raises `ActionRefused` once it is resolved.
    """
    fresh = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if fresh.status not in OPEN_STATUSES:
        raise ActionRefused("add_call", fresh.status)
    _keep(fresh, caller, began_at=began_at, by=by, now=now, text=text)


def _keep(incident: Incident, caller: Caller, *, began_at: datetime, by: Person, now: datetime, text: str = "") -> None:
    if caller.is_known:
        Call.objects.create(
            incident=incident,
            person=caller.person,
            name=caller.name,
            phone=caller.phone,
            proven=caller.proven,
            began_at=began_at,
            taken_by=by,
        )
    said: dict[str, Any] = {"name": caller.shown, "proven": caller.proven, "text": text}
    write(incident, "called", now=now, by=by, **said)
