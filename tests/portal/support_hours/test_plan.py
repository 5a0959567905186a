"""The pure core of planning: what was typed, what a change does, a year."""

import contextlib
import itertools
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.hours import DatedException, Hours, WeeklyInterval, is_open
from portal.support_hours.plan import (
    Change,
    Kind,
    NotUnderstood,
    Overlapping,
    day_of,
    differences,
    next_turns,
    read_intervals,
    shortened,
    special_days_of,
    write_intervals,
    year_of,
)

HALF_HOURS = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
WORK = ((time(8), time(18)),)
OFFICE = Hours(
    "Europe/Berlin",
    tuple(WeeklyInterval(weekday, *WORK[0]) for weekday in range(5)),
    frozenset({date(2026, 12, 25), date(2026, 12, 26)}),
    (),
)
MONDAY = datetime(2026, 10, 19, tzinfo=UTC)  # the clocks go back on the Sunday after it


@st.composite
def days(draw: st.DrawFn) -> tuple[tuple[time, time], ...]:
    """The intervals of a day: in order, apart, the last perhaps over midnight."""
    edges: list[time] = draw(st.lists(st.sampled_from(HALF_HOURS), unique=True, max_size=6).map(sorted))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    past_midnight: bool = draw(st.booleans())
    if pairs and past_midnight:
        pairs[-1] = (pairs[-1][0], time(0))
    return tuple(pairs)


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    weekly = [WeeklyInterval(weekday, *each) for weekday in range(7) for each in draw(days())]
    exceptions = draw(st.dictionaries(st.dates(date(2026, 10, 19), date(2026, 11, 1)), days(), max_size=3))
    dated = tuple(DatedException(day, spans) for day, spans in sorted(exceptions.items()))
    return Hours(draw(st.sampled_from(["Europe/Berlin", "America/New_York"])), tuple(weekly), frozenset(), dated)


@given(days())
def test_what_is_written_is_read_again(intervals: tuple[tuple[time, time], ...]) -> None:
    assert read_intervals(write_intervals(intervals)) == intervals


def test_times_as_people_write_them() -> None:
    assert read_intervals("13-18, 8:30 – 12") == ((time(8, 30), time(12)), (time(13), time(18)))
    assert read_intervals("8.00 bis 12.00 und 22-6") == ((time(8), time(12)), (time(22), time(6)))
    assert read_intervals("0-24") == ((time(0), time(0)),)
    assert read_intervals(" ") == ()
    for wrong in ("24-8", "8", "8-25", "08:60-09:00", "closed", "8-12-14", "²-3", "٣x-4"):
        with pytest.raises(NotUnderstood):
            read_intervals(wrong)
    for wrong in ("8-12, 11-13", "22-6, 23-24", "8-12, 8-12"):
        with pytest.raises(Overlapping):
            read_intervals(wrong)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(NotUnderstood, Overlapping):
        read_intervals(text)


def test_half_a_day_ends_when_it_says() -> None:
    assert shortened(WORK, time(12)) == ((time(8), time(12)),)
    assert shortened(((time(8), time(11)), (time(13), time(18))), time(12)) == ((time(8), time(11)),)
    assert shortened(((time(6), time(2)),), time(12)) == ((time(6), time(12)),)
    assert shortened((), time(12)) == ()


@settings(max_examples=60)
@given(some_hours(), some_hours(), st.integers(0, 14 * 48))
def test_differences_are_where_the_two_differ_and_nowhere_else(before: Hours, after: Hours, step: int) -> None:
    end = MONDAY + timedelta(days=14)
    found = differences(before, after, MONDAY, end)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    at = MONDAY + step * timedelta(minutes=30)
    inside = next((each for each in found if each.start <= at < each.end), None)
    if at < end:
        assert (inside is not None) == (is_open(before, at) != is_open(after, at))
        assert inside is None or inside.opens == is_open(after, at)


@settings(max_examples=60)
@given(some_hours(), st.dictionaries(st.integers(0, 6), days()), st.dates(date(2026, 10, 20), date(2026, 10, 30)))
def test_a_change_touches_what_it_names_and_nothing_else(
    hours: Hours, week: dict[int, tuple[tuple[time, time], ...]], day: date
) -> None:
    changed = Change(week, {day: None}).applied(hours)
    for each in range(14):
        other = date(2026, 10, 19) + timedelta(days=each)
        if other.weekday() not in week and other != day:
            assert day_of(changed, other) == day_of(hours, other)
    assert Change({}, {}).applied(changed) == changed


@settings(max_examples=40)
@given(some_hours())
def test_turns_take_turns(hours: Hours) -> None:
    turns = next_turns(hours, MONDAY, 10)
    assert [turn.opens for turn in turns] == [is_open(hours, turn.at) for turn in turns]
    assert all(one.opens != other.opens for one, other in itertools.pairwise(turns))
    assert [turn.at for turn in turns] == sorted({turn.at for turn in turns})


def test_christmas_is_in_the_turns_and_in_the_year() -> None:
    eve = date(2026, 12, 24)
    hours = Change({}, {eve: DatedException(eve, ((time(8), time(12)),), "Eve")}).applied(OFFICE)
    turns = next_turns(hours, datetime(2026, 12, 24, 9, tzinfo=UTC), 2)
    assert [(turn.at.hour, turn.at.day, turn.opens) for turn in turns] == [(11, 24, False), (7, 28, True)]
    assert turns[1].days == (eve, date(2026, 12, 25), date(2026, 12, 26))
    december = [day for week in year_of(hours, 2026)[11] for day in week if day]
    assert len(december) == 31
    assert [day.kind for day in december[23:28]] == [Kind.HALF, Kind.HOLIDAY, Kind.HOLIDAY, Kind.FREE, Kind.OPEN]
    assert [day.day for day in special_days_of(hours, 2026)] == [eve, date(2026, 12, 25), date(2026, 12, 26)]
    worked = Change({}, {date(2026, 12, 25): DatedException(date(2026, 12, 25), WORK)}).applied(hours)
    assert day_of(worked, date(2026, 12, 25)).kind is Kind.WORKED
    assert next_turns(Hours("UTC", (), frozenset(), ()), MONDAY, 10) == []
