"""What the contact card shows: one decision, the matrix' own words for it, and the choices beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from matrix.models import PriorityTerms, Reporting, Topic
from matrix.terms import Priority, Window
from portal.models import Person, Project
from routing.decide import decide
from routing.decision import Source
from routing.gather import NoMatrix, ProjectFacts, gather
from routing.presentation import present

REFRESH_SECONDS = 60
"""A card is asked for again when its answer may have changed, but never more often than this."""


@dataclass(frozen=True)
class Card:
    """One answer: `first` is who to call now, `others` the rest of the chain in order, as `present` shows them."""

    decision: Mapping[str, Any]
    first: Mapping[str, Any] | None
    others: list[Mapping[str, Any]]
    terms: PriorityTerms | None
    reporting: Reporting | None
    topic: Topic | None

    @property
    def by_phone(self) -> bool:
        """Whether the phone is a way to report this; always so where the matrix says nothing."""
        return self.reporting is None or "phone" in self.reporting.ways


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
        terms=None if topic else _terms(known, priority),
        reporting=None if topic else _reporting(known, priority, decision.window),
        topic=topic,
    )


def refresh_seconds(card: Card, now: datetime) -> int:
    """When to ask again for an answer given at `now`."""
    until = datetime.fromisoformat(card.decision["valid_until"])
    return max(REFRESH_SECONDS, int((until - now).total_seconds()) + 1)


def _terms(known: ProjectFacts, priority: str) -> PriorityTerms | None:
    return next((terms for terms in priorities_of(known) if terms.priority == priority), None)


def _reporting(known: ProjectFacts, priority: str, window: Window) -> Reporting | None:
    rows = known.version.reporting.all() if known.version else ()
    return next((row for row in rows if (row.priority, row.window) == (priority, window)), None)
