"""Incidents that belong together. Links are read through `linked_to`, which shows nobody more than they may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from portal.models import Person

from .holding import lock_both
from .models import Incident, IncidentLink
from .timeline import write

if TYPE_CHECKING:
    from routing.intake.models import IntakeKey


class Tie(StrEnum):
    """How another incident stands to the one at hand."""

    RELATED = "related"
    DUPLICATE_OF = "duplicate_of"
    DUPLICATED_BY = "duplicated_by"


@dataclass(frozen=True, slots=True)
class Linked:
    """An incident beside the one at hand, how it stands to that, and since when by whose doing."""

    incident: Incident
    tie: Tie
    by: Person | None
    at: datetime


def linked_to(incident: Incident, reader: Person) -> list[Linked]:
    """The incidents linked to this one that `reader` may see, in the order they were linked; one query."""
    links = IncidentLink.objects.visible_to(reader).of(incident)
    rows = links.select_related("incident__project", "other__project", "linked_by").order_by("pk")
    return [_from(incident, link) for link in rows]


def merged_among(key: "IntakeKey", dedup_keys: Iterable[str]) -> list[IncidentLink]:
    """By which incidents of these dedup keys were merged into one that is open, the latest of each key last."""
    links = IncidentLink.objects.filter(
        kind=IncidentLink.Kind.DUPLICATE,
        incident__intake_key=key,
        incident__dedup_key__in=list(dedup_keys),
        other__in=Incident.objects.open(),
    )
    return list(links.select_related("incident", "other").order_by("pk"))


@transaction.atomic
def relate(incident: Incident, other: Incident, *, by: Person, now: datetime) -> IncidentLink:
    """The two have to do with each other, which both timelines tell the provider's people; twice changes nothing.

    `ValueError` for an incident and itself. A duplicate stays one: that says more.
    """
    if incident.pk == other.pk:
        raise ValueError("an incident is not related to itself")
    lock_both(incident, other)
    first, second = sorted((incident, other), key=lambda each: each.pk)
    try:
        with transaction.atomic():
            link = IncidentLink.objects.create(incident=first, other=second, linked_by=by, linked_at=now)
    except IntegrityError:
        return IncidentLink.objects.of(first).of(second).get()
    write(incident, "linked", now=now, by=by, number=other.number)
    write(other, "linked", now=now, by=by, number=incident.number)
    return link


@transaction.atomic
def unrelate(incident: Incident, other: Incident, *, by: Person, now: datetime) -> bool:
    """They have nothing to do with each other after all; whether they were linked. A duplicate stays one."""
    lock_both(incident, other)
    links = IncidentLink.objects.of(incident).of(other).filter(kind=IncidentLink.Kind.RELATED)
    gone, _rows = links.delete()
    if gone:
        write(incident, "unlinked", now=now, by=by, number=other.number)
        write(other, "unlinked", now=now, by=by, number=incident.number)
    return bool(gone)


def _from(incident: Incident, link: IncidentLink) -> Linked:
    here = link.incident_id == incident.pk
    tie = Tie.RELATED
    if link.kind == IncidentLink.Kind.DUPLICATE:
        tie = Tie.DUPLICATE_OF if here else Tie.DUPLICATED_BY
    return Linked(link.other if here else link.incident, tie, link.linked_by, link.linked_at)
