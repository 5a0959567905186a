"""What somebody who takes a call sees around the form: whom to call, who is there, what is known to be wrong."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Prefetch, Q

from matrix.models import PriorityTerms, Topic
from matrix.terms import Priority
from portal.contacts import reachable
from portal.hours import is_open, next_change
from portal.models import Contact, Person, Project, WeeklyOpening
from portal.opening import week_lines
from portal.queries import maintenance_notices
from routing.directory import directory
from routing.gather import ProjectFacts
from routing.pages.cards import Card, card_of, known_of, priorities_of
from routing.presentation import Json, call_back_numbers_for, contact_for

from .colleagues import colleagues
from .similar import open_ones
from .subject import Subject

MOST_CONTACTS = 8
SHARED_LINES = ("hotline", "on-call", "service-desk", "project-team")
"""What several people answer."""


@dataclass(frozen=True)
class Option:
    """A priority by its examples, with the answer to "whom?" now; or a topic, without terms."""

    terms: PriorityTerms | None
    card: Card


def options_of(known: ProjectFacts, topic: Topic | None, reader: Person, *, at: datetime) -> list[Option]:
    """Each priority of the matrix in force, most urgent first; or the topic alone."""
    if topic:
        card = card_of(known, at=at, reader=reader, priority=Priority.MINOR, topic=topic)
        return [Option(None, card)] if card else []
    found = [
        (terms, card_of(known, at=at, reader=reader, priority=Priority(terms.priority)))
        for terms in priorities_of(known)
    ]
    return [Option(terms, card) for terms, card in found if card]


def around(subject: Subject, project: Project, reader: Person, *, title: str, now: datetime) -> dict[str, Any]:
    """All of it, as of `now`."""
    known = known_of(project, now)
    options = options_of(known, subject.topic, reader, at=now)
    return {
        "now": now,
        "subject": subject,
        "project": project,
        "topic": subject.topic,
        "topics": Topic.objects.all(),
        "contact": subject.contact,
        "options": options,
        "valid_until": _valid_until(options),
        "is_open": is_open(known.hours, now),
        "changes_at": next_change(known.hours, now),
        "week": week_lines(known.hours) if known.calendar else [],
        "lines": [entry for entry in directory(known, at=now) if entry.key in SHARED_LINES],
        "colleagues": colleagues(known, reader, at=now),
        "maintenance_notices": [row for row in maintenance_notices(project, now=now) if row.starts <= now],
        **known_incidents(subject, project, reader, title=title),
        **_contacts(project, reader),
    }


def _valid_until(options: list[Option]) -> str:
    """When the answer to "whom?" may change first."""
    ends = [option.card.decision["valid_until"] for option in options]
    return min(ends, key=datetime.fromisoformat, default="")


def known_incidents(subject: Subject, project: Project, reader: Person, *, title: str) -> dict[str, Any]:
    """The open incidents the call may be about."""
    opened, more = open_ones(project, title, reader, named=subject.incident)
    return {"open_incidents": opened, "more_open": more}


def _contacts(project: Project, reader: Person) -> dict[str, Any]:
    """Whom of the customer the project knows: what they may, and how they are called back, in that order."""
    of_project = Q(limited_to=None) | Q(pk__in=Contact.objects.filter(limited_to=project).values("pk"))
    rows = Contact.objects.current().filter(of_project, customer=project.customer_id, person__is_active=True)
    weekly = Prefetch("reachable__weekly", WeeklyOpening.objects.current())
    fetched = rows.select_related("person", "reachable").prefetch_related(weekly)
    ordered = list(fetched.order_by(F("call_back_order").asc(nulls_last=True), "pk")[: MOST_CONTACTS + 1])
    return {
        "contacts": [_line(contact, reader) for contact in ordered[:MOST_CONTACTS]],
        "more_contacts": len(ordered) > MOST_CONTACTS,
    }


def _line(contact: Contact, reader: Person) -> Json:
    hours = reachable.hours_text(contact.reachable)
    return {
        "row": contact,
        "shown": contact_for(contact),
        "numbers": call_back_numbers_for(contact, reader),
        "hours": reachable.shown(hours),
        "as_agreed": hours == reachable.KEEP,
    }
