"""What the page's address says of a call: who rings, about which project, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.http import Http404
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.timezone import is_naive

from matrix.models import Topic
from portal.models import Contact, Customer, Person, Project
from portal.search import is_whole, number_of

from .finding import projects_of

LONGEST = timedelta(minutes=30)
"""Nobody looks for a project for longer than this; a page that was left open begins a new call."""
LARGEST = 2**63 - 1

Row = TypeVar("Row")


@dataclass(frozen=True)
class Subject:
    """A call as far as it is known. `since` is when it began: when the page was opened first.

    `choice` are the projects it may be about, where the caller is known and has several.
    """

    since: datetime
    project: Project | None = None
    contact: Contact | None = None
    colleague: Person | None = None
    customer: Customer | None = None
    number: str = ""
    topic: Topic | None = None
    incident: int = 0
    choice: tuple[Project, ...] = ()

    @property
    def kept(self) -> dict[str, str]:
        """What stays whatever is searched for next."""
        kept = {"since": self.since.isoformat(timespec="milliseconds"), "number": self.number}
        if self.colleague:
            kept["colleague"] = str(self.colleague.pk)
        return {name: value for name, value in kept.items() if value}

    @property
    def about(self) -> dict[str, str]:
        """The address that says all of it, but the topic."""
        about = dict(self.kept)
        if self.project:
            about["project"] = self.project.key
        if self.contact:
            about["contact"] = str(self.contact.pk)
        if self.incident:
            about["incident"] = str(self.incident)
        return about

    @property
    def query(self) -> str:
        return urlencode(self.about | ({"topic": self.topic.key} if self.topic else {}))

    @property
    def without_topic(self) -> str:
        return urlencode(self.about)

    @property
    def without_contact(self) -> str:
        return urlencode({name: value for name, value in self.about.items() if name != "contact"})

    @property
    def to_another(self) -> str:
        """The address of the search for something else, by the same call."""
        return urlencode(self.kept)

    @property
    def caller(self) -> Person | None:
        """Who calls, where the portal knows them."""
        return self.contact.person if self.contact else self.colleague


def subject_of(asked: Mapping[str, str], reader: Person, *, now: datetime) -> Subject:
    """What the address says. Raises `Http404` for what does not exist, or does not belong together."""
    project = _project(asked.get("project", ""), reader)
    contact = _contact(_id(asked.get("contact", "")))
    if project and contact and project.customer_id != contact.customer_id:
        raise Http404
    customer = None if project or contact else _customer(asked.get("customer", ""))
    topic = _topic(asked.get("topic", ""))
    return Subject(
        since=_since(asked.get("since", ""), now),
        project=project,
        contact=contact,
        colleague=_colleague(_id(asked.get("colleague", ""))),
        customer=customer,
        number=_number(asked.get("number", "")),
        topic=topic if topic and not topic.becomes_incident else None,
        incident=_id(asked.get("incident", "")),
        choice=() if project else _choice(contact, customer),
    )


def _choice(contact: Contact | None, customer: Customer | None) -> tuple[Project, ...]:
    if contact:
        return tuple(projects_of(contact))
    return tuple(customer.projects.filter(retired_at=None)) if customer else ()


def _project(key: str, reader: Person) -> Project | None:
    if not key:
        return None
    visible = Project.objects.visible_to(reader).filter(retired_at=None).select_related("customer")
    return _found(visible.filter(key=key).first())


def _customer(key: str) -> Customer | None:
    return _found(Customer.objects.filter(key=key).first()) if key else None


def _contact(pk: int) -> Contact | None:
    if not pk:
        return None
    current = Contact.objects.current().filter(person__is_active=True).select_related("person", "customer")
    return _found(current.prefetch_related("limited_to", "customer__projects").filter(pk=pk).first())


def _colleague(pk: int) -> Person | None:
    return _found(Person.objects.filter(is_staff=True, is_active=True, pk=pk).first()) if pk else None


def _topic(key: str) -> Topic | None:
    return _found(Topic.objects.filter(key=key).first()) if key else None


def _found(row: Row | None) -> Row:
    if row is None:
        raise Http404
    return row


def _id(text: str) -> int:
    """An id as it stands in an address; 0 where there is none. Raises `Http404`."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST):
        raise Http404
    return int(text)


def _number(text: str) -> str:
    number = number_of(text)
    return number if is_whole(number) else ""


def _since(text: str, now: datetime) -> datetime:
    try:
        since = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        since = None
    if since is None or is_naive(since) or not now - LONGEST <= since <= now:
        return now
    return since
