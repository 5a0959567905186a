"""Reads of the pages about support hours."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.models import (
    Contact,
    DatedOpening,
    Person,
    Project,
    ProjectSupport,
    RecordedSettings,
    SupportHours,
    Team,
    WeeklyOpening,
)
from portal.opening import hours_text
from portal.queries import hours_subject, last_change

SHOWN_CHANGES = 12


def calendars() -> QuerySet[SupportHours]:
    """The provider's calendars. When a customer's contact may be called back is kept on the contact's own page."""
    only_contacts = Exists(Contact.objects.filter(reachable=OuterRef("pk"))) & ~(
        Exists(ProjectSupport.objects.current().filter(hours=OuterRef("pk")))
        | Exists(Team.objects.filter(hours=OuterRef("pk")))
        | Exists(Person.objects.filter(working_hours=OuterRef("pk"), is_staff=True))
    )
    return SupportHours.objects.exclude(only_contacts)


def state_of(calendar: SupportHours) -> str:
    """What a form carries: when anything about the calendar was last recorded."""
    edges = [
        last_change(WeeklyOpening.objects.filter(hours=calendar)),
        last_change(DatedOpening.objects.filter(hours=calendar)),
        calendar.changed_at,
    ]
    return max((edge.isoformat() for edge in edges if edge), default="")


@dataclass(frozen=True, slots=True)
class Users:
    """Who goes by a calendar."""

    projects: list[Project]
    teams: list[Team]
    people: list[Person]

    def __bool__(self) -> bool:
        return bool(self.projects or self.teams or self.people)


def users_of(calendar: SupportHours) -> Users:
    supported = ProjectSupport.objects.current().filter(hours=calendar)
    projects = Project.objects.filter(retired_at=None, pk__in=supported.values("project"))
    people = Person.objects.filter(working_hours=calendar, is_active=True, is_staff=True)
    return Users(list(projects.order_by("name")), list(Team.objects.filter(hours=calendar)), list(people))


def with_counts(rows: QuerySet[SupportHours]) -> list[dict[str, Any]]:
    """The calendars with the number of projects, teams and people that go by each; four queries for any number."""
    found = list(rows)
    projects = _counts(
        ProjectSupport.objects.current().filter(project__retired_at=None).values_list("hours").annotate(Count("pk"))
    )
    teams = _counts(Team.objects.values_list("hours").annotate(Count("pk")))
    people = _counts(
        Person.objects.filter(is_active=True, is_staff=True, working_hours__isnull=False)
        .values_list("working_hours")
        .annotate(Count("pk"))
    )
    return [
        {"calendar": row, "projects": projects[row.pk], "teams": teams[row.pk], "people": people[row.pk]}
        for row in found
    ]


def _counts(pairs: Any) -> defaultdict[int, int]:
    return defaultdict(int, pairs.order_by())


@dataclass(slots=True)
class Made:
    """One change as it was saved: who, when, why, and what was taken away and added, in words."""

    at: datetime
    by: str
    why: str
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


def changes_of(calendar: SupportHours, *, since: datetime | None = None) -> list[Made]:
    """The last changes, latest first; with `since` those after it alone."""
    made: dict[tuple[datetime, int | None, str], Made] = {}
    for model, words in ((WeeklyOpening, _weekly_words), (DatedOpening, _dated_words)):
        rows = model.objects.filter(hours=calendar)
        for row in _latest(rows, "startswith", since):
            _made(made, row.recorded.lower, row.recorded_by, row.recorded_why).added.append(words(row))
        for row in _latest(rows, "endswith", since):
            _made(made, row.recorded.upper, row.closed_by, row.closed_why).removed.append(words(row))
    settings = RecordedSettings.objects.filter(subject=hours_subject(calendar))
    for row in _latest(settings, "startswith", since):
        one = _made(made, row.recorded.lower, row.recorded_by, row.recorded_why)
        for name in row.values:
            if row.values[name] != row.before.get(name):
                one.removed += [str(row.before[name])] if row.before.get(name) else []
                one.added += [str(row.values[name])] if row.values[name] else []
    return sorted(made.values(), key=lambda one: one.at, reverse=True)[:SHOWN_CHANGES]


def _latest(rows: QuerySet[Any], edge: str, since: datetime | None) -> QuerySet[Any]:
    """Enough rows for the changes shown: a whole week and a year's holidays may change at once."""
    found = rows.filter(**{f"recorded__{edge}__isnull": False}).select_related("recorded_by", "closed_by")
    if since is not None:
        found = found.filter(**{f"recorded__{edge}__gt": since})
    return found.order_by(f"-recorded__{edge}")[: SHOWN_CHANGES * 10]


def _made(made: dict[Any, Made], at: datetime, by: Person | None, why: str) -> Made:
    return made.setdefault((at, by and by.pk, why), Made(at, by.name if by else "", why))


def _weekly_words(row: WeeklyOpening) -> str:
    return f"{WEEKDAYS[row.weekday]} {hours_text(((row.opens, row.closes),))}"


def _dated_words(row: DatedOpening) -> str:
    opening = hours_text(((row.opens, row.closes),)) if row.opens and row.closes else _("closed")
    return f"{date_format(row.day, 'DATE_FORMAT')} {opening}" + (f" ({row.label})" if row.label else "")
