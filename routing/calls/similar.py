"""Which open incidents a call may be about: only people decide whether it is the same."""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import BooleanField, Case, F, FloatField, Q, Value, When

from portal.models import Person, Project
from routing.incidents import search
from routing.incidents.models import OPEN_STATUSES, Incident
from routing.pages.cards import URGENCY

MOST = 6
SHORTEST = 3
"""A shorter word says nothing."""


@dataclass(frozen=True, slots=True)
class Open:
    """An open incident of the project, or of another one of the customer's that says something alike."""

    incident: Incident
    alike: bool


def open_ones(project: Project, title: str, reader: Person, *, named: int = 0) -> tuple[list[Open], bool]:
    """The project's open incidents, those like `title` (and the one `named`) first, and whether there are more.

    Those of the customer's other projects are among them where they are alike: what is broken may be shared.
    """
    found = Incident.objects.visible_to(reader).filter(status__in=OPEN_STATUSES, kind=Incident.Kind.INCIDENT)
    found = found.filter(project__customer=project.customer_id).alias(words=search.INCIDENT_WORDS)
    query = _any_word_of(title)
    alike = Q(pk=named) | (Q(words=query) if query else Q(pk__in=[]))
    likeness = SearchRank(search.INCIDENT_WORDS, query) if query else Value(0.0, output_field=FloatField())
    found = found.annotate(alike=Case(When(alike, then=True), default=False, output_field=BooleanField()))
    found = found.filter(Q(project=project) | Q(alike=True)).annotate(likeness=likeness)
    rows = found.select_related("project", "assignee", "team").order_by(
        Case(When(pk=named, then=0), default=1), F("alike").desc(), F("likeness").desc(), URGENCY, "-pk"
    )[: MOST + 1]
    opened = [Open(incident, incident.alike) for incident in rows]  # type: ignore[attr-defined]  # annotated above
    return opened[:MOST], len(opened) > MOST


def _any_word_of(title: str) -> SearchQuery | None:
    words = [word for word in search.WORD.findall(title) if len(word) >= SHORTEST][: search.MOST_WORDS]
    if not words:
        return None
    beginnings = " | ".join(f"'{word}':*" for word in words)
    german, english = (
        SearchQuery(beginnings, search_type="raw", config=configuration) for configuration in search.CONFIGURATIONS
    )
    return german | english
