"""Who takes over a line when."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from oncall.rotation import Line, OverrideFact, RotaFacts, RotationRule, duty_at
from oncall.takeovers import LONGEST_NOTICE, asked_from, takeovers
from oncall.turns import holder, person_of

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 10, 1, tzinfo=UTC)
"""Before the clocks go back."""

rules = st.builds(
    RotationRule,
    line=st.sampled_from(Line),
    members=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    handover_weekday=st.integers(0, 6),
    handover_time=st.times().map(lambda each: each.replace(microsecond=0)),
    period_days=st.sampled_from([1, 3, 7]),
    valid_from=st.just(START),
    valid_until=st.none(),
)
overrides = st.builds(
    lambda line, person, hour, length: OverrideFact(
        line, person, START + timedelta(hours=hour), START + timedelta(hours=hour + length)
    ),
    st.sampled_from(Line),
    st.integers(1, 6),
    st.integers(0, 1000),
    st.integers(1, 100),
)


@settings(max_examples=60)
@given(st.lists(rules, max_size=2, unique_by=lambda each: each.line), st.lists(overrides, max_size=2))
def test_a_takeover_is_where_the_holder_changes_and_nowhere_else(
    lines: list[RotationRule], others: list[OverrideFact]
) -> None:
    facts = RotaFacts("Europe/Berlin", tuple(lines), tuple(others), ())
    found = takeovers(facts, START, START + timedelta(days=40))
    for each in found:
        before, after = duty_at(facts, each.at - timedelta.resolution), duty_at(facts, each.at)
        assert person_of(holder(before, each.line)) == each.outgoing != each.person
        assert person_of(holder(after, each.line)) == each.person
    assert list(found) == sorted(found, key=lambda each: each.at)
    # Whoever holds a line at the end took it over last, or has held it from the start.
    end = START + timedelta(days=40) - timedelta.resolution
    for line in Line:
        last = next((each.person for each in reversed(found) if each.line is line), None)
        holds = person_of(holder(duty_at(facts, end), line))
        if last is None and holds is not None:
            assert person_of(holder(duty_at(facts, START), line)) == holds
        elif holds is not None:
            assert last == holds


@given(st.integers(1, 700 * 24).map(lambda hours: datetime(2026, 1, 2, tzinfo=UTC) + timedelta(hours=hours)))
def test_people_are_asked_by_day_and_the_day_before(at: datetime) -> None:
    asked = asked_from(at, "Europe/Berlin").astimezone(BERLIN)
    assert asked.time() == time(10)
    assert asked.date() == at.astimezone(BERLIN).date() - timedelta(days=1)
    assert timedelta(hours=12) < at - asked <= LONGEST_NOTICE
