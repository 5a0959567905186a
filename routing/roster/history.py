"""Who has changed a roster lately, and what: also what is shown to whoever was about to change it too."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from oncall.models import Absence, Override, Rota, RotaCoverage, Rotation, RotationMember
from portal.models import Person
from routing.duty.forms import period_text
from routing.duty.letters import LINE
from routing.presentation import person_for

from .known import when

MOST = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """`added` is whether it was recorded, else it was withdrawn or replaced."""

    at: datetime
    who: str
    why: str
    text: str
    added: bool


def changes(rotas: Iterable[Rota], *, reader: Person, since: datetime | None = None) -> list[Entry]:
    """The latest changes, newest first; with `since` all from then on."""
    ids = [rota.pk for rota in rotas]
    people = RotationMember.objects.filter(rotation__rota__in=ids).values("person")
    sources = [
        Rotation.objects.filter(rota__in=ids).prefetch_related("places__person"),
        Override.objects.filter(rota__in=ids).select_related("person"),
        RotaCoverage.objects.filter(rota__in=ids).select_related("project"),
        Absence.objects.filter(person__in=people, kind="day").select_related("person"),
    ]
    found = [each for rows in sources for row in _latest(rows, since) for each in _entries(row, reader, since)]
    return sorted(found, key=lambda each: each.at, reverse=True)[: None if since else MOST]


def _latest(rows: Any, since: datetime | None) -> Any:
    rows = rows.exclude(recorded__isempty=True).select_related("recorded_by", "closed_by")
    if since:
        return rows.filter(Q(recorded__startswith__gte=since) | Q(recorded__endswith__gte=since))
    return rows.order_by("-pk")[:MOST]


def _entries(row: Any, reader: Person, since: datetime | None) -> Iterator[Entry]:
    begun, closed = row.recorded.lower, row.recorded.upper
    if since is None or begun >= since:
        yield Entry(begun.astimezone(UTC), _name(row.recorded_by, reader), row.recorded_why, _text(row, reader), True)
    if closed and (since is None or closed >= since):
        yield Entry(closed.astimezone(UTC), _name(row.closed_by, reader), row.closed_why, _text(row, reader), False)


def _name(person: Person | None, reader: Person) -> str:
    shown = person_for(person, reader)
    return shown["name"] if shown else ""


def _text(row: Any, reader: Person) -> str:
    if isinstance(row, Rotation):
        begins: Any = row.valid.lower  # a constraint sees to it that there is one
        words = {"line": LINE[row.line], "names": ", ".join(_name(p.person, reader) for p in row.places.all())}
        return _("Rotation of %(line)s from %(start)s: %(names)s") % {**words, "start": when(begins)}
    if isinstance(row, RotaCoverage):
        return _("Covers the project %(project)s") % {"project": row.project.name}
    words = {"name": _name(row.person, reader), "period": period_text(row.period.lower, row.period.upper)}
    if isinstance(row, Override):
        return _("%(name)s holds %(line)s, %(period)s") % {**words, "line": LINE[row.line]}
    return _("%(name)s is away, %(period)s") % words
