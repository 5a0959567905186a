"""How a report says its numbers, in the language that is active."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .figures import Outcome
from .periods import Month, Span

NOTHING = "–"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONG = 2 * DAY

OUTCOME = {
    Outcome.MET: gettext_lazy("in time"),
    Outcome.MISSED: gettext_lazy("late"),
    Outcome.RUNNING: gettext_lazy("running"),
    Outcome.LAPSED: gettext_lazy("over by itself"),
    Outcome.NO_TARGET: gettext_lazy("without a target"),
}


def month_words(month: Month) -> str:
    """Such as "November 2026"."""
    return date_format(month.first_day, "F Y")


def month_name(month: Month) -> str:
    """Such as "November", where the year is said already."""
    return date_format(month.first_day, "F")


def month_short(month: Month) -> str:
    return date_format(month.first_day, "M").removesuffix(".")


def span_words(span: Span) -> str:
    return str(span.year) if span.is_year else month_words(span.first)


def wait_words(wait: timedelta | None) -> str:
    """Such as "12 min", "3 h 05 min", "2 d 4 h"; whole units, none of them rounded up."""
    if wait is None:
        return NOTHING
    if wait < MINUTE:
        return _("under 1 min")
    if wait < HOUR:
        return _("%(minutes)d min") % {"minutes": wait // MINUTE}
    if wait < LONG:
        return _("%(hours)d h %(minutes)02d min") % {"hours": wait // HOUR, "minutes": wait % HOUR // MINUTE}
    return _("%(days)d d %(hours)d h") % {"days": wait // DAY, "hours": wait % DAY // HOUR}


def percent_words(percent: int | None) -> str:
    return NOTHING if percent is None else _("%(percent)d%%") % {"percent": percent}


def difference_words(now: int, before: int) -> str:
    """How many more or fewer; with a true minus."""
    difference = now - before
    if not difference:
        return "±0"
    return f"+{difference}" if difference > 0 else f"−{-difference}"


def incidents_words(count: int) -> str:
    return ngettext("%(count)d incident", "%(count)d incidents", count) % {"count": count}


def moment_words(at: datetime, zone: ZoneInfo) -> str:
    return date_format(at.astimezone(zone), "DATETIME_FORMAT")
