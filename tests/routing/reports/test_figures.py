"""Figures as arithmetic: whatever is counted, the parts make up the whole, and the list is what the figure says."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.reports.figures import Counted, Outcome, Which, figures, median_of, p90_of, percent_of

REPORTED = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
NOW = REPORTED + timedelta(days=2)
PRIORITIES = ("blocker", "critical", "major", "minor")
PROJECTS = ("erp", "webshop")

instants = st.integers(-60, 3 * 24 * 60).map(lambda minutes: REPORTED + timedelta(minutes=minutes))
maybe = st.none() | instants
cases = st.lists(
    st.builds(
        Counted,
        number=st.integers(1, 10**6),
        project=st.sampled_from(PROJECTS),
        priority=st.sampled_from(PRIORITIES),
        request=st.booleans(),
        reported_at=instants,
        respond_by=maybe,
        responded_at=maybe,
        resolve_by=maybe,
        restored_at=maybe,
        paused=st.booleans(),
        to_backup=st.booleans(),
        call_outs=st.integers(0, 3),
    ),
    max_size=30,
)


def case(**fields: object) -> Counted:
    usual: dict[str, object] = {
        "number": 1,
        "project": "webshop",
        "priority": "blocker",
        "request": False,
        "reported_at": REPORTED,
        "respond_by": REPORTED + timedelta(hours=1),
        "responded_at": None,
        "resolve_by": REPORTED + timedelta(hours=6),
        "restored_at": None,
    }
    return Counted(**{**usual, **fields})  # type: ignore[arg-type]


@given(cases)
def test_outcomes_make_up_the_whole(found: list[Counted]) -> None:
    counted = figures(found, now=NOW)
    assert sum(counted.response.values()) == sum(counted.resolution.values()) == counted.count == len(found)
    assert set(counted.response) == set(counted.resolution) == set(Outcome)
    assert counted.resolution[Outcome.LAPSED] == 0


@given(cases)
def test_parts_make_up_the_whole(found: list[Counted]) -> None:
    """By priority, by project, requests apart: nothing is lost, nothing is counted twice."""
    whole = [each for request in (False, True) for each in Which(request=request).of(found, NOW)]
    assert Counter(whole) == Counter(found)
    for name, values in (("priority", PRIORITIES), ("project", PROJECTS), ("response", Outcome)):
        parts = [each for value in values for each in Which(**{name: value}).of(found, NOW)]
        assert Counter(parts) == Counter(Which().of(found, NOW)), name


@given(cases, st.sampled_from(("", *PRIORITIES)), st.sampled_from(("", *PROJECTS)))
def test_the_list_is_what_the_figure_says(found: list[Counted], priority: str, project: str) -> None:
    which = {"priority": priority, "project": project}
    counted = figures(Which(**which).of(found, NOW), now=NOW)
    for outcome in Outcome:
        assert len(Which(**which, response=outcome).of(found, NOW)) == counted.response[outcome]
        assert len(Which(**which, resolution=outcome).of(found, NOW)) == counted.resolution[outcome]
    assert len(Which(**which, to_backup=True).of(found, NOW)) == counted.to_backup
    assert sum(each.call_outs for each in Which(**which, called_out=True).of(found, NOW)) == counted.call_outs


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=30)), min_size=1).map(sorted))
def test_nine_of_ten_are_within_and_no_shorter_time_would_do(waits: list[timedelta]) -> None:
    found = p90_of(waits)
    assert found in waits
    assert sum(wait <= found for wait in waits) * 10 >= len(waits) * 9
    assert sum(wait < found for wait in waits) * 10 < len(waits) * 9
    assert median_of(waits) <= found or len(waits) < 10
    # By microseconds: the library knows no middle of two durations.
    middle = median(wait // timedelta(microseconds=1) for wait in waits)
    assert abs(median_of(waits) - timedelta(microseconds=middle)) <= timedelta(microseconds=1)


@given(st.integers(0, 10**5), st.integers(0, 10**5))
def test_a_hundred_percent_means_all(met: int, missed: int) -> None:
    found = percent_of(met, missed)
    if not met + missed:
        assert found is None
        return
    assert found is not None
    assert (found == 100) == (missed == 0)
    assert (found == 0) == (met == 0)


LATE = timedelta(hours=1, microseconds=1)


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"respond_by": None}, Outcome.NO_TARGET),
        ({"responded_at": REPORTED + timedelta(hours=1)}, Outcome.MET),
        ({"responded_at": REPORTED + LATE}, Outcome.MISSED),
        ({}, Outcome.MISSED),
        ({"respond_by": NOW}, Outcome.RUNNING),
        ({"respond_by": NOW - timedelta(microseconds=1)}, Outcome.MISSED),
        # Monitoring saw it recover, and nobody had taken it: that is no answer, and in time none is owed any more.
        ({"restored_at": REPORTED + timedelta(minutes=5)}, Outcome.LAPSED),
        ({"restored_at": REPORTED + LATE}, Outcome.MISSED),
    ],
)
def test_how_a_response_fared(fields: dict[str, object], outcome: Outcome) -> None:
    assert case(**fields).response(NOW) == outcome


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"resolve_by": None}, Outcome.NO_TARGET),
        ({"restored_at": REPORTED + timedelta(hours=6)}, Outcome.MET),
        ({"restored_at": REPORTED + timedelta(hours=6, microseconds=1)}, Outcome.MISSED),
        ({}, Outcome.MISSED),
        ({"paused": True}, Outcome.RUNNING),
        ({"resolve_by": NOW}, Outcome.RUNNING),
    ],
)
def test_how_a_resolution_fared(fields: dict[str, object], outcome: Outcome) -> None:
    assert case(**fields).resolution(NOW) == outcome


def test_without_an_answer_there_is_no_time_to_acknowledge() -> None:
    counted = figures([case(), case(responded_at=REPORTED + timedelta(minutes=4))], now=NOW)
    assert (counted.median, counted.p90) == (timedelta(minutes=4), timedelta(minutes=4))
    assert figures([case()], now=NOW).median is None
    assert figures([], now=NOW).response_percent is None
