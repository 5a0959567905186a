from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matrix.sla import (
    ChainFinding,
    Clock,
    Standing,
    StepShape,
    check_chain,
    due,
    fit_waits,
    last_answering_start,
    running_clock,
    start_minutes,
)
from portal.hours import Hours, WeeklyInterval, add_open_time, is_open

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours(
    "Europe/Berlin",
    tuple(WeeklyInterval(weekday, time(8), time(18)) for weekday in range(5)),
    frozenset({date(2027, 5, 27)}),
    (),
)

waits = st.lists(st.integers(0, 240), max_size=6)
chains = st.lists(st.builds(StepShape, st.integers(0, 240), st.booleans()), max_size=6)


def chain(*steps: tuple[int, bool]) -> tuple[StepShape, ...]:
    return tuple(StepShape(wait, informs) for wait, informs in steps)


@given(waits, st.integers(-60, 600), st.integers(0, 30))
def test_waits_fit_without_growing_or_falling_under_the_floor(before: list[int], budget: int, floor: int) -> None:
    after = fit_waits(before, budget, floor)
    lowest = [min(wait, floor) for wait in before]
    assert len(after) == len(before)
    assert all(low <= new <= old for low, new, old in zip(lowest, after, before, strict=True))
    assert sum(after) <= max(budget, sum(lowest))


@given(waits, st.integers(0, 600), st.integers(0, 30))
def test_a_budget_that_binds_is_used_up(before: list[int], budget: int, floor: int) -> None:
    assume(sum(min(wait, floor) for wait in before) <= budget < sum(before))
    assert sum(fit_waits(before, budget, floor)) == budget


@given(waits, st.integers(0, 600))
def test_waits_keep_their_order_and_proportion(before: list[int], budget: int) -> None:
    after = fit_waits(before, budget, floor=0)
    for (old, new), (next_old, next_new) in pairwise(sorted(zip(before, after, strict=True))):
        assert new <= next_new or old == next_old
    if sum(before) > budget:
        factor = budget / sum(before)
        assert all(abs(new - old * factor) <= 1 for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("before", "budget", "after"),
    [
        ((30,), 15, (15,)),
        ((5, 10, 15), 30, (5, 10, 15)),
        ((40, 20), 30, (20, 10)),
        ((31, 30), 15, (8, 7)),
        ((60, 40, 6), 40, (21, 14, 5)),
        ((60, 3, 0), 20, (17, 3, 0)),
        ((30, 30), 8, (5, 5)),
        ((30, 30), -5, (5, 5)),
        ((), 0, ()),
    ],
)
def test_fitted_waits(before: tuple[int, ...], budget: int, after: tuple[int, ...]) -> None:
    assert fit_waits(before, budget) == after


def test_the_longest_gives_way_first() -> None:
    assert fit_waits((20, 10, 10), 39) == (19, 10, 10)


def test_steps_start_when_the_waits_before_them_are_over() -> None:
    steps = chain((5, False), (10, False), (15, True), (30, False))
    assert start_minutes(steps) == (0, 5, 15, 30)
    assert start_minutes(()) == ()


def test_the_last_answering_start_leaves_out_who_is_only_informed() -> None:
    assert last_answering_start(chain((30, False), (15, False), (15, True))) == 30
    assert last_answering_start(chain((0, True), (15, False))) == 0
    assert last_answering_start(chain((0, True))) is None
    assert last_answering_start(()) is None


def test_a_backup_after_thirty_minutes_cannot_hold_thirty_minutes() -> None:
    steps = chain((30, False), (15, False), (15, True))
    assert check_chain(steps, 30) == ChainFinding(last_start=30, allowed=15, proposed_waits=(15, 15, 15))
    assert check_chain(steps, 60) is None


def test_the_margin_may_be_exactly_kept() -> None:
    steps = chain((45, False), (15, False))
    assert check_chain(steps, 60) is None
    assert check_chain(steps, 59) is not None
    assert check_chain(steps, 59, margin_minutes=14) is None


def test_what_no_wait_can_hold_has_no_proposal() -> None:
    steps = chain((30, False), (30, False), (30, False))
    assert check_chain(steps, 24) == ChainFinding(last_start=60, allowed=9, proposed_waits=None)
    assert check_chain(steps, 25) == ChainFinding(last_start=60, allowed=10, proposed_waits=(5, 5, 30))
    assert check_chain(chain((30, False)), 10) == ChainFinding(last_start=0, allowed=-5, proposed_waits=None)


def test_a_chain_that_only_informs_is_no_finding_here() -> None:
    assert check_chain(chain((30, True)), 5) is None


@given(chains, st.integers(1, 600), st.integers(0, 60))
def test_a_chain_holds_exactly_if_its_last_link_starts_in_time(
    steps: list[StepShape], response: int, margin: int
) -> None:
    last = last_answering_start(steps)
    finding = check_chain(steps, response, margin)
    if last is None or last <= response - margin:
        assert finding is None
    else:
        assert finding is not None
        assert (finding.last_start, finding.allowed) == (last, response - margin)


@given(chains, st.integers(1, 600), st.integers(0, 60))
def test_what_is_proposed_holds(steps: list[StepShape], response: int, margin: int) -> None:
    finding = check_chain(steps, response, margin)
    proposed = finding and finding.proposed_waits
    assume(proposed)
    assert proposed
    repaired = [StepShape(wait, step.informs) for wait, step in zip(proposed, steps, strict=True)]
    assert check_chain(repaired, response, margin) is None


def test_a_target_round_the_clock_counts_every_minute() -> None:
    reported = datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN)  # the first 02:30 of that night
    assert due(reported, 60, Clock.ROUND_THE_CLOCK, OFFICE) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_a_target_in_support_hours_waits_for_the_opening() -> None:
    before_the_holiday = datetime(2027, 5, 26, 17, tzinfo=BERLIN)
    expected = datetime(2027, 5, 28, 11, tzinfo=BERLIN)
    assert due(before_the_holiday, 240, Clock.SUPPORT_HOURS, OFFICE) == expected
    assert due(before_the_holiday, 60, Clock.SUPPORT_HOURS, OFFICE) == datetime(2027, 5, 26, 18, tzinfo=BERLIN)


@pytest.mark.parametrize("clock", list(Clock))
def test_no_target_is_never_due(clock: Clock) -> None:
    assert due(datetime(2027, 5, 26, tzinfo=UTC), None, clock, OFFICE) is None


def test_hours_that_never_open_have_no_due_time() -> None:
    never = Hours("Europe/Berlin", (), frozenset(), ())
    assert due(datetime(2027, 5, 26, tzinfo=UTC), 60, Clock.SUPPORT_HOURS, never) is None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive by contract
    st.integers(0, 6000),
)
def test_support_hours_count_open_time(reported: datetime, minutes: int) -> None:
    expected = add_open_time(OFFICE, reported, timedelta(minutes=minutes))
    assert due(reported, minutes, Clock.SUPPORT_HOURS, OFFICE) == expected


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "standing", "left"),
    [
        (at(24, 10), Standing.GOOD, 60),
        (at(24, 10, 44), Standing.GOOD, 16),
        (at(24, 10, 45), Standing.LATE, 15),
        (at(24, 11), Standing.MISSED, 0),
        (at(24, 11, 30), Standing.MISSED, -30),
    ],
)
def test_a_clock_that_always_counts(now: datetime, standing: Standing, left: int) -> None:
    found = running_clock(at(24, 10), at(24, 11), Clock.ROUND_THE_CLOCK, OFFICE, now)
    assert (found.standing, found.left, found.paused_until) == (standing, timedelta(minutes=left), None)


@pytest.mark.parametrize(
    ("now", "standing", "left", "paused_until"),
    [
        (at(27, 17), Standing.GOOD, 240, None),
        (at(27, 18), Standing.GOOD, 180, at(30, 8)),
        (at(29, 3), Standing.GOOD, 180, at(30, 8)),
        (at(30, 8), Standing.GOOD, 180, None),
        (at(30, 9, 59), Standing.GOOD, 61, None),
        (at(30, 10), Standing.LATE, 60, None),
        (at(30, 11), Standing.MISSED, 0, None),
        (at(30, 23), Standing.MISSED, -720, None),
    ],
)
def test_a_clock_of_support_hours_is_paused_while_closed(
    now: datetime, standing: Standing, left: int, paused_until: datetime | None
) -> None:
    """Four hours from Friday 17:00: due on Monday at 11:00."""
    found = running_clock(at(27, 17), at(30, 11), Clock.SUPPORT_HOURS, OFFICE, now)
    assert (found.standing, found.left, found.paused_until) == (standing, timedelta(minutes=left), paused_until)


def test_a_night_in_which_the_clocks_change_counts_its_own_hours() -> None:
    begins, ends = at(25, 1, month=10), at(25, 5, month=10)  # five hours: 02:00 to 03:00 comes twice
    found = running_clock(begins, ends, Clock.ROUND_THE_CLOCK, OFFICE, at(25, 4, month=10))
    assert (found.left, found.standing) == (timedelta(hours=1), Standing.LATE)


def test_where_the_hours_were_changed_since_the_instant_itself_is_what_is_left() -> None:
    never = Hours("Europe/Berlin", (), frozenset(), ())
    found = running_clock(at(24, 10), at(24, 11), Clock.SUPPORT_HOURS, never, at(24, 10, 30))
    assert (found.left, found.paused_until) == (timedelta(minutes=30), None)


@given(st.integers(0, 20_000), st.integers(1, 3_000), st.integers(-60, 30_000), st.sampled_from(Clock))
def test_a_clock_and_its_target_agree(begin: int, minutes: int, after: int, clock: Clock) -> None:
    """What is left, added as the target was, is when it is due; and it is missed from then on, not before."""
    reported = at(1, 0) + timedelta(minutes=begin)
    now = reported + timedelta(minutes=after)
    due_at = due(reported, minutes, clock, OFFICE)
    assert due_at is not None
    found = running_clock(reported, due_at, clock, OFFICE, now)
    assert (found.standing is Standing.MISSED) == (now >= due_at)
    if now < due_at and now >= reported:
        assert due(now, int(found.left.total_seconds() // 60), clock, OFFICE) == due_at
        assert (found.paused_until is None) == (clock is Clock.ROUND_THE_CLOCK or is_open(OFFICE, now))
        assert (found.standing is Standing.LATE) == (found.left <= timedelta(minutes=minutes) / 4)
