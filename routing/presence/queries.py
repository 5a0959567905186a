"""Reads of presence: who is away until when, and what is planned."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from oncall.models import Absence
from oncall.rotation import AbsenceKind
from portal.hours import Hours
from portal.models import Assignment, Person, ProjectSupport
from portal.queries import hours_facts

from .times import end_of_day


@dataclass(frozen=True)
class Presence:
    """Where somebody stands: their absences under way, and those to come by their begin."""

    running: tuple[Absence, ...] = ()
    planned: tuple[Absence, ...] = ()

    @cached_property
    def until(self) -> datetime | None:
        """When the last absence under way ends; None while present."""
        return max((row.ends for row in self.running), default=None)

    @property
    def away(self) -> bool:
        """Whether it is days, not a meeting."""
        return any(row.kind == AbsenceKind.DAY for row in self.running)


PRESENT = Presence()


def presence_of(people: Iterable[Person], *, now: datetime) -> dict[int, Presence]:
    """Person → presence, for those of whom any absence is recorded that has not ended; one query for all."""
    rows = Absence.objects.current().filter(person__in=list(people), period__endswith__gt=now)
    found: dict[int, list[Absence]] = {}
    for row in rows.select_related("recorded_by").order_by("period", "pk"):
        found.setdefault(row.person_id, []).append(row)
    return {
        person: Presence(
            tuple(row for row in rows if row.starts <= now), tuple(row for row in rows if row.starts > now)
        )
        for person, rows in found.items()
    }


def colleagues() -> list[Person]:
    """Everybody who has a presence, by name: the provider's people."""
    return sorted(Person.objects.filter(is_staff=True, is_active=True), key=lambda person: person.name.casefold())


def closing_of(person: Person, *, now: datetime) -> datetime | None:
    """The end of the person's day: by their working hours, else by those of the projects assigned to them."""
    return end_of_day(_hours_of(person, now), person.zone, now)


def _hours_of(person: Person, now: datetime) -> Iterable[Hours]:
    if person.working_hours:
        calendars = [person.working_hours]
    else:
        mine = Assignment.objects.as_of(now).filter(person=person, valid__contains=now)
        support = ProjectSupport.objects.as_of(now).select_related("hours")
        # Who has no project keeps the office's hours as everybody does.
        rows = support.filter(project__in=mine.values("project")) if mine.exists() else support
        calendars = [row.hours for row in rows]
    return hours_facts(calendars, at=now, known_at=now).values()
