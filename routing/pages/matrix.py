"""The communication matrix of a project, as it is answered in and outside business hours."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from matrix.models import PriorityTerms
from matrix.terms import Priority, Window
from portal import clock
from portal.hours import is_open, next_change
from portal.models import Person, Project
from routing.course import LOOK_AHEAD
from routing.gather import ProjectFacts, gather

from .cards import Card, card_of, known_of, priorities_of, switchboard
from .requests import PageRequest, polled


@dataclass(frozen=True)
class Column:
    """One window, and the instant inside it for which its cells are answered: now (`lit`), or when it begins."""

    window: Window
    at: datetime
    lit: bool
    until: datetime | None
    known: ProjectFacts


@dataclass(frozen=True)
class Row:
    """One priority: what it means, what is promised, and the answer of each column."""

    terms: PriorityTerms
    cells: list[tuple[Column, Card | None]]


@polled
def matrix(request: PageRequest, key: str) -> HttpResponse:
    """Four priorities in and outside business hours; what is said of people is the resolver's answer."""
    visible = Project.objects.visible_to(request.user)
    project = get_object_or_404(visible.select_related("customer"), key=key)
    now = clock.now()
    known = known_of(project, now)
    columns = columns_of(known, now)
    rows = rows_of(known, columns, reader=request.user)
    context = {
        "now": now,
        "project": project,
        "version": known.version,
        "next_version_at": known.next_version_at,
        "columns": columns,
        "rows": rows,
        "valid_until": _valid_until(rows),
        "switchboard": "" if rows else switchboard(),
    }
    return render(request, "pages/matrix.html#matrix" if request.htmx else "pages/matrix.html", context)


def columns_of(known: ProjectFacts, now: datetime) -> list[Column]:
    """Business hours first; one column alone where the office never opens, or never closes, within a year."""
    here, there = Window.BUSINESS_HOURS, Window.AFTER_HOURS
    if not is_open(known.hours, now):
        here, there = there, here
    change = next_change(known.hours, now)
    columns = [Column(here, now, lit=True, until=change, known=known)]
    if change:
        # What was gathered reaches no further than a decision looks.
        far = change - now > LOOK_AHEAD
        later = gather([known.project], at=change, known_at=now)[known.project.pk] if far else known
        columns.append(Column(there, change, lit=False, until=None, known=later))
    return sorted(columns, key=lambda column: column.window is Window.AFTER_HOURS)


def rows_of(known: ProjectFacts, columns: list[Column], *, reader: Person) -> list[Row]:
    """Each priority of the version in force, most urgent first."""
    return [
        Row(
            terms,
            [
                (column, card_of(column.known, at=column.at, reader=reader, priority=Priority(terms.priority)))
                for column in columns
            ],
        )
        for terms in priorities_of(known)
    ]


def _valid_until(rows: list[Row]) -> str:
    """When an answer for now may change first."""
    now_shown = [card for row in rows for column, card in row.cells if column.lit and card]
    return min((card.decision["valid_until"] for card in now_shown), key=datetime.fromisoformat, default="")
