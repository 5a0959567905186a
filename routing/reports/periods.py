"""Months and years as an address names them, and when they begin and end; no database, no clock."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from portal.hours import local_instant

WRITTEN = re.compile(r"(20[0-9]{2})(?:-(0[1-9]|1[0-2]))?")
FIRST = 2000
LAST = 2099


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, in whatever zone the reader of it counts in."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo) -> "Month":
        """The month `at` lies in, by the calendar of `zone`."""
        local = at.astimezone(zone)
        return cls(local.year, local.month)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    def moved(self, months: int) -> "Month":
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, number + 1)

    def starts(self, zone: ZoneInfo) -> datetime:
        """Its first instant, in UTC; it ends where the next month starts."""
        return local_instant(zone.key, self.first_day, time()).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """What a report is about: a month, or the twelve months of a year. Half-open, `[starts, ends)`."""

    year: int
    number: int | None = None

    def __str__(self) -> str:
        return str(self.first) if self.number else str(self.year)

    @property
    def is_year(self) -> bool:
        return self.number is None

    @property
    def first(self) -> Month:
        return Month(self.year, self.number or 1)

    @property
    def months(self) -> tuple[Month, ...]:
        return (self.first,) if self.number else tuple(Month(self.year, number) for number in range(1, 13))

    def starts(self, zone: ZoneInfo) -> datetime:
        return self.first.starts(zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        return self.months[-1].moved(1).starts(zone)

    @property
    def before(self) -> "Span | None":
        """The span of the same kind before this one, as far as there are reports."""
        return self._moved(-1)

    @property
    def after(self) -> "Span | None":
        return self._moved(1)

    def _moved(self, by: int) -> "Span | None":
        if self.number is None:
            found = Span(self.year + by)
        else:
            month = self.first.moved(by)
            found = Span(month.year, month.number)
        return found if FIRST <= found.year <= LAST else None


def span_of(written: str) -> Span | None:
    """What `2026` or `2026-11` names; None for anything else."""
    found = WRITTEN.fullmatch(written)
    return Span(int(found[1]), int(found[2]) if found[2] else None) if found else None


def months_by_start(months: Iterable[Month], zone: ZoneInfo) -> list[tuple[datetime, Month]]:
    """Each month with its first instant, to look up by bisection which month an instant lies in."""
    return sorted((month.starts(zone), month) for month in months)
