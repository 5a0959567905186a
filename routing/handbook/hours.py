"""Support hours, and the days of the next twelve months on which they are others."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.hours import statutory_holidays

from .blocks import Line, Section, Table, Text
from .given import Given
from .people import span_words, weekly_words

A_YEAR = timedelta(days=365)


def day_words(day: date | datetime) -> str:
    """A day with its weekday, in the reader's language."""
    return date_format(day, "DATE_FORMAT")


def hours(given: Given) -> Section:
    """When the office is open, in which zone, and when it is not."""
    weekly = weekly_words(given.known.hours.weekly)
    days = tuple(_special_days(given))
    return Section(
        "hours",
        _("Support hours and holidays"),
        (
            *(
                [_week(weekly)]
                if weekly
                else [Text(_("The office keeps no hours of its own: on-call answers always."))]
            ),
            Text(
                _(
                    "All times are in the zone %(zone)s. “Business hours” in this handbook are these hours; "
                    "at all other times, and on the days below, “outside business hours” applies."
                )
                % {"zone": given.known.hours.zone}
            ),
            *(
                [
                    Table(
                        caption=_("Holidays and other special days until %(day)s")
                        % {"day": day_words(given.today + A_YEAR)},
                        head=(_("Day"), _("Occasion"), _("Office")),
                        rows=tuple(
                            ((Line(day, "strong"),), (Line(name),), (Line(opening),)) for day, name, opening in days
                        ),
                        widths=(30, 45, 25),
                    )
                ]
                if days
                else []
            ),
        ),
    )


def _week(weekly: list[tuple[str, str]]) -> Table:
    return Table(
        caption=_("Business hours"),
        head=(_("Days"), _("Open")),
        rows=tuple(((Line(days, "strong"),), (Line(times),)) for days, times in weekly),
        widths=(30, 70),
    )


def _special_days(given: Given) -> Iterator[tuple[str, str, str]]:
    """Each day on which the office is open at other times than its week says, with the occasion."""
    known = given.known.hours
    exceptions = {each.day: each for each in known.exceptions}
    named = _holiday_names(given)
    working = {each.weekday for each in known.weekly}
    for number in range(A_YEAR.days + 1):
        day = given.today + timedelta(days=number)
        if exception := exceptions.get(day):
            spans = [span_words(f"{opens:%H:%M}", f"{closes:%H:%M}") for opens, closes in exception.intervals]
            yield day_words(day), exception.label or named.get(day, ""), ", ".join(spans) or _("closed")
        elif day in known.holidays and day.weekday() in working:
            yield day_words(day), named.get(day, ""), _("closed")


def _holiday_names(given: Given) -> dict[date, str]:
    site = given.site
    if site is None or not site.country:
        return {}
    years = range(given.today.year, (given.today + A_YEAR).year + 1)
    try:
        return statutory_holidays(site.country, site.subdivision or None, years, given.language)
    except ValueError:
        return {}
