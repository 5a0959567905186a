"""What the contact card shows: one decision, the matrix' own words for it, and the choices beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, When

from matrix.content import CellContent
from matrix.models import PriorityTerms, Reporting, Topic
from matrix.terms import Priority, Window
from portal.models import Installation, Person, Project
from portal.opening import SpecialDay, special_days
from routing.decide import decide
from routing.decision import Decision, Facts, Reason, Source
from routing.gather import NoMatrix, ProjectFacts, gather
from routing.incidents.models import OPEN_STATUSES, Incident
from routing.presentation import present

HOLIDAYS_AHEAD = timedelta(days=28)
ANNOUNCED = 3
"""So many open incidents are named on a card; that there are more is said."""
URGENCY = Case(*(When(priority=priority, then=place) for place, priority in enumerate(Priority)))
AWAY = (Reason.IN_MEETING, Reason.ABSENT)


@dataclass(frozen=True)
class Card:
    """One answer: `first` is who to call now, `others` the rest of the chain in order, as `present` shows them.

    `away` are those who would be called before `first`, were they not in a meeting or away.
    """

    decision: Mapping[str, Any]
    first: Mapping[str, Any] | None
    others: list[Mapping[str, Any]]
    away: list[Mapping[str, Any]]
    terms: PriorityTerms | None
    reporting: Reporting | None
    topic: Topic | None

    @property
    def by_phone(self) -> bool:
        """Whether the phone is a way to report this; always so where the matrix says nothing."""
        return self.reporting is None or "phone" in self.reporting.ways

    @property
    def numbers(self) -> list[str]:
        """The published numbers of who is first."""
        people = self.first["people"] if self.first else ()
        return [person["phone"] for person in people if person["phone"]]


def known_of(project: Project, at: datetime) -> ProjectFacts:
    """What decisions for the project are made of at `at`."""
    return gather([project], at=at)[project.pk]


def priorities_of(known: ProjectFacts) -> list[PriorityTerms]:
    """The terms of the version in force, most urgent first."""
    if known.version is None:
        return []
    order = list(Priority)
    return sorted(known.version.terms.all(), key=lambda terms: order.index(Priority(terms.priority)))


def card_of(
    known: ProjectFacts, *, at: datetime, reader: Person, priority: Priority, topic: Topic | None = None
) -> Card | None:
    """The card for a priority, or for `topic` instead; None where no matrix is in force."""
    try:
        facts = known.topic(topic) if topic else known.facts(priority=priority, source=Source.CUSTOMER)
    except NoMatrix:
        return None
    decision = decide(facts, at)
    shown = present(decision, reader=reader)
    chain = shown["chain"]
    first = next((link for link in chain if not link["informs"]), None)
    return Card(
        decision=shown,
        first=first,
        others=[link for link in chain if link is not first],
        away=_away(facts, decision, shown),
        terms=None if topic else _terms(known, priority),
        reporting=None if topic else _reporting(known, priority, decision.window),
        topic=topic,
    )


def _away(facts: Facts, decision: Decision, shown: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    first = next((link for link in decision.chain if not link.informs), None)
    if first is None:
        return []
    steps = facts.cells.get(first.route, CellContent()).steps[: first.step + 1]
    before = {step.role for step in steps if not step.informs}
    return [
        said
        for passed, said in zip(decision.passed_over, shown["passed_over"], strict=True)
        if passed.reason in AWAY and passed.role in before and passed.at <= first.at
    ]


def _terms(known: ProjectFacts, priority: str) -> PriorityTerms | None:
    return next((terms for terms in priorities_of(known) if terms.priority == priority), None)


def _reporting(known: ProjectFacts, priority: str, window: Window) -> Reporting | None:
    rows = known.version.reporting.all() if known.version else ()
    return next((row for row in rows if (row.priority, row.window) == (priority, window)), None)


def open_incidents(project: Project, reader: Person) -> list[Incident]:
    """What is known to be wrong with the project, as far as the reader may see it: the most urgent, and one more."""
    found = Incident.objects.visible_to(reader).filter(project=project, kind=Incident.Kind.INCIDENT)
    return list(found.filter(status__in=OPEN_STATUSES).order_by(URGENCY, "-pk")[: ANNOUNCED + 1])


def holidays_ahead(known: ProjectFacts, at: datetime) -> list[SpecialDay]:
    """Days of the next four weeks on which the provider's office opens otherwise than usual, in the reader's words."""
    if known.calendar is None:
        return []
    today = at.astimezone(ZoneInfo(known.hours.zone)).date()
    return special_days(known.calendar, known.hours, first=today, last=today + HOLIDAYS_AHEAD)


def switchboard() -> str:
    """The provider's own number, for those who have no other."""
    number = Installation.objects.values_list("switchboard", flat=True).first()
    return str(number or "")
