"""A course in words, line by line, as its reader may see it."""

from datetime import datetime, timedelta
from typing import Any

from matrix import labels
from portal.models import Person
from routing.decision import Callee, Link
from routing.paging.addresses import AddressBook
from routing.presentation import callee_for
from routing.wording import reason_text, warning_text

from .simulation import Event, Simulation, What


def course_lines(simulation: Simulation, start: datetime, *, reader: Person) -> list[dict[str, Any]]:
    """For `what_if/course.html`, in time order; minutes count from `start`. Constant queries."""
    book = AddressBook(callee for event in simulation.events if event.link for callee in event.link.people)
    return [_row(event, start, book, reader=reader) for event in simulation.events]


def _row(event: Event, start: datetime, book: AddressBook, *, reader: Person) -> dict[str, Any]:
    link, passed = event.link, event.passed
    return {
        "event": event,
        "what": event.what.value,
        "minutes": int((event.at - start) // timedelta(minutes=1)),
        "role": labels.ROLE[link.role] if link else labels.ROLE[passed.role] if passed else "",
        "people": _callees(link, book, reader=reader) if link else [],
        "name": passed.name if passed else "",
        "reason": _reasons(event),
        "warnings": [warning_text(warning) for warning in event.warnings],
    }


def _callees(link: Link, book: AddressBook, *, reader: Person) -> list[dict[str, Any]]:
    return [
        callee_for(callee, reader=reader) | {"ways": _ways(callee, link, book)}  # the address itself is nobody's
        for callee in link.people
    ]


def _ways(callee: Callee, link: Link, book: AddressBook) -> list[dict[str, Any]]:
    """By which channel, and how many minutes after the page, as the person wishes."""
    ways = book.ways(callee, link.channels, informs=link.informs)
    shown = dict.fromkeys((channel, after) for channel, _address, _language, after in ways)
    return [{"channel": labels.CHANNEL[channel], "after": after} for channel, after in shown]


def _reasons(event: Event) -> list[str]:
    if event.what in (What.ANSWERED, What.MISSED):
        return []
    found = [event.link.reason, event.link.timing] if event.link else []
    found += [event.passed.reason] if event.passed else []
    found += [event.reason] if event.reason else []
    return [reason_text(reason) for reason in found if reason]
