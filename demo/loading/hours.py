"""Opening hours: the provider's office with its holidays, and those of single people."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time

from demo.provider import Provider
from portal.models import DatedOpening, SupportHours, WeeklyOpening
from portal.services import record

OFFICE = "office"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GERMAN_WEEKDAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
SPAN = re.compile(r"(?P<first>\w\w)-(?P<last>\w\w) (?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)")


def add_office(provider: Provider, *, years: Iterable[int], at: datetime) -> SupportHours:
    """The office's week, and the days of each of `years` on which the house has decided to close."""
    content = provider["office_hours"]
    office = SupportHours.objects.create(
        slug=OFFICE,
        name=provider["provider"]["name"],
        zone=provider["provider"]["zone"],
        **content["holidays"],
    )
    for weekday, spans in content["weekly"].items():
        for span in spans:
            _open(office, WEEKDAYS.index(weekday), *span.split("-"), at=at)
    for year in years:
        for month_and_day in content["closed"]:
            day = date.fromisoformat(f"{year}-{month_and_day}")
            record(DatedOpening, by=None, now=at, hours=office, day=day, label="Betriebsruhe")
    return office


def add_personal(
    text: str, *, slug: str, name: str, zone: str, country: str, at: datetime, place: str = ""
) -> SupportHours:
    """Hours such as "Mo-Do 08:00-14:00", on the statutory holidays of `place` (a subdivision) closed."""
    span = SPAN.fullmatch(text)
    if span is None:
        raise ValueError(f"not understood as hours: {text}")
    hours = SupportHours.objects.create(slug=slug, name=name, zone=zone, country=country, subdivision=place)
    first, last = (GERMAN_WEEKDAYS.index(span[end]) for end in ("first", "last"))
    for weekday in range(first, last + 1):
        _open(hours, weekday, span["opens"], span["closes"], at=at)
    return hours


def _open(hours: SupportHours, weekday: int, opens: str, closes: str, *, at: datetime) -> None:
    record(
        WeeklyOpening,
        by=None,
        now=at,
        hours=hours,
        weekday=weekday,
        opens=time.fromisoformat(opens),
        closes=time.fromisoformat(closes),
    )
