"""Reads of the ground floor that others build facts from."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import structlog
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce

from .hours import DatedException, Hours, WeeklyInterval, statutory_holidays
from .models import (
    DatedOpening,
    Maintenance,
    Project,
    ProjectSupport,
    RecordedQuerySet,
    RecordedSettings,
    SupportHours,
    WeeklyOpening,
)

log = structlog.get_logger(__name__)

NOTICE = timedelta(days=14)
"""How long before it begins maintenance is shown on every page of a project; its contacts page shows all."""


def hours_facts(calendars: Iterable[SupportHours], *, at: datetime, known_at: datetime) -> dict[int, Hours]:
    """Business time of each calendar as pure facts, as recorded at `known_at`; two queries for any number.

    A third where a calendar was moved to another place since then. Statutory holidays are those of the years around
    `at`, as far as a search for an opening may look.
    """
    wanted = {calendar.pk: calendar for calendar in _placed(calendars, known_at)}
    weekly: dict[int, list[WeeklyInterval]] = defaultdict(list)
    for row in WeeklyOpening.objects.as_of(known_at).filter(hours__in=wanted):
        weekly[row.hours_id].append(WeeklyInterval(row.weekday, row.opens, row.closes))
    dated: dict[int, dict[date, tuple[str, list[tuple[time, time]]]]] = defaultdict(dict)
    for day in DatedOpening.objects.as_of(known_at).filter(hours__in=wanted):
        _label, intervals = dated[day.hours_id].setdefault(day.day, (day.label, []))
        if day.opens is not None and day.closes is not None:
            intervals.append((day.opens, day.closes))
    return {
        pk: Hours(
            zone=calendar.zone,
            weekly=tuple(weekly[pk]),
            holidays=_holidays(calendar, at=at),
            exceptions=tuple(
                DatedException(day, tuple(intervals), label) for day, (label, intervals) in sorted(dated[pk].items())
            ),
        )
        for pk, calendar in wanted.items()
    }


def _placed(calendars: Iterable[SupportHours], known_at: datetime) -> list[SupportHours]:
    """The calendars in the zone and with the holidays that they had at `known_at`."""
    rows = list(calendars)
    moved = [row for row in rows if row.changed_at and row.changed_at > known_at]
    if not moved:
        return rows
    then: dict[str, dict[str, str]] = {}
    later = RecordedSettings.objects.filter(
        subject__in=[hours_subject(row) for row in moved], recorded__startswith__gt=known_at
    )
    for change in later.order_by("-recorded__startswith", "-pk"):
        then[change.subject] = change.before
    return [_as_of(row, then.get(hours_subject(row))) for row in rows]


def _as_of(calendar: SupportHours, values: dict[str, str] | None) -> SupportHours:
    if values is None:
        return calendar
    place = {name: values[name] for name in ("zone", "country", "subdivision")}
    return SupportHours(pk=calendar.pk, slug=calendar.slug, name=calendar.name, **place)


def hours_subject(calendar: SupportHours) -> str:
    """What recorded settings call a calendar."""
    return f"hours:{calendar.pk}"


def _holidays(calendar: SupportHours, *, at: datetime) -> frozenset[date]:
    if not calendar.country:
        return frozenset()
    years = range(at.year - 1, at.year + 3)
    try:
        return frozenset(statutory_holidays(calendar.country, calendar.subdivision or None, years))
    except ValueError as error:
        # An unknown country must not keep anybody from being called: the office counts as open.
        log.error("holidays_unknown", hours=calendar.slug, error=str(error))  # noqa: TRY400
        return frozenset()


def maintenance_of(project: Project, *, since: datetime) -> list[Maintenance]:
    """The last version of each maintenance that ends after `since`, by start; cancelled ones are among them."""
    rows = Maintenance.objects.current().filter(projects=project, period__endswith__gt=since)
    return list(rows.order_by("period", "pk"))


def maintenance_notices(project: Project, *, now: datetime) -> list[Maintenance]:
    """What the project's pages announce: maintenance under way, or to begin within `NOTICE`."""
    return notices_among(maintenance_of(project, since=now), now=now)


def notices_among(rows: Iterable[Maintenance], *, now: datetime) -> list[Maintenance]:
    """Of maintenance that has not ended, what a page announces."""
    return [row for row in rows if not row.cancelled_at and row.starts < now + NOTICE]


def support_hours_of(project: Project, *, known_at: datetime) -> SupportHours | None:
    """Whose office hours support the project, as recorded at `known_at`; None where nobody has given it any."""
    support = ProjectSupport.objects.as_of(known_at).filter(project=project).select_related("hours").first()
    return support.hours if support else None


def support_changed_at(project: Project, calendar: SupportHours | None) -> datetime | None:
    """When anything about the project's support hours, their exceptions or its maintenance was last recorded."""
    changes = [
        last_change(ProjectSupport.objects.filter(project=project)),
        last_change(Maintenance.objects.filter(projects=project)),
        last_change(WeeklyOpening.objects.filter(hours=calendar)),
        last_change(DatedOpening.objects.filter(hours=calendar)),
        calendar and calendar.changed_at,
    ]
    return max((change for change in changes if change), default=None)


def last_change(rows: RecordedQuerySet) -> datetime | None:
    """When a row was last inserted or closed."""
    edge = Coalesce(F("recorded__endswith"), F("recorded__startswith"))
    changed_at: datetime | None = rows.order_by().aggregate(at=Max(edge))["at"]
    return changed_at


def not_over(at: datetime) -> Q:
    """Rows whose period `valid` has not ended at `at`; it may be yet to begin."""
    return Q(valid__upper_inf=True) | Q(valid__endswith__gt=at)
