"""The rosters that a page shows, gathered once: facts, who may hold a line, and who is away."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oncall.models import Rota
from oncall.queries import absence_facts, rota_facts
from oncall.rotation import AbsenceFact, AbsenceKind, RotaFacts
from portal.models import Person
from routing.presentation import person_for


@dataclass(frozen=True, slots=True)
class Known:
    """Rosters from `start` to `end`. `names` are those of all the provider's people, as the reader may see them."""

    start: datetime
    end: datetime
    facts: Mapping[int, RotaFacts]
    absences: Mapping[int, Sequence[AbsenceFact]]
    names: Mapping[int, str]

    def name(self, person: int | None) -> str:
        return self.names.get(person or 0, "") if person else _("nobody")


def gather(rotas: Iterable[Rota], *, reader: Person, start: datetime, end: datetime, now: datetime) -> Known:
    """A constant number of queries. Absences are everybody's, so that facts serve also who is yet to take part."""
    facts = rota_facts(rotas, at=start, known_at=now, horizon=end - start)
    people = list(Person.objects.filter(is_staff=True))
    absences = absence_facts([person.pk for person in people], at=start, known_at=now, horizon=end - start)
    days = tuple(each for found in absences.values() for each in found if each.kind is AbsenceKind.DAY)
    names = {}
    for person in people:
        shown = person_for(person, reader)
        names[person.pk] = shown["name"] if shown else ""
    return Known(start, end, {pk: replace(each, absences=days) for pk, each in facts.items()}, absences, names)


def candidates(known_members: Iterable[Person]) -> Iterator[Person]:
    """Who may be put on duty: the provider's people who can sign in; members of the rota first."""
    members = list(known_members)
    yield from members
    found = Person.objects.filter(is_staff=True, is_active=True).exclude(pk__in=[person.pk for person in members])
    yield from sorted(found, key=attrgetter("name", "pk"))


def when(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
