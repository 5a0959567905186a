"""Months and years: every instant lies in exactly one, by the calendar of the provider's office."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.reports.periods import Month, Span, span_of

ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")]


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(ZONES),
)
def test_every_instant_lies_in_one_month(at: datetime, zone: ZoneInfo) -> None:
    month = Month.of(at, zone)
    assert month.starts(zone) <= at < month.moved(1).starts(zone)
    year = Span(month.year)
    assert year.starts(zone) <= at < year.ends(zone)
    assert sum(each.starts(zone) <= at < each.moved(1).starts(zone) for each in year.months) == 1


def test_the_office_begins_its_month_at_its_midnight() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert Span(2026, 11).starts(berlin) == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert Span(2026, 4).starts(berlin) == datetime(2026, 3, 31, 22, tzinfo=UTC)
    march = Span(2026, 3)
    assert march.ends(berlin) - march.starts(berlin) == timedelta(days=31) - timedelta(hours=1)


@given(st.integers(2000, 2099), st.none() | st.integers(1, 12))
def test_what_is_written_is_read_again(year: int, number: int | None) -> None:
    span = Span(year, number)
    assert span_of(str(span)) == span
    assert span.after is None or span.after.before == span


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "26",
        "2026-",
        "2026-0",
        "2026-00",
        "2026-13",
        "2026-1",
        "2026-011",
        "1999",
        "2100",
        "２０２６",
        "2026-11\n",
        "x",
    ],
)
def test_garbage_names_nothing(garbage: str) -> None:
    assert span_of(garbage) is None


def test_reports_end_somewhere() -> None:
    assert Span(2000).before is None
    assert Span(2000, 1).before is None
    assert Span(2099, 12).after is None
    assert str(Span(2026, 12).after) == "2027-01"
