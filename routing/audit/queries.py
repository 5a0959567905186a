"""The log in the order of time, the latest first: one query for everything, and one per kind of name it mentions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import BigIntegerField, CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from portal.models import AuditEntry

from .sources import SOURCES, Source

Key = tuple[datetime, int, int, int]
"""By what events are ordered: instant, place of the source, what it is about, row. All descending."""


@dataclass(frozen=True)
class Question:
    """What is asked of the log. `about` are objects as (type, number); `by` a person's number, 0 for the portal."""

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    by: int | None = None
    about: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True)
class Event:
    """One row begun, ended or noted."""

    at: datetime
    place: int
    about: int
    pk: int
    by: int | None
    why: str
    content: dict[str, Any]

    @property
    def source(self) -> Source:
        return SOURCES[self.place]

    @property
    def key(self) -> Key:
        return self.at, self.place, self.about, self.pk

    @property
    def act(self) -> tuple[Any, ...]:
        """What was done at once, by the same person to the same object, is told as one: before and after."""
        if self.source.name == "auditentry":
            return self.key
        return self.at, self.source.name, self.about, self.by


COLUMNS = ("audit_at", "audit_place", "audit_about", "audit_pk", "audit_by", "audit_why", "audit_content")
ORDER = ("-audit_at", "-audit_place", "-audit_about", "-audit_pk")


def events(question: Question, *, after: Key | None, most: int) -> list[Event]:
    """The first `most` events that come after the key, in one query that never reads far into any table."""
    asked = [
        rows for place, source in enumerate(SOURCES) if (rows := _of_source(place, source, question, after)) is not None
    ]
    if not asked:
        return []
    first, *others = [rows.order_by(*ORDER)[:most] for rows in asked]
    united = first.union(*others, all=True).order_by(*ORDER)[:most] if others else first
    return [Event(row[0].astimezone(UTC), *row[1:]) for row in united]


def _of_source(place: int, source: Source, question: Question, after: Key | None) -> QuerySet[Any, Any] | None:
    """The source's rows with the columns that all have, or None where it cannot have any."""
    wanted = _wanted(source, question)
    if wanted is None:
        return None
    rows = source.rows().filter(wanted)
    nobody = Value(None, output_field=BigIntegerField())
    rows = rows.annotate(
        audit_at=F(source.at),
        audit_place=Value(place),
        audit_about=Coalesce(Cast(F(source.about), BigIntegerField()), Value(0, output_field=BigIntegerField())),
        audit_pk=F("pk"),
        audit_by=Cast(F(source.by), BigIntegerField()) if source.by else nobody,
        audit_why=Cast(F(source.why), CharField()) if source.why else Value("", output_field=CharField()),
        audit_content=source.content(),
    )
    if after is not None:
        rows = rows.filter(_later_in_the_list(place, after))
    found: QuerySet[Any, Any] = rows.values_list(*COLUMNS)
    return found


def _wanted(source: Source, question: Question) -> Q | None:
    entry = source.model is AuditEntry
    wanted = Q()
    if question.since:
        wanted &= Q(**{f"{source.at}__gte": question.since})
    if question.until:
        wanted &= Q(**{f"{source.at}__lt": question.until})
    if question.kind and entry:
        wanted &= Q(kind=question.kind)
    elif question.kind and source.kind != question.kind:
        return None
    if question.by is not None:
        if source.by is None:
            return None
        wanted &= Q(**{source.by: question.by}) if question.by else Q(**{f"{source.by}__isnull": True})
    if question.about is not None:
        return _about(source, question.about, wanted)
    return wanted


def _about(source: Source, objects: Iterable[tuple[str, int]], wanted: Q) -> Q | None:
    ways = Q()
    for kind, pk in objects:
        if source.model is AuditEntry:
            ways |= Q(object_type=kind, object_id=pk)
        elif path := source.found_by.get(kind):
            # By a subquery, so that a way through many rows does not give the same row twice.
            ways |= Q(pk__in=source.model._base_manager.filter(**{path: pk}).values("pk"))
    return wanted & ways if ways else None


def _later_in_the_list(place: int, after: Key) -> Q:
    """Further on in the descending order. The source is the same for all its rows, so it is compared here."""
    at, its_place, about, pk = after
    if place < its_place:
        return Q(audit_at__lte=at)
    further = Q(audit_at__lt=at)
    if place == its_place:
        further |= Q(audit_at=at) & (Q(audit_about__lt=about) | Q(audit_about=about, audit_pk__lt=pk))
    return further


def acts(question: Question, *, after: Key | None, most: int) -> tuple[list[list[Event]], Key | None]:
    """About `most` events as acts, and the key after which the next page begins; None where there is no more.

    An act is not torn in two, unless it alone is longer than a page.
    """
    found = events(question, after=after, most=most + 1)
    more = len(found) > most
    groups = _grouped(found[:most])
    if more and len(groups) > 1 and found[most].at == groups[-1][-1].at:
        # The last instant may go on: it is told whole on the next page.
        whole = [group for group in groups if group[0].at != found[most].at]
        groups = whole or groups
    last = min((event.key for group in groups for event in group), default=None)
    return groups, last if more else None


def _grouped(found: Sequence[Event]) -> list[list[Event]]:
    """The events of each act together. What ends and what begins a row are different places at one instant."""
    groups: dict[tuple[Any, ...], list[Event]] = {}
    for event in found:
        groups.setdefault(event.act, []).append(event)
    return list(groups.values())
