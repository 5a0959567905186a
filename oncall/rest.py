"""Rest after work at night: how long it lasts, and what of ordinary work falls into it.

Pure functions: no database, no clock. Instants are aware, periods half-open ``[start, end)``.

Source: § 5 (1) ArbZG (Germany), and article 3 of directive 2003/88/EC: after the end of daily work at least eleven
uninterrupted hours of rest. Standing by is rest; being called out is work, and after it the rest begins anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Stretch:
    start: datetime
    end: datetime


def rest_at(at: datetime, work: Iterable[Stretch], length: timedelta) -> Stretch | None:
    """The rest under way at ``at``, uninterrupted since the last work; None while there is work, or once it is over.

    A ``length`` of nothing asks for no rest.
    """
    begun = [each for each in work if each.start <= at]
    last = max((each.end for each in begun), default=None)
    if last is None or last > at or at >= last + length:
        return None
    return Stretch(last, last + length)


def kept_free(rest: Stretch, opens: datetime | None, at: datetime) -> Stretch | None:
    """What to keep free of ordinary work, which begins at ``opens``, from ``at`` on; None where none falls into it."""
    if opens is None or opens >= rest.end:
        return None
    start = max(opens, rest.start, at)
    return Stretch(start, rest.end) if start < rest.end else None
