"""When a meeting ends, from what was tapped or written; nights on which clocks change among them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.hours import DatedException, Hours, WeeklyInterval
from routing.presence.times import LONGEST_MEETING, end_of_day, in_minutes, next_time

ZONE = "Europe/Berlin"
BERLIN = ZoneInfo(ZONE)


def local(*when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=BERLIN, fold=fold)  # type: ignore[misc,arg-type]


def test_minutes_end_on_a_whole_minute() -> None:
    assert in_minutes(30, local(2026, 11, 24, 10, 0)) == local(2026, 11, 24, 10, 30)
    taps = [local(2026, 11, 24, 10, 0) + timedelta(seconds=seconds) for seconds in (1, 30, 59.9)]
    assert {in_minutes(30, tap) for tap in taps} == {local(2026, 11, 24, 10, 31)}


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        (local(2026, 11, 24, 10, 0), time(14), local(2026, 11, 24, 14, 0)),
        (local(2026, 11, 24, 14, 0), time(14), None),  # now is no time ahead
        (local(2026, 11, 24, 14, 0), time(13, 59), None),
        (local(2026, 11, 24, 23, 30), time(0, 30), local(2026, 11, 25, 0, 30)),  # past midnight
        (local(2026, 11, 24, 9, 0), time(21), local(2026, 11, 24, 21, 0)),
        (local(2026, 11, 24, 9, 0), time(21, 1), None),  # more than a meeting lasts
        # Clocks go back from 03:00 to 02:00: 02:30 comes twice.
        (local(2026, 10, 25, 2, 0), time(2, 30), local(2026, 10, 25, 2, 30)),
        (local(2026, 10, 25, 2, 45), time(2, 30), local(2026, 10, 25, 2, 30, fold=1)),
        (local(2026, 10, 25, 2, 45, fold=1), time(2, 30), None),
        # Clocks go forward from 02:00 to 03:00: no clock shows 02:30.
        (local(2026, 3, 29, 1, 30), time(2, 30), local(2026, 3, 29, 3, 0)),
    ],
)
def test_a_time_of_ones_own(now: datetime, at: time, expected: datetime | None) -> None:
    assert next_time(ZONE, at, now.astimezone(UTC)) == (expected.astimezone(UTC) if expected else None)


@given(
    st.sampled_from([datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)]),
    st.integers(0, 48 * 60),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
)
def test_it_is_always_ahead_and_never_longer_than_a_meeting(day: datetime, minute: int, at: time) -> None:
    asked = day + timedelta(minutes=minute)
    until = next_time(ZONE, at, asked)
    if until is not None:
        assert asked < until <= asked + LONGEST_MEETING
        shown = until.astimezone(BERLIN).time()
        assert shown == at or until == datetime(2026, 3, 29, 1, tzinfo=UTC)  # the change itself


WITH_A_BREAK = tuple(
    WeeklyInterval(day, *hours) for day in range(5) for hours in ((time(8), time(12)), (time(13), time(17)))
)


def test_the_end_of_the_day_is_the_last_closing_today() -> None:
    hours = Hours(ZONE, WITH_A_BREAK, frozenset(), ())
    assert end_of_day([hours], ZONE, local(2026, 11, 24, 9, 0)) == local(2026, 11, 24, 17, 0)
    assert end_of_day([hours], ZONE, local(2026, 11, 24, 17, 0)) is None
    assert end_of_day([hours], ZONE, local(2026, 11, 28, 9, 0)) is None  # a Saturday
    assert end_of_day([], ZONE, local(2026, 11, 24, 9, 0)) is None


def test_a_day_that_ends_earlier_ends_earlier() -> None:
    eve = DatedException(local(2026, 12, 24, 0, 0).date(), ((time(8), time(12)),))
    hours = Hours(ZONE, WITH_A_BREAK, frozenset(), (eve,))
    assert end_of_day([hours], ZONE, local(2026, 12, 24, 9, 0)) == local(2026, 12, 24, 12, 0)


def test_the_later_of_two_offices_counts_and_midnight_ends_a_day() -> None:
    early = Hours(ZONE, (WeeklyInterval(1, time(7), time(16)),), frozenset(), ())
    night = Hours(ZONE, (WeeklyInterval(1, time(20), time(4)),), frozenset(), ())
    assert end_of_day([early, night], ZONE, local(2026, 11, 24, 9, 0)) == local(2026, 11, 25, 0, 0)
