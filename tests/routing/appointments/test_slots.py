"""Times to propose: open, free, soon, on different days, and never on a holiday."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from portal.hours import Hours, Period, WeeklyInterval, is_open, open_time_between
from routing.appointments.slots import GRID, HORIZON, LENGTH, NOTICE, proposals

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=BERLIN)


def weekly(*spans: tuple[int, int, int], zone: str = "Europe/Berlin", closed: tuple[date, ...] = ()) -> Hours:
    """Weekday, first and last full hour."""
    rows = tuple(WeeklyInterval(day, time(first), time(last)) for day, first, last in spans)
    return Hours(zone, rows, frozenset(closed), ())


OFFICE = weekly(*((day, 8, 18) for day in range(5)))


def local(found: tuple[Period, ...], zone: ZoneInfo = BERLIN) -> list[str]:
    return [f"{period.start.astimezone(zone):%a %d %H:%M}" for period in found]


def test_three_days_from_tomorrow() -> None:
    assert local(proposals([OFFICE], [], now=TUESDAY)) == ["Wed 25 10:00", "Thu 26 14:00", "Fri 27 11:00"]


def test_over_the_weekend() -> None:
    friday = datetime(2026, 11, 27, 16, 10, tzinfo=BERLIN)
    assert local(proposals([OFFICE], [], now=friday)) == ["Mon 30 10:00", "Tue 01 14:00", "Wed 02 11:00"]


def test_not_on_holidays() -> None:
    office = weekly(*((day, 8, 18) for day in range(5)), closed=(date(2026, 12, 25),))
    christmas = datetime(2026, 12, 23, 12, tzinfo=BERLIN)
    assert local(proposals([office], [], now=christmas)) == ["Thu 24 12:00", "Mon 28 14:00", "Tue 29 11:00"]


def test_working_hours_and_absences_are_kept_free() -> None:
    mornings = weekly((2, 9, 13), (3, 9, 13), (4, 9, 13), (0, 9, 13))
    away = Period(datetime(2026, 11, 26, tzinfo=BERLIN), datetime(2026, 11, 28, tzinfo=BERLIN))
    meeting = Period(datetime(2026, 11, 25, 10, 30, tzinfo=BERLIN), datetime(2026, 11, 25, 11, tzinfo=BERLIN))
    found = local(proposals([OFFICE, mornings], [meeting, away], now=TUESDAY))
    assert found == ["Wed 25 11:00", "Mon 30 12:00", "Wed 02 11:00"]


def test_an_office_elsewhere_keeps_its_own_days() -> None:
    tokyo = weekly(*((day, 9, 17) for day in range(5)), zone="Asia/Tokyo")
    found = local(proposals([tokyo], [], now=TUESDAY), ZoneInfo("Asia/Tokyo"))
    assert found == ["Thu 26 10:00", "Fri 27 14:00", "Mon 30 11:00"]


def test_an_open_ended_absence_leaves_nothing() -> None:
    assert proposals([OFFICE], [Period(TUESDAY, None)], now=TUESDAY) == ()


def test_where_nothing_is_open_nothing_is_proposed() -> None:
    assert proposals([weekly()], [], now=TUESDAY) == ()


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
START, END = (datetime(year, 1, 1) for year in (2026, 2028))  # noqa: DTZ001 -- hypothesis adds the zone
INSTANTS = st.datetimes(START, END, timezones=st.just(ZoneInfo("UTC")))
SPANS = st.tuples(st.integers(0, 6), st.integers(0, 23), st.integers(0, 23))
HOURS = st.builds(
    lambda spans, zone, closed: weekly(*spans, zone=zone, closed=tuple(closed)),
    st.lists(SPANS, max_size=6),
    ZONES,
    st.lists(DAYS, max_size=20),
)
BUSY = st.lists(
    st.builds(lambda at, minutes: Period(at, at + timedelta(minutes=minutes)), INSTANTS, st.integers(1, 60 * 24 * 20)),
    max_size=6,
)


@given(st.lists(HOURS, min_size=1, max_size=2), BUSY, INSTANTS)
def test_whatever_is_proposed_can_be_kept(hours: list[Hours], busy: list[Period], now: datetime) -> None:
    found = proposals(hours, busy, now=now)
    assert len(found) <= 3
    assert [period.start for period in found] == sorted(period.start for period in found)
    zone = ZoneInfo(hours[0].zone)
    assert len({period.start.astimezone(zone).date() for period in found}) == len(found)
    for period in found:
        assert period.end == period.start + LENGTH
        assert now + NOTICE <= period.start
        assert period.end <= now + HORIZON
        assert period.start.timestamp() % GRID.total_seconds() == 0
        assert all(open_time_between(each, period.start, period.end) == LENGTH for each in hours)
        assert all(is_open(each, period.start) for each in hours)
        assert not any(period.overlaps(other) for other in busy)


@given(HOURS, BUSY, INSTANTS)
def test_nothing_is_proposed_only_where_nothing_would_fit(hours: Hours, busy: list[Period], now: datetime) -> None:
    if proposals([hours], busy, now=now):
        return
    start = datetime.fromtimestamp(-(-(now + NOTICE).timestamp() // 1800) * 1800, now.tzinfo)
    while start + LENGTH <= now + HORIZON:
        fits = open_time_between(hours, start, start + LENGTH) == LENGTH
        assert not fits or any(Period(start, start + LENGTH).overlaps(other) for other in busy)
        start += GRID


@given(HOURS, BUSY, INSTANTS)
def test_the_order_of_what_is_taken_does_not_matter(hours: Hours, busy: list[Period], now: datetime) -> None:
    assert proposals([hours], busy, now=now) == proposals([hours], busy[::-1], now=now)
