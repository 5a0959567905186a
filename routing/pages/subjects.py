"""What a report is about, and what sending it would set going."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from matrix.models import PriorityTerms, Reporting, Topic
from matrix.terms import Priority, ReportWay, Role
from portal.models import Customer, Person, Project
from routing.gather import ProjectFacts

from .cards import Card, card_of, priorities_of

ON_CALL_ROLES = (Role.ON_CALL_PRIMARY, Role.ON_CALL_BACKUP)
NEVER_DUE = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Subject:
    """One project; or, where the reporter is not sure which, all of one customer's that they may see.

    Of several, the one whose matrix promises the earliest answer has it until somebody knows better.
    """

    projects: tuple[Project, ...]
    unsure: bool = False

    @property
    def customer(self) -> Customer:
        return self.projects[0].customer

    @property
    def query(self) -> str:
        """The part of the form's address that says it."""
        return f"unsure={self.customer.key}" if self.unsure else f"project={self.projects[0].key}"


def subject_of(asked: Mapping[str, str], visible: QuerySet[Project]) -> Subject | None:
    """What `?project=` or `?unsure=` (a customer) names of the `visible` projects; None where there is a choice.

    Raises `Http404` for what is not visible.
    """
    if key := asked.get("unsure", ""):
        projects = tuple(visible.filter(customer__key=key))
    elif key := asked.get("project", ""):
        projects = tuple(visible.filter(key=key))
    else:
        found = tuple(visible[:2])
        return Subject(found) if len(found) == 1 else None
    if not projects:
        raise Http404
    return Subject(projects, unsure=len(projects) > 1)


@dataclass(frozen=True)
class Choice:
    """A priority (or the topic) as the form offers it: what it means, and what sending it would do now."""

    project: Project
    terms: PriorityTerms | None
    decision: Mapping[str, Any]
    first: Mapping[str, Any] | None
    reporting: Reporting | None

    @property
    def who(self) -> str:
        """Who is called first, with the role where the name does not say it already."""
        if self.first is None:
            return ""
        person, role = self.first["people"][0], self.first["role_label"]
        by_public_name = self.first["role"] in ON_CALL_ROLES and "public_name" not in person
        return person["name"] if by_public_name or person["name"] == role else f"{person['name']} ({role})"

    @property
    def call_too(self) -> bool:
        """Whether the matrix wants this reported by phone; a form alone does not do then."""
        return self.reporting is not None and self.reporting.ways[0] == ReportWay.PHONE

    @property
    def phone(self) -> str:
        """The published number to call: of who is first, else the project's hotline."""
        first: str = self.first["people"][0]["phone"] if self.first else ""
        return first or str(self.project.hotline or "")

    @property
    def strictness(self) -> tuple[datetime, datetime, str]:
        """The stricter the less: by when an answer is due, then when somebody begins."""
        due, begins = self.decision["respond_by"], self.decision["deferred_until"] or self.decision["at"]
        due_at = datetime.fromisoformat(due) if due else NEVER_DUE
        return due_at, datetime.fromisoformat(begins), self.project.key


def choices(known: Iterable[ProjectFacts], *, at: datetime, reader: Person) -> list[Choice]:
    """Each priority with its own decision for a report at `at`; of several projects' the strictest."""
    found: dict[str, list[Choice]] = {}
    for each in known:
        for terms in priorities_of(each):
            card = card_of(each, at=at, reader=reader, priority=Priority(terms.priority))
            if card is not None:
                found.setdefault(terms.priority, []).append(_choice(each, card))
    return [min(found[priority], key=lambda choice: choice.strictness) for priority in Priority if priority in found]


def choice_of_topic(known: Iterable[ProjectFacts], topic: Topic, *, at: datetime, reader: Person) -> Choice:
    """What asking for `topic` at `at` would do."""
    cards = [(each, card_of(each, at=at, reader=reader, priority=Priority.MINOR, topic=topic)) for each in known]
    return min((_choice(each, card) for each, card in cards if card), key=lambda choice: choice.strictness)


def _choice(known: ProjectFacts, card: Card) -> Choice:
    return Choice(known.project, card.terms, card.decision, card.first, card.reporting)
