"""The timeline of an incident's page: what happened and why, who did it, what it changed, and every message sent.

Customers read its public part, whatever they ask for. It is read from its end, window by window, in the same number
of queries however long it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from matrix import labels
from matrix.terms import Channel
from portal.models import Person
from routing.incidents.models import Incident, TimelineEntry
from routing.incidents.wording import text_of
from routing.paging.models import Delivery, Page
from routing.paging.wording import KINDS, error_text, outcome_text
from routing.presentation import actor_for
from routing.wording import warning_text

from .changes import Change, Past, changes_of

LINES = 40
"""How many lines are read at once."""

PAGING = (
    "deferred",
    "paged",
    "informed",
    "alarmed",
    "passed_over",
    "at_closing",
    "at_opening",
    "round",
    "exhausted",
    "step_failed",
    "acknowledged",
    "passed_on",
    "taken_over",
    "called_in",
    "comes",
    "declined",
    "call_in_failed",
    "reminded",
    "no_progress",
)
"""What is told of those who are called, and of how they answered."""
CALLS = ("paged", "informed", "alarmed")

FILTERS: dict[str, Q] = {
    "public": Q(public=True),
    "internal": Q(public=False),
    "paging": Q(kind__in=PAGING),
}

ICONS = {
    "reported": "message",
    "note": "message",
    "paged": "bell-ringing",
    "informed": "info-circle",
    "alarmed": "alert-octagon",
    "exhausted": "alert-octagon",
    "step_failed": "alert-triangle",
    "passed_over": "user-off",
    "acknowledged": "check",
    "taken_over": "check",
    "called_in": "bell-ringing",
    "comes": "check",
    "declined": "user-off",
    "call_in_failed": "alert-triangle",
    "started": "player-play",
    "waiting": "clock",
    "wait_over": "player-play",
    "deferred": "clock",
    "passed_on": "arrow-forward-up",
    "round": "rotate",
    "reopened": "rotate",
    "no_progress": "rotate",
    "assigned": "headset",
    "resolved": "circle-check",
    "closed": "lock",
    "reminded": "bell-ringing",
}
"""Which picture stands beside a line; it says nothing that the words do not."""


@dataclass(frozen=True)
class Attempt:
    """One message to one recipient: by which channel, how far it came, when, and why it failed."""

    channel: str
    name: str
    about: str
    outcome: str
    error: str
    tone: str
    attempts: int
    queued_at: datetime
    sent_at: datetime | None
    finished_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True)
class Line:
    """One line as its reader may see it; `note` says that somebody wrote the text themselves."""

    key: int
    at: datetime
    kind: str
    actor: str
    text: str
    public: bool
    note: bool = False
    icon: str = ""
    changes: Sequence[Change] = ()
    warnings: Sequence[str] = ()
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(frozen=True)
class Day:
    """The lines of one day of the reader's zone; `goes_on`: its heading stands above an earlier window already."""

    date: date
    lines: Sequence[Line]
    goes_on: bool = False


@dataclass(frozen=True)
class Window:
    """Some lines in a row, the newest first; `earlier` is the key before which the next ones are found."""

    lines: Sequence[Line]
    earlier: int | None = None

    @property
    def days(self) -> list[Day]:
        return days_of(self.lines)


# --- Lines ----------------------------------------------------------------------------------------------------


def entries_for(incident: Incident, reader: Person, *, show: str = "") -> QuerySet[TimelineEntry]:
    """What the reader may see of the timeline, the newest first. Only the provider's people may choose from it."""
    entries: QuerySet[TimelineEntry] = incident.timeline.order_by("-pk")
    if not reader.is_staff:
        return entries.filter(public=True).prefetch_related("actor__groups")
    return entries.filter(FILTERS.get(show, Q())).select_related("actor")


def window_of(
    incident: Incident, reader: Person, past: Past | None, *, show: str = "", before: int | None = None
) -> Window:
    """Up to `LINES` lines, those before the key `before` if it is given. An instant is never cut in two."""
    entries = entries_for(incident, reader, show=show)
    read = list((entries.filter(pk__lt=before) if before else entries)[: LINES + 1])
    shown = _cut(read)
    earlier = shown[-1].pk if len(shown) < len(read) else None
    found = [line_of(entry, reader, past) for entry in shown]
    if reader.is_staff and found and show != "public":
        since = found[-1].at if earlier else None
        until = _instant_of(incident, before)
        hang_attempts(found, shown, attempts_of(incident, since=since, until=until), strictly=show == "internal")
    return Window(found, earlier)


def _cut(read: list[TimelineEntry]) -> list[TimelineEntry]:
    """The first `LINES`, less those of the instant that goes on after them."""
    if len(read) <= LINES:
        return read
    whole = [entry for entry in read[:LINES] if entry.at != read[LINES].at]
    return whole or read[:LINES]


def _instant_of(incident: Incident, key: int | None) -> datetime | None:
    if key is None:
        return None
    return incident.timeline.filter(pk=key).values_list("at", flat=True).first()


def whole_of(incident: Incident, reader: Person, past: Past | None) -> list[Line]:
    """Every line, the oldest first, for whoever prints or keeps it."""
    entries = list(entries_for(incident, reader))
    found = [line_of(entry, reader, past) for entry in entries]
    if reader.is_staff:
        hang_attempts(found, entries, attempts_of(incident), strictly=False)
    return found[::-1]


def line_of(entry: TimelineEntry, reader: Person, past: Past | None) -> Line:
    """One entry as the reader may see it."""
    return Line(
        key=entry.pk,
        at=entry.at,
        kind=entry.kind,
        actor=actor_for(entry, reader),
        text=text_of(entry),
        public=entry.public,
        note=entry.kind == "note",
        icon=ICONS.get(entry.kind, "history"),
        changes=changes_of(entry, past) if past else (),
        warnings=[warning_text(code) for code in entry.data.get("warnings", [])] if reader.is_staff else (),
    )


def days_of(lines: Iterable[Line]) -> list[Day]:
    """The lines by days of the reader's zone, in the order given."""
    return [Day(day, list(some)) for day, some in groupby(lines, key=lambda line: timezone.localtime(line.at).date())]


# --- Messages -------------------------------------------------------------------------------------------------

Sent = Any
"""A page beside one of its deliveries: a row of the table between them."""


def attempts_of(incident: Incident, *, since: datetime | None = None, until: datetime | None = None) -> list[Sent]:
    """Every message that went out for the incident in `[since, until)`, each with the page it tells of."""
    between = Delivery.pages.through.objects.filter(page__escalation__incident=incident)
    span = {name: at for name, at in (("gte", since), ("lt", until)) if at}
    of_its_own = Q(delivery__kind=Delivery.Kind.STAND_DOWN)
    with_page = Q(**{f"page__created_at__{name}": at for name, at in span.items()})
    by_itself = Q(**{f"delivery__created_at__{name}": at for name, at in span.items()})
    rows = between.filter((~of_its_own & with_page) | (of_its_own & by_itself))
    return list(rows.select_related("page", "delivery").order_by("delivery"))


def hang_attempts(lines: list[Line], entries: list[TimelineEntry], rows: list[Sent], *, strictly: bool) -> None:
    """Put each message under the line that tells why it was sent; else under the last line before it.

    `strictly`: some lines are left out, so a message whose own line is not there is left out too.
    """
    for row in rows:
        at = row.delivery.created_at if row.delivery.kind == Delivery.Kind.STAND_DOWN else row.page.created_at
        place = _place(entries, row, at)
        if place is None and not strictly:
            place = next((place for place, entry in enumerate(entries) if entry.at <= at), len(entries) - 1)
        if place is not None:
            lines[place].attempts.append(attempt_of(row.page, row.delivery))


def _place(entries: list[TimelineEntry], row: Sent, at: datetime) -> int | None:
    """Where the entry of the same transaction stands that tells of the message."""
    here = [(place, entry) for place, entry in enumerate(entries) if entry.at == at]
    named = [place for place, entry in here if _names(entry, row.page.name)]
    if row.delivery.kind == Delivery.Kind.STAND_DOWN or row.page.route == Page.DIRECT_ROUTE:
        return next(iter([*named, *(place for place, entry in here if entry.kind not in CALLS)]), None)
    called = [place for place, entry in here if entry.kind in CALLS and _tells_of(entry, row.page)]
    return next(iter([*called, *named]), None)


def _names(entry: TimelineEntry, name: str) -> bool:
    return name in (entry.data.get("assignee"), entry.data.get("name"))


def _tells_of(entry: TimelineEntry, page: Page) -> bool:
    return bool(entry.data.get("role") == page.role and page.name in entry.data.get("names", []))


TONES = {
    Delivery.State.DELIVERED: "good",
    Delivery.State.FAILED: "bad",
    Delivery.State.UNKNOWN: "doubt",
    Delivery.State.CANCELLED: "over",
}


def attempt_of(page: Page, delivery: Delivery) -> Attempt:
    """What the provider's people read of a message; never its address."""
    waits = delivery.state == Delivery.State.QUEUED
    return Attempt(
        channel=str(labels.CHANNEL[Channel(delivery.channel)]),
        name=page.name,
        about=str(KINDS.get(delivery.kind, "")),
        outcome=outcome_text(delivery),
        error="" if delivery.state == Delivery.State.DELIVERED else error_text(delivery.error),
        tone=TONES.get(Delivery.State(delivery.state), "under-way"),
        attempts=delivery.attempts,
        queued_at=delivery.created_at,
        sent_at=delivery.sent_at,
        finished_at=delivery.finished_at,
        next_at=delivery.next_attempt_at if waits else None,
    )
