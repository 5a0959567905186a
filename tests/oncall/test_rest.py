"""Rest after work: uninterrupted, and what of ordinary work falls into it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from oncall.rest import Stretch, kept_free, rest_at

START = datetime(2026, 10, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)
ELEVEN = timedelta(hours=11)

instants = st.integers(0, 4000).map(lambda minutes: START + timedelta(minutes=minutes))
work = st.lists(
    st.tuples(instants, st.integers(1, 300)).map(lambda each: Stretch(each[0], each[0] + timedelta(minutes=each[1]))),
    max_size=5,
)


@given(instants, work, st.integers(0, 24))
def test_rest_is_whole_uninterrupted_and_after_the_last_work(at: datetime, done: list[Stretch], hours: int) -> None:
    rest = rest_at(at, done, timedelta(hours=hours))
    lately = [each for each in done if each.start <= at and at < each.end + timedelta(hours=hours)]
    if rest is None:
        assert not lately or any(each.start <= at < each.end for each in done)
    else:
        assert rest.end - rest.start == timedelta(hours=hours)
        assert rest.start <= at < rest.end
        assert not any(each.start < at and each.end > rest.start for each in done)
        assert rest.start in {each.end for each in done}


@given(instants, st.one_of(st.none(), instants), instants)
def test_what_is_kept_free_is_ordinary_work_within_the_rest(
    since: datetime, opens: datetime | None, at: datetime
) -> None:
    rest = Stretch(since, since + ELEVEN)
    free = kept_free(rest, opens, at)
    if free is None:
        assert opens is None or opens >= rest.end or at >= rest.end
    else:
        assert opens is not None
        assert free.start == max(since, opens, at)
        assert since <= free.start < free.end == rest.end


def test_a_second_call_out_begins_the_rest_anew() -> None:
    first, second = Stretch(START, START + HOUR), Stretch(START + 6 * HOUR, START + 7 * HOUR)
    assert rest_at(START + 2 * HOUR, [first, second], ELEVEN) == Stretch(START + HOUR, START + 12 * HOUR)
    assert rest_at(START + 6 * HOUR, [first, second], ELEVEN) is None
    assert rest_at(START + 13 * HOUR, [first, second], ELEVEN) == Stretch(START + 7 * HOUR, START + 18 * HOUR)
