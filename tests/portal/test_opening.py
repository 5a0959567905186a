"""Opening hours as people read them."""

from datetime import date, time

import pytest
from django.utils import translation

from portal.hours import DatedException, Hours, WeeklyInterval
from portal.models import DatedOpening, SupportHours
from portal.opening import SpecialDay, WeekLine, special_days, week_lines
from portal.queries import hours_facts
from portal.services import record
from tests.people import BEGAN, TUESDAY, make_hours

OFFICE = [(day, time(8), time(18)) for day in range(5)]


def week(*intervals: tuple[int, time, time]) -> Hours:
    return Hours("Europe/Berlin", tuple(WeeklyInterval(*each) for each in intervals), frozenset(), ())


def test_weekdays_alike_stand_in_one_line() -> None:
    assert week_lines(week(*OFFICE)) == [WeekLine("Mon–Fri", "08:00–18:00")]
    with translation.override("de"):
        assert week_lines(week(*OFFICE)) == [WeekLine("Mo–Fr", "08:00–18:00")]


def test_a_line_ends_where_a_day_differs() -> None:
    hours = week(*OFFICE[:2], *OFFICE[3:4], (4, time(13), time(15)), (4, time(8), time(12)), (6, time(0), time(0)))
    assert week_lines(hours) == [
        WeekLine("Mon–Tue", "08:00–18:00"),
        WeekLine("Thu", "08:00–18:00"),
        WeekLine("Fri", "08:00–12:00, 13:00–15:00"),
        WeekLine("Sun", "00:00–24:00"),
    ]


def test_never_open_is_no_line() -> None:
    assert week_lines(week()) == []


@pytest.mark.django_db
def test_holidays_and_exceptions_stand_in_order_with_their_names() -> None:
    office = make_hours()
    for day, label, opens, closes in (
        (date(2026, 12, 24), "Company holiday", None, None),
        (date(2026, 12, 25), "", time(10), time(12)),
        (date(2027, 1, 2), "Stocktaking", time(9), time(13)),
    ):
        record(DatedOpening, by=None, now=BEGAN, hours=office, day=day, label=label, opens=opens, closes=closes)
    facts = hours_facts([office], at=TUESDAY, known_at=TUESDAY)[office.pk]
    with translation.override("de"):
        found = special_days(office, facts, first=date(2026, 12, 1), last=date(2027, 1, 2))
    assert found == [
        SpecialDay(date(2026, 12, 24), "Company holiday", ""),
        SpecialDay(date(2026, 12, 25), "Erster Weihnachtstag", "10:00–12:00"),
        SpecialDay(date(2026, 12, 26), "Zweiter Weihnachtstag", ""),
        SpecialDay(date(2027, 1, 1), "Neujahr", ""),
        SpecialDay(date(2027, 1, 2), "Stocktaking", "09:00–13:00"),
    ]
    with translation.override("en"):
        (new_year,) = special_days(office, facts, first=date(2027, 1, 1), last=date(2027, 1, 1))
    assert new_year.name == "New Year's Day"


def test_a_place_of_unknown_holidays_has_exceptions_alone() -> None:
    exception = DatedException(date(2026, 12, 24), (), "Closed")
    hours = Hours("Europe/Berlin", (), frozenset(), (exception,))
    nowhere = SupportHours(country="XX", zone="Europe/Berlin")
    assert special_days(nowhere, hours, first=date(2026, 12, 1), last=date(2026, 12, 31)) == [
        SpecialDay(date(2026, 12, 24), "Closed", "")
    ]
