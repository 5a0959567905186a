"""One field finds who calls, or what about: contacts, projects, customers, colleagues, a number, an incident.

What is found is a link to the page that logs the call; the search takes the same number of queries whatever it finds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Case, Expression, F, Q, QuerySet, Value, When
from django.db.models.lookups import StartsWith
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal import search
from portal.models import Contact, Customer, Person, Project
from portal.models.customers import CONTACT_NUMBERS, CONTACT_WORDS, CUSTOMER_WORDS, PROJECT_NUMBERS, PROJECT_WORDS
from portal.models.people import PERSON_NUMBERS, PERSON_WORDS
from portal.templatetags.pages import phone
from routing.incidents.models import Incident
from routing.incidents.search import number_of as incident_number_of

SHORTEST = 2
"""So many letters at least: one finds everybody."""
CLEARLY_A_NUMBER = 6
"""So many digits are no part of a name."""
MOST = 8
"""So many of each kind are shown at most."""
MOST_NUMBERS = 100
"""So many that begin with the same digits are looked at; who has the whole number is always among them."""
SPREAD = 3
"""Somebody with so many projects at most stands once for each of them; with more, the project is chosen next."""
EXACT, BEGINS, INSIDE, LAST = range(4)
"""How good a result is: the words or the number themselves, its beginning, another word's beginning."""


@dataclass(frozen=True, slots=True)
class Found:
    """One result: `query` is the part of the page's address that names it, `rank` is the less the better."""

    kind: str
    name: str
    detail: str
    query: str
    rank: int


@dataclass(frozen=True)
class Sought:
    """What was typed, as it is compared; `kept` is the part of the address that stays whatever is picked."""

    text: str
    kept: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """None of what is a telephone number and nothing else."""
        words = search.words_of(self.text)
        length = sum(map(len, words))
        return words if length >= SHORTEST and not (self.number and length >= CLEARLY_A_NUMBER) else []

    @property
    def number(self) -> str:
        """In E.164, whole or a beginning; empty if it is none."""
        return search.number_of(self.text)

    def address(self, **named: str | int) -> str:
        return urlencode({**self.kept, **{name: value for name, value in named.items() if value}})


def find(text: str, reader: Person, *, kept: dict[str, str] | None = None) -> list[Found]:
    """Everything that `reader`, who works incidents, may mean by `text`: the best first."""
    sought = Sought(text, kept or {})
    found = [*_incidents(sought, reader), *_projects(sought, reader), *_contacts(sought), *_customers(sought)]
    found = sorted([*found, *_colleagues(sought)], key=lambda each: each.rank)
    best = list({each.query: each for each in reversed(found)}.values())[::-1]
    if search.is_whole(sought.number) and not any(each.kind in ("contact", "colleague") for each in best):
        best.append(_unknown(sought))
    return best


def _unknown(sought: Sought) -> Found:
    query = sought.address(number=sought.number)
    return Found("number", phone(sought.number), _("nobody we know has this number"), query, LAST)


# --- One kind after the other ---------------------------------------------------------------------------------


def _incidents(sought: Sought, reader: Person) -> Iterator[Found]:
    number = incident_number_of(sought.text)
    if number is None:
        return
    for incident in Incident.objects.visible_to(reader).open().filter(pk=number).select_related("project"):
        query = sought.address(project=incident.project.key, incident=incident.pk)
        yield Found("incident", str(incident), incident.project.key, query, EXACT)


def _projects(sought: Sought, reader: Person) -> Iterator[Found]:
    current = Project.objects.visible_to(reader).filter(retired_at=None)
    hits = []
    if words := sought.words:
        hits.append(current.filter(pk__in=_matching(Project, PROJECT_WORDS, search.beginnings(words))))
        for own, others in _splits(words):
            own_ids = _matching(Project, PROJECT_WORDS, search.beginnings(own))
            hits.append(current.filter(pk__in=own_ids, customer__in=_of_customers(others)))
    if sought.number:
        hits.append(current.filter(pk__in=_numbered(Project, PROJECT_NUMBERS, sought.number)))
    exact = Q(hotline=sought.number) if sought.number else NOTHING
    for project in _best(current, hits, words, ("key", "name"), exact).select_related("customer")[:MOST]:
        yield _project(project, sought, project.rank)


def _project(project: Project, sought: Sought, rank: int) -> Found:
    detail = f"{project.name} · {project.customer.name}"
    return Found("project", project.key, detail, sought.address(project=project.key), rank)


def _customers(sought: Sought) -> Iterator[Found]:
    if not (words := sought.words):
        return
    hits = [Customer.objects.filter(pk__in=_matching(Customer, CUSTOMER_WORDS, search.beginnings(words)))]
    for customer in _best(Customer.objects.all(), hits, words, ("key", "name")).prefetch_related("projects")[:MOST]:
        projects = [project for project in customer.projects.all() if project.retired_at is None]
        rank: int = customer.rank
        if 0 < len(projects) <= SPREAD:
            yield from (_project(project, sought, rank) for project in projects)
        elif projects:
            yield Found("customer", customer.name, customer.city, sought.address(customer=customer.key), rank)


def _contacts(sought: Sought) -> Iterator[Found]:
    current = Contact.objects.current().filter(person__is_active=True)
    hits = []
    if words := sought.words:
        hits.append(current.filter(pk__in=_matching(Contact, CONTACT_WORDS, search.beginnings(words))))
        hits.append(current.filter(person__in=_matching(Person, PERSON_WORDS, search.beginnings(words))))
        for own, others in _splits(words):
            people = _matching(Person, PERSON_WORDS, search.beginnings(own))
            hits.append(current.filter(person__in=people, customer__in=_of_customers(others)))
    if sought.number:
        hits.append(current.filter(pk__in=_numbered(Contact, CONTACT_NUMBERS, sought.number)))
        hits.append(current.filter(person__in=_numbered(Person, PERSON_NUMBERS, sought.number)))
    exact = Q(phones__contains=[sought.number]) | Q(person__direct_line=sought.number) if sought.number else NOTHING
    rows = _best(current, hits, words, ("person__name",), exact).select_related("person", "customer")
    for contact in rows.prefetch_related("limited_to", "customer__projects")[:MOST]:
        yield from _contact(contact, sought, contact.rank)


def _contact(contact: Contact, sought: Sought, rank: int) -> Iterator[Found]:
    projects = projects_of(contact)
    who = " · ".join(filter(None, (contact.company, contact.customer.name)))
    if len(projects) > SPREAD:
        yield Found("contact", contact.person.name, who, sought.address(contact=contact.pk), rank)
    for project in projects[:SPREAD] if len(projects) <= SPREAD else ():
        query = sought.address(project=project.key, contact=contact.pk)
        yield Found("contact", contact.person.name, f"{who} · {project.key}", query, rank)


def projects_of(contact: Contact) -> list[Project]:
    """What a contact may call about; uses projects and limits that were fetched with it."""
    limits = {project.pk for project in contact.limited_to.all()}
    projects = [project for project in contact.customer.projects.all() if project.retired_at is None]
    return [project for project in projects if not limits or project.pk in limits]


def _colleagues(sought: Sought) -> Iterator[Found]:
    """The provider's own people call too. Their private numbers find nobody."""
    current = Person.objects.filter(is_staff=True, is_active=True)
    hits = []
    if words := sought.words:
        hits.append(current.filter(pk__in=_matching(Person, PERSON_WORDS, search.beginnings(words))))
    if sought.number:
        hits.append(current.filter(pk__in=_numbered(Person, PERSON_NUMBERS, sought.number)))
    exact = Q(direct_line=sought.number) if sought.number else NOTHING
    for person in _best(current, hits, words, ("name",), exact)[:MOST]:
        detail = " · ".join(filter(None, (_("colleague"), person.function)))
        yield Found("colleague", person.name, detail, sought.address(colleague=person.pk), person.rank)


# --- Rows by words and numbers --------------------------------------------------------------------------------

NOTHING = Q(pk__in=[])


def _matching(model: Any, vector: Expression | SearchVector, query: SearchQuery) -> QuerySet[Any]:
    """Ids of rows; by the index that the model has on `vector`."""
    ids: QuerySet[Any] = model.objects.alias(indexed=vector).filter(indexed=query).order_by().values("pk")
    return ids


def _of_customers(words: Sequence[str]) -> QuerySet[Any]:
    return _matching(Customer, CUSTOMER_WORDS, search.beginnings(words))


def _splits(words: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """The words of somebody's own and those of their customer, whichever was said first: "hansen alster"."""
    for place in range(1, len(words)):
        yield words[:place], words[place:]
        yield words[place:], words[:place]


def _numbered(model: Any, vector: Expression, number: str) -> QuerySet[Any]:
    """Ids of rows with `number`, and of some with a number that begins with it."""
    beginning = _matching(model, vector, search.number_query(number))[:MOST_NUMBERS]
    return _matching(model, vector, search.whole([number])).union(beginning)


def _best(
    rows: QuerySet[Any], hits: Sequence[QuerySet[Any]], words: Sequence[str], names: tuple[str, ...], exact: Q = NOTHING
) -> QuerySet[Any]:
    """Those of `rows` that are among the `hits`, with their `rank`: by it, and by their first name."""
    first, *others = (hit.order_by().values("pk") for hit in hits) if hits else (rows.none().values("pk"),)
    ranks = [When(exact, then=EXACT)]
    if words:
        begins = [StartsWith(search.folded(F(name)), Value(" ".join(words))) for name in names]
        ranks += [When(written=search.whole(words), then=EXACT), *(When(each, then=BEGINS) for each in begins)]
        rows = rows.alias(written=search.words_in(*names))
    ranked = rows.filter(pk__in=first.union(*others) if others else first)
    ranked = ranked.annotate(rank=Case(*ranks, default=Value(INSIDE)))
    ordered: QuerySet[Any] = ranked.order_by("rank", search.folded(F(names[0])), "pk")
    return ordered
