"""Who takes over a line when, and from when on they are asked to confirm it.

Pure functions over frozen facts, as `rotation`: no database, no clock; instants are aware, results are in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from portal.hours import local_instant

from .rotation import Line, RotaFacts, shifts
from .turns import holder, person_of

ASKED_AT = time(10)
"""Nobody is asked at night: they are the day before, from this local time on."""
LONGEST_NOTICE = timedelta(hours=39)
"""From the time of asking to the end of the next day, with an hour more where the clocks go back."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """From ``at`` on ``person`` holds the line, and until then ``outgoing`` does: None where nobody does."""

    line: Line
    person: int
    outgoing: int | None
    at: datetime


def takeovers(facts: RotaFacts, start: datetime, end: datetime) -> tuple[Takeover, ...]:
    """Every instant in ``(start, end)`` at which somebody else comes to hold a line, ascending."""
    return tuple(_takeovers(facts, start, end))


def _takeovers(facts: RotaFacts, start: datetime, end: datetime) -> Iterator[Takeover]:
    for before, after in pairwise(shifts(facts, start, end)):
        for line in Line:
            was, comes = person_of(holder(before.duty, line)), person_of(holder(after.duty, line))
            if comes is not None and comes != was:
                yield Takeover(line, comes, was, after.start)


def asked_from(at: datetime, zone: str) -> datetime:
    """When whoever takes over at ``at`` is asked: on the local day before, at ``ASKED_AT``."""
    day = at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    return local_instant(zone, day, ASKED_AT)
