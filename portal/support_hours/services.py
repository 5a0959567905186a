"""Changes of support hours: recorded with who and why, and refused where somebody else was faster."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.db import transaction

from portal.hours import DatedException
from portal.models import DatedOpening, Person, SupportHours, WeeklyOpening
from portal.queries import hours_subject
from portal.services import ChangedMeanwhile, record, record_settings, retire

from .plan import Change, Interval
from .queries import state_of

SITE = ("name", "zone", "country", "subdivision")


@transaction.atomic
def create(
    *, name: str, slug: str, zone: str, country: str, subdivision: str, week: Mapping[int, tuple[Interval, ...]],
    by: Person | None, now: datetime, why: str,
) -> SupportHours:  # fmt: skip
    """A new calendar with its first week. Raises `IntegrityError` for a short name that is taken."""
    calendar = SupportHours.objects.create(slug=slug, name=name, zone=zone, country=country, subdivision=subdivision)
    values = {field: getattr(calendar, field) for field in SITE}
    record_settings(hours_subject(calendar), {}, values, by=by, now=now, why=why)
    for weekday, intervals in week.items():
        _set_weekday(calendar, weekday, intervals, by=by, now=now, why=why)
    return calendar


@transaction.atomic
def change_hours(
    calendar: SupportHours, change: Change, *, seen: str, by: Person | None, now: datetime, why: str
) -> None:
    """Whole weekdays and single days become what `change` says; all else stays.

    `seen` is the calendar's state that the decision rests on. Raises `ChangedMeanwhile` where it is another by now.
    """
    _claim(calendar, seen)
    for weekday, intervals in change.week.items():
        _set_weekday(calendar, weekday, intervals, by=by, now=now, why=why)
    for day, exception in change.days.items():
        _set_day(calendar, day, exception, by=by, now=now, why=why)


@transaction.atomic
def change_site(
    calendar: SupportHours, *, seen: str, by: Person | None, now: datetime, why: str, **values: Any
) -> SupportHours:
    """Another `name`, `zone`, `country` or `subdivision`; raises as `change_hours` does."""
    claimed = _claim(calendar, seen)
    before = {field: getattr(claimed, field) for field in SITE}
    for field in SITE:
        setattr(claimed, field, values[field])
    claimed.changed_at = now
    claimed.save(update_fields=[*SITE, "changed_at"])
    after = {field: getattr(claimed, field) for field in SITE}
    record_settings(hours_subject(claimed), before, after, by=by, now=now, why=why)
    return claimed


def _claim(calendar: SupportHours, seen: str) -> SupportHours:
    """The calendar, locked: two who save at once come one after the other."""
    claimed = SupportHours.objects.select_for_update().get(pk=calendar.pk)
    if state_of(claimed) != seen:
        raise ChangedMeanwhile
    return claimed


def _set_weekday(calendar: SupportHours, weekday: int, intervals: tuple[Interval, ...], **who: Any) -> None:
    wanted = set(intervals)
    for row in WeeklyOpening.objects.current().filter(hours=calendar, weekday=weekday):
        if (row.opens, row.closes) in wanted:
            wanted.remove((row.opens, row.closes))
        else:
            retire(row, **who)
    for opens, closes in sorted(wanted):
        record(WeeklyOpening, hours=calendar, weekday=weekday, opens=opens, closes=closes, **who)


def _set_day(calendar: SupportHours, day: date, exception: DatedException | None, **who: Any) -> None:
    label = exception.label if exception else ""
    wanted: set[tuple[time | None, time | None]] = set()
    if exception:
        wanted = set(exception.intervals) or {(None, None)}
    for row in DatedOpening.objects.current().filter(hours=calendar, day=day):
        if (row.opens, row.closes) in wanted and row.label == label:
            wanted.remove((row.opens, row.closes))
        else:
            retire(row, **who)
    for opens, closes in wanted:
        record(DatedOpening, hours=calendar, day=day, opens=opens, closes=closes, label=label, **who)
