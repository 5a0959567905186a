"""Maintenance that is announced on the demo's first day, in the provider's window and with the contract's notice."""

from datetime import date, datetime, timedelta
from typing import Any

from demo.provider import Provider
from portal.maintenance import announce
from portal.models import Person, Project, SupportHours

from .hours import OFFICE, WEEKDAYS
from .telling import Calendar

ANNOUNCED_AGO = 3
"""Working days; so that a newcomer sees it on every page."""


def announce_maintenance(provider: Provider, *, projects: dict[str, Project], by: Person, now: datetime) -> None:
    content = provider["maintenance"]
    calendar = Calendar.of(SupportHours.objects.get(slug=OFFICE), now)
    announced_on = calendar.working_days_ago(ANNOUNCED_AGO)
    for planned in content["planned"]:
        earliest = calendar.working_days_after(announced_on, _working_days(content["notice"][planned["notice"]]))
        day = _window_day(content["window"], earliest)
        starts, ends = _window(calendar, content["window"], day)
        announce(
            projects=[projects[key] for key in planned["projects"]],
            starts=starts,
            ends=ends,
            text_de=planned["de"],
            text_en=planned["en"],
            by=by,
            now=calendar.at(announced_on, "10:00"),
        )


def _working_days(notice: str) -> int:
    """The number in "5 working days"."""
    count, unit = notice.split(" ", 1)
    if unit != "working days":
        raise ValueError(f"not understood as notice: {notice}")
    return int(count)


def _window_day(window: dict[str, Any], earliest: date) -> date:
    weekdays = {WEEKDAYS.index(day) for day in window["days"]}
    return next(day for day in (earliest + timedelta(days=n) for n in range(7)) if day.weekday() in weekdays)


def _window(calendar: Calendar, window: dict[str, Any], day: date) -> tuple[datetime, datetime]:
    """The window of that day; it may end after midnight."""
    over_midnight = window["to"] <= window["from"]
    return calendar.at(day, window["from"]), calendar.at(day + timedelta(days=over_midnight), window["to"])
