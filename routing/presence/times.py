"""When a meeting or an absence ends, from what people tap or write. Pure: instants are aware, results in UTC."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.hours import Hours, local_instant, open_periods

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LONGEST_MEETING = timedelta(hours=12)
"""What lasts longer is no meeting; a wall time further ahead than this is one that has passed."""


def in_minutes(minutes: int, now: datetime) -> datetime:
    """So long from now, on a whole minute: a second tap in the same minute means the same instant."""
    return _up_to_the_minute(now + minutes * MINUTE)


def next_time(zone: str, at: time, now: datetime) -> datetime | None:
    """The next instant at which local clocks show `at`; None where that is more than `LONGEST_MEETING` ahead.

    A time that occurs twice is its next occurrence; one that a clock change skips is the instant of the change.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    days = (today, today + DAY)
    occurrences = [*(local_instant(zone, day, at) for day in days), *(_second(zone, day, at) for day in days)]
    return min((when for when in occurrences if when and now < when <= now + LONGEST_MEETING), default=None)


def end_of_day(calendars: Iterable[Hours], zone: str, now: datetime) -> datetime | None:
    """When the last of the calendars closes on the local day of `now`; None where nothing is open any more."""
    midnight = first_instant(zone, now.astimezone(ZoneInfo(zone)).date() + DAY)
    closings = [period.end for hours in calendars for period in open_periods(hours, now, midnight)]
    return max((closing for closing in closings if closing), default=None)


def first_instant(zone: str, day: date) -> datetime:
    """When the local day begins."""
    return local_instant(zone, day, time())


def _second(zone: str, day: date, at: time) -> datetime | None:
    """The second occurrence of a local time, where clocks go back over it; in a gap there is none."""
    wall = datetime.combine(day, at)
    again = wall.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    shown = again.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    return again if shown == wall else None


def _up_to_the_minute(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + MINUTE
