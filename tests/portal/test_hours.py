import pickle
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.hours import (
    HORIZON,
    DatedException,
    Hours,
    Period,
    WeeklyInterval,
    add_open_time,
    as_utc,
    is_open,
    local_instant,
    next_change,
    next_opening,
    open_periods,
    open_time_between,
    statutory_holidays,
)

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
TICK = timedelta.resolution
MIDNIGHT = time(0)

# Cairo and St John's change their clocks at or near midnight, Lord Howe by half an hour.
ZONES = (
    "Europe/Berlin",
    "UTC",
    "America/New_York",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
# Clock changes of Berlin, New York, Cairo and Lord Howe, and year ends.
TURNING_DAYS = (
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 12, 31),
    date(2027, 3, 14),
    date(2027, 3, 28),
    date(2027, 4, 4),
    date(2027, 4, 30),
    date(2027, 10, 28),
    date(2027, 10, 31),
    date(2027, 12, 31),
)

days = st.builds(lambda day, offset: day + timedelta(days=offset), st.sampled_from(TURNING_DAYS), st.integers(-4, 4))
instants = st.builds(
    lambda day, minutes: datetime.combine(day, MIDNIGHT, UTC) + minutes * MINUTE, days, st.integers(0, 1439)
)
wall_times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 1, 15, 30, 59)))
hours_facts = st.builds(
    Hours,
    st.sampled_from(ZONES),
    st.lists(st.builds(WeeklyInterval, st.integers(0, 6), wall_times, wall_times), max_size=8).map(tuple),
    st.frozensets(days, max_size=3),
    st.lists(
        st.builds(
            DatedException,
            days,
            st.lists(st.tuples(wall_times, wall_times), max_size=2).map(tuple),
            st.just(""),
        ),
        max_size=3,
        unique_by=lambda exception: exception.day,
    ).map(tuple),
)


def berlin(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def office(*exceptions: DatedException, subdivision: str = "HE") -> Hours:
    return Hours(
        "Europe/Berlin",
        tuple(WeeklyInterval(weekday, time(8), time(18)) for weekday in range(5)),
        frozenset(statutory_holidays("DE", subdivision, (2026, 2027))),
        exceptions,
    )


def weekly(*intervals: tuple[int, time, time], zone: str = "Europe/Berlin") -> Hours:
    return Hours(zone, tuple(WeeklyInterval(*interval) for interval in intervals), frozenset(), ())


ROUND_THE_CLOCK = weekly(*((weekday, MIDNIGHT, MIDNIGHT) for weekday in range(7)))
NEVER = weekly()


def periods(hours: Hours, start: datetime, end: datetime) -> list[tuple[datetime, datetime | None]]:
    return [(period.start, period.end) for period in open_periods(hours, start, end)]


def open_by_the_wall_clock(hours: Hours, at: datetime) -> bool:
    """A second opinion: an interval has begun (ended) once a clock on the wall has shown its start (end)."""
    zone = ZoneInfo(hours.zone)
    shown = max((at - minutes * MINUTE).astimezone(zone).replace(tzinfo=None) for minutes in range(121))
    for offset in range(3):
        day = shown.date() - timedelta(days=offset)
        for start, end in intervals_of(hours, day):
            begins, ends = datetime.combine(day, start), datetime.combine(day, end)
            if ends <= begins:
                ends += timedelta(days=1)
            if begins <= shown < ends:
                return True
    return False


def intervals_of(hours: Hours, day: date) -> list[tuple[time, time]]:
    dated = [exception for exception in hours.exceptions if exception.day == day]
    if dated:
        return list(dated[0].intervals)
    if day in hours.holidays:
        return []
    return [(each.start, each.end) for each in hours.weekly if each.weekday == day.weekday()]


def samples(start: datetime, end: datetime) -> list[datetime]:
    """Instants in ``[start, end)``, its first and last included."""
    step = (end - start) / 40
    return [*(start + number * step for number in range(40)), end - TICK]


@given(hours_facts, instants)
def test_open_is_what_the_clock_on_the_wall_says(hours: Hours, at: datetime) -> None:
    assert is_open(hours, at) is open_by_the_wall_clock(hours, at)


@given(hours_facts, instants, st.integers(1, 14 * 1440), st.data())
def test_open_and_closed_windows_partition_time(
    hours: Hours, start: datetime, minutes: int, data: st.DataObject
) -> None:
    end = start + minutes * MINUTE
    previous = None
    for opened, closed in periods(hours, start, end):
        assert closed is not None
        assert start <= opened < closed <= end
        assert previous is None or previous < opened  # merged: neither overlapping nor touching
        assert is_open(hours, opened)
        assert is_open(hours, closed - TICK)
        assert opened == start or not is_open(hours, opened - TICK)
        assert closed == end or not is_open(hours, closed)
        previous = closed
    at = start + data.draw(st.integers(0, minutes - 1)) * MINUTE
    containing = [period for period in open_periods(hours, start, end) if period.contains(at)]
    assert len(containing) == is_open(hours, at)


@given(hours_facts, instants)
@example(ROUND_THE_CLOCK, datetime(2026, 10, 24, tzinfo=UTC))
@example(NEVER, datetime(2026, 10, 24, tzinfo=UTC))
def test_next_change_is_honest(hours: Hours, at: datetime) -> None:
    change = next_change(hours, at)
    now = is_open(hours, at)
    if change is not None:
        assert change > at
        assert is_open(hours, change) is not now
    assert all(is_open(hours, each) is now for each in samples(at, change or at + HORIZON))


@given(hours_facts, instants)
def test_next_opening_is_at_once_or_the_next_change(hours: Hours, at: datetime) -> None:
    assert next_opening(hours, at) == (at if is_open(hours, at) else next_change(hours, at))


@given(hours_facts, instants, st.integers(0, 100 * 60))
def test_adding_and_measuring_open_time_agree(hours: Hours, at: datetime, minutes: int) -> None:
    amount = minutes * MINUTE
    due = add_open_time(hours, at, amount)
    if due is None:
        assert open_time_between(hours, at, at + HORIZON) < amount
    else:
        assert open_time_between(hours, at, due) == amount
        assert not amount or open_time_between(hours, at, due - TICK) == amount - TICK


@given(hours_facts, instants, st.integers(0, 20_000), st.integers(0, 20_000))
def test_open_time_adds_up(hours: Hours, start: datetime, first: int, second: int) -> None:
    middle = start + first * MINUTE
    end = middle + second * MINUTE
    whole = open_time_between(hours, start, end)
    assert whole == open_time_between(hours, start, middle) + open_time_between(hours, middle, end)
    assert whole == sum(((closed or end) - opened for opened, closed in periods(hours, start, end)), timedelta(0))


@given(st.sampled_from(ZONES), days, wall_times, days, wall_times)
def test_later_wall_times_are_never_earlier_instants(
    zone: str, day: date, at: time, other_day: date, other: time
) -> None:
    (first, first_time), (last, last_time) = sorted(((day, at), (other_day, other)))
    assert local_instant(zone, first, first_time) <= local_instant(zone, last, last_time)


@given(hours_facts, instants)
def test_the_reader_s_zone_does_not_matter(hours: Hours, at: datetime) -> None:
    for zone in ("Europe/Berlin", "America/New_York"):
        elsewhere = at.astimezone(ZoneInfo(zone))
        assert is_open(hours, elsewhere) is is_open(hours, at)
        assert next_change(hours, elsewhere) == next_change(hours, at)
        assert add_open_time(hours, elsewhere, 90 * MINUTE) == add_open_time(hours, at, 90 * MINUTE)


@pytest.mark.parametrize("year", [2026, 2027])
def test_every_minute_around_the_clock_changes(year: int) -> None:
    hours = weekly((5, time(22), time(2, 30)), (6, time(2, 15), time(3)), (6, time(3, 30), time(3, 45)))
    changes = {2026: (date(2026, 3, 28), date(2026, 10, 24)), 2027: (date(2027, 3, 27), date(2027, 10, 30))}
    for day in changes[year]:
        evening = datetime.combine(day, time(20), UTC)
        for minute in range(8 * 60):
            at = evening + minute * MINUTE
            assert is_open(hours, at) is open_by_the_wall_clock(hours, at), at


def test_corpus_christi_closes_hesse_and_not_hamburg() -> None:
    thursday = berlin(2027, 5, 27, 10)
    assert not is_open(office(), thursday)
    assert next_opening(office(), thursday) == berlin(2027, 5, 28, 8)
    assert is_open(office(subdivision="HH"), thursday)


def test_a_dated_exception_closes_christmas_eve() -> None:
    closed = office(DatedException(date(2027, 12, 24), (), "Heiligabend"))
    assert is_open(office(), berlin(2027, 12, 24, 10))
    assert not is_open(closed, berlin(2027, 12, 24, 10))
    assert next_change(closed, berlin(2027, 12, 23, 18)) == berlin(2027, 12, 27, 8)


def test_a_dated_exception_replaces_the_whole_day_and_a_holiday_too() -> None:
    hours = office(
        DatedException(date(2027, 5, 26), ((time(8), time(12)),)),
        DatedException(date(2027, 5, 27), ((time(9), time(11)), (time(22), time(2)))),
    )
    assert periods(hours, berlin(2027, 5, 26), berlin(2027, 5, 28, 9)) == [
        (berlin(2027, 5, 26, 8), berlin(2027, 5, 26, 12)),
        (berlin(2027, 5, 27, 9), berlin(2027, 5, 27, 11)),
        (berlin(2027, 5, 27, 22), berlin(2027, 5, 28, 2)),
        (berlin(2027, 5, 28, 8), berlin(2027, 5, 28, 9)),
    ]


def test_a_night_shift_belongs_to_the_day_on_which_it_starts() -> None:
    night = ((3, time(22), time(6)), (4, time(22), time(6)))
    hours = Hours("Europe/Berlin", tuple(WeeklyInterval(*each) for each in night), frozenset({date(2027, 5, 28)}), ())
    assert is_open(hours, berlin(2027, 5, 28, 3))  # Thursday's night runs into the holiday
    assert next_change(hours, berlin(2027, 5, 28, 3)) == berlin(2027, 5, 28, 6)
    assert not is_open(hours, berlin(2027, 5, 28, 23))  # the holiday's own night does not begin


def test_a_long_saturday_in_the_west_reaches_into_the_monday_of_utc() -> None:
    hours = weekly((5, time(23), time(22, 59)), zone="America/New_York")
    assert next_change(hours, datetime(2027, 6, 21, 1, tzinfo=UTC)) == datetime(2027, 6, 21, 2, 59, tzinfo=UTC)
    saturday = weekly((5, time(23), time(23)), zone="Pacific/Pago_Pago")
    assert is_open(saturday, datetime(2027, 6, 21, 9, 59, tzinfo=UTC))
    assert not is_open(saturday, datetime(2027, 6, 21, 10, tzinfo=UTC))


def test_equal_times_are_a_whole_day() -> None:
    hours = weekly((2, MIDNIGHT, MIDNIGHT))
    assert periods(hours, berlin(2027, 6, 14), berlin(2027, 6, 21)) == [(berlin(2027, 6, 16), berlin(2027, 6, 17))]
    from_eight = weekly((2, time(8), time(8)))
    assert open_time_between(from_eight, berlin(2027, 6, 14), berlin(2027, 6, 21)) == timedelta(hours=24)


def test_intervals_that_touch_or_overlap_are_one() -> None:
    hours = weekly((0, time(8), time(12)), (0, time(12), time(16)), (0, time(15), time(18)))
    assert periods(hours, berlin(2027, 6, 14), berlin(2027, 6, 15)) == [
        (berlin(2027, 6, 14, 8), berlin(2027, 6, 14, 18))
    ]


@pytest.mark.parametrize(("saturday", "real_hours"), [(28, 7), (21, 8)], ids=["clocks go forward", "ordinary night"])
def test_a_night_in_march(saturday: int, real_hours: int) -> None:
    hours = weekly((5, time(22), time(6)))
    start = berlin(2026, 3, saturday, 12)
    assert open_time_between(hours, start, start + timedelta(days=1)) == timedelta(hours=real_hours)


def test_a_night_in_which_clocks_go_back_is_an_hour_longer() -> None:
    hours = weekly((5, time(22), time(6)))
    start = berlin(2027, 10, 30, 12)
    assert open_time_between(hours, start, start + timedelta(days=1)) == timedelta(hours=9)
    assert add_open_time(hours, start, timedelta(hours=9)) == berlin(2027, 10, 31, 6)


def test_a_start_in_the_skipped_hour_is_the_instant_after_it() -> None:
    hours = weekly((6, time(2, 30), time(4)))
    assert periods(hours, berlin(2027, 3, 28), berlin(2027, 3, 29)) == [
        (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 3, 28, 2, tzinfo=UTC))
    ]


def test_an_interval_within_the_skipped_hour_does_not_open() -> None:
    hours = weekly((6, time(2, 15), time(2, 45)))
    assert periods(hours, berlin(2027, 3, 28), berlin(2027, 3, 29)) == []


def test_a_time_that_occurs_twice_is_its_first_occurrence() -> None:
    hours = weekly((6, time(2, 15), time(2, 45)))
    assert periods(hours, berlin(2027, 10, 31), berlin(2027, 11, 1)) == [
        (datetime(2027, 10, 31, 0, 15, tzinfo=UTC), datetime(2027, 10, 31, 0, 45, tzinfo=UTC))
    ]


def test_a_local_day_that_was_skipped_altogether_has_no_opening() -> None:
    """Samoa had no 30 December 2011."""
    hours = weekly(*((weekday, time(9), time(17)) for weekday in range(7)), zone="Pacific/Apia")
    start = datetime(2011, 12, 29, 10, tzinfo=UTC)  # midnight of the 29th in Apia
    assert open_time_between(hours, start, start + timedelta(hours=48)) == timedelta(hours=16)
    assert len(open_periods(hours, start, start + timedelta(hours=48))) == 2


def test_round_the_clock_never_changes() -> None:
    start = berlin(2026, 12, 30)
    assert next_change(ROUND_THE_CLOCK, start) is None
    assert periods(ROUND_THE_CLOCK, start, berlin(2027, 4, 4)) == [(start, berlin(2027, 4, 4))]
    assert add_open_time(ROUND_THE_CLOCK, start, timedelta(days=399)) == start + timedelta(days=399)


def test_what_never_opens_has_neither_change_nor_due_time() -> None:
    at = berlin(2027, 1, 1)
    assert next_change(NEVER, at) is None
    assert next_opening(NEVER, at) is None
    assert add_open_time(NEVER, at, MINUTE) is None


def test_nothing_beyond_the_horizon_is_found() -> None:
    at = berlin(2026, 1, 1)
    late = (at + HORIZON).astimezone(BERLIN).date() + timedelta(days=2)
    hours = Hours("Europe/Berlin", (), frozenset(), (DatedException(late, ((time(8), time(18)),)),))
    assert next_opening(hours, at) is None
    assert next_opening(hours, at + timedelta(days=3)) is not None


def test_a_hundred_office_hours_are_ten_working_days() -> None:
    monday = berlin(2027, 6, 14, 8)
    assert add_open_time(office(), monday, timedelta(hours=100)) == berlin(2027, 6, 25, 18)


def test_open_time_runs_over_new_year_and_its_holidays() -> None:
    hours = office(DatedException(date(2026, 12, 31), (), "Silvester"))
    assert add_open_time(hours, berlin(2026, 12, 30, 17), timedelta(hours=2)) == berlin(2027, 1, 4, 9)


def test_a_period_that_starts_at_closing_is_due_after_the_next_opening() -> None:
    friday_closing = berlin(2027, 6, 18, 18)
    assert add_open_time(office(), friday_closing, timedelta(0)) == friday_closing
    assert add_open_time(office(), friday_closing, MINUTE) == berlin(2027, 6, 21, 8, 1)


def test_time_does_not_run_backwards() -> None:
    assert open_time_between(office(), berlin(2027, 6, 18, 12), berlin(2027, 6, 18, 9)) == timedelta(0)
    assert open_periods(office(), berlin(2027, 6, 18, 12), berlin(2027, 6, 18, 9)) == ()
    with pytest.raises(ValueError, match="negative"):
        add_open_time(office(), berlin(2027, 6, 18), -MINUTE)


def test_an_instant_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        is_open(office(), datetime(2027, 6, 18, 12))  # noqa: DTZ001 - the mistake under test
    assert as_utc(datetime(2027, 6, 18, 12, tzinfo=BERLIN)) == datetime(2027, 6, 18, 10, tzinfo=UTC)


def test_equal_facts_are_interchangeable_and_survive_pickling() -> None:
    first, second = office(), office()
    assert first is not second
    assert (first, hash(first)) == (second, hash(second))
    assert first != office(subdivision="HH")
    kept = pickle.loads(pickle.dumps(first))  # noqa: S301 - our own bytes
    assert (kept, hash(kept)) == (first, hash(first))


def test_statutory_holidays_follow_subdivision_year_and_language() -> None:
    hesse = statutory_holidays("DE", "HE", [2027])
    assert hesse[date(2027, 5, 27)] == "Fronleichnam"
    assert {day.year for day in hesse} == {2027}
    assert date(2027, 5, 27) not in statutory_holidays("DE", "HH", [2027])
    assert date(2027, 5, 27) not in statutory_holidays("DE", None, [2027])
    assert {day.year for day in statutory_holidays("DE", "HE", range(2026, 2029))} == {2026, 2027, 2028}


@pytest.mark.parametrize(
    ("language", "name"),
    [
        (None, "Fronleichnam"),
        ("de", "Fronleichnam"),
        ("en", "Corpus Christi"),
        ("en-us", "Corpus Christi"),
        ("en_GB", "Corpus Christi"),
        ("fr", "Fronleichnam"),
    ],
)
def test_holiday_names_in_a_language_whatever_the_locale(language: str | None, name: str) -> None:
    assert statutory_holidays("DE", "HE", [2027], language)[date(2027, 5, 27)] == name


@pytest.mark.parametrize(("country", "subdivision"), [("QQ", None), ("DE", "XX")])
def test_an_unknown_place_is_an_error(country: str, subdivision: str | None) -> None:
    with pytest.raises(ValueError, match="not"):
        statutory_holidays(country, subdivision, [2027])


@pytest.mark.parametrize(
    ("start", "end", "overlap"),
    [(8, 10, False), (9, 11, True), (10, 12, True), (11, None, True), (12, 14, False), (8, None, True)],
)
def test_half_open_periods_overlap(start: int, end: int | None, overlap: bool) -> None:
    def at(hour: int) -> datetime:
        return datetime(2027, 10, 31, hour, tzinfo=UTC)

    period = Period(at(10), at(12))
    other = Period(at(start), None if end is None else at(end))
    assert period.overlaps(other) is overlap
    assert other.overlaps(period) is overlap
    assert period.contains(at(10))
    assert not period.contains(at(12))
    assert Period(at(10), None).contains(at(23))


def test_periods_tell_the_repeated_hour_apart() -> None:
    first = datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN)
    second = first.replace(fold=1)
    assert not Period(second, None).contains(first)
    assert not Period(first - MINUTE, first + MINUTE).overlaps(Period(second, None))
