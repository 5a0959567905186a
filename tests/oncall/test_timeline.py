"""What a change does to a roster: exactly the changed period, and nothing beside it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.rotation import AbsenceFact, AbsenceKind, Line, OverrideFact, RotaFacts, duty_at
from oncall.timeline import (
    Amiss,
    Difference,
    away,
    back,
    differences,
    ended,
    findings,
    overridden,
    planned,
    restored,
    rotated,
    stretches,
    taken_over,
)
from oncall.turns import holder, person_of

from .test_rotation import ANNA, BEN, CARO, EVA, FINN, HOUR, PEOPLE, PLAIN, START, berlin, rule

END = START + timedelta(weeks=12)
WEEK = timedelta(weeks=1)

hours = st.integers(0, 12 * 7 * 24).map(lambda number: START + number * HOUR)
periods = st.tuples(hours, hours).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: (min(pair), max(pair)))
people = st.sampled_from(PEOPLE)
lines = st.sampled_from(list(Line))
overrides = st.lists(
    st.builds(lambda line, who, when: OverrideFact(line, who, *when), lines, people, periods), max_size=4
)
absences = st.lists(
    st.builds(lambda who, when: AbsenceFact(who, AbsenceKind.DAY, *when), people, periods), max_size=4
).map(tuple)


@st.composite
def rosters(draw: st.DrawFn) -> RotaFacts:
    facts = replace(PLAIN, absences=draw(absences))
    for made in draw(overrides):
        facts = overridden(facts, made)
    if draw(st.booleans()):
        facts = rotated(
            facts, rule(draw(lines), draw(people), draw(people), days=draw(st.integers(1, 14)), valid_from=draw(hours))
        )
    return facts


def same(before: RotaFacts, after: RotaFacts, start: datetime, end: datetime) -> bool:
    """Asked of `duty_at` itself, hour by hour, and not of the comparison that is tested."""
    number = int((end - start) / HOUR)
    return all(duty_at(before, at) == duty_at(after, at) for at in (start + each * HOUR for each in range(number)))


Change = Callable[[RotaFacts], RotaFacts]


@st.composite
def changes(draw: st.DrawFn, facts: RotaFacts) -> tuple[datetime, datetime, RotaFacts]:
    """A change of the roster, and the period it speaks of."""
    start, end = draw(periods)
    line, person = draw(lines), draw(people)
    kind = draw(st.sampled_from(("override", "restore", "absence", "back", "rotation", "end")))
    if kind == "override":
        return start, end, overridden(facts, OverrideFact(line, person, start, end))
    if kind == "restore":
        return start, end, restored(facts, line, start, end)
    if kind == "absence":
        return start, end, away(facts, AbsenceFact(person, AbsenceKind.DAY, start, end))
    if kind == "back" and facts.absences:
        gone = draw(st.sampled_from(facts.absences))
        return start, max(gone.end, start), back(facts, gone, start)
    if kind == "rotation":
        planned_next = [each.valid_from for each in facts.rotations if each.line is line and each.valid_from > start]
        made = rule(line, person, draw(people), days=draw(st.integers(1, 14)), valid_from=start)
        return start, min(planned_next, default=END), rotated(facts, made)
    return start, END, ended(facts, line, start)


@given(st.data())
def test_outside_of_what_is_changed_duty_is_as_it_was(data: st.DataObject) -> None:
    before = data.draw(rosters())
    start, end, after = data.draw(changes(before))
    assert same(before, after, START, start)
    assert same(before, after, end, END)


@given(st.data())
def test_what_is_said_to_change_is_what_changes(data: st.DataObject) -> None:
    before = data.draw(rosters())
    _start, _end, after = data.draw(changes(before))
    found = differences(before, after, START, END)
    for number in range(0, 12 * 7 * 24, 3):
        at = START + number * HOUR
        was, then = duty_at(before, at), duty_at(after, at)
        for line in Line:
            said = [each for each in found if each.line is line and each.start <= at < each.end]
            pair = (person_of(holder(was, line)), person_of(holder(then, line)))
            assert [(each.before, each.after) for each in said] == ([pair] if pair[0] != pair[1] else [])


@given(rosters(), periods)
def test_stretches_are_duty_without_gaps(facts: RotaFacts, period: tuple[datetime, datetime]) -> None:
    for line in Line:
        found = stretches(facts, line, *period)
        assert (found[0].start, found[-1].end) == period
        for each in found:
            middle = each.start + (each.end - each.start) / 2
            assert holder(duty_at(facts, middle), line) == each.holder


def test_a_rotation_ends_where_the_next_is_planned() -> None:
    later = rule(Line.PRIMARY, FINN, valid_from=START + 8 * WEEK)
    facts = rotated(PLAIN, later)
    facts = rotated(facts, rule(Line.PRIMARY, EVA, valid_from=START + 2 * WEEK))
    held = [(each.start, person_of(each.holder)) for each in planned(facts, Line.PRIMARY, START, END)]
    assert held == [
        (START, ANNA),
        (START + WEEK, BEN),
        (START + 2 * WEEK, EVA),
        (START + 8 * WEEK, FINN),
    ]
    # One that begins when the other does takes its place.
    replaced = rotated(facts, rule(Line.PRIMARY, CARO, valid_from=START + 8 * WEEK))
    assert person_of(planned(replaced, Line.PRIMARY, END, END + HOUR)[0].holder) == CARO


def test_who_takes_over_gets_every_turn_of_the_period() -> None:
    night, end = berlin(2026, 1, 13, 18), berlin(2026, 1, 15, 8)
    made = taken_over(PLAIN, ANNA, CARO, night, end)
    assert made == (OverrideFact(Line.PRIMARY, CARO, night, START + WEEK),)
    after = overridden(PLAIN, made[0])
    assert differences(PLAIN, after, START, END) == (Difference(Line.PRIMARY, night, START + WEEK, ANNA, CARO),)


def test_what_is_amiss_is_named_with_who_stands_in() -> None:
    gap = START + 3 * WEEK
    facts = ended(PLAIN, Line.BACKUP, gap)
    facts = away(facts, AbsenceFact(BEN, AbsenceKind.DAY, START + WEEK, START + 2 * WEEK))
    facts = overridden(facts, OverrideFact(Line.BACKUP, ANNA, START, START + 12 * HOUR))
    facts = overridden(facts, OverrideFact(Line.PRIMARY, FINN, START + 2 * WEEK, gap))
    gone = {FINN: (AbsenceFact(FINN, AbsenceKind.DAY, START + 2 * WEEK, gap + WEEK),)}
    found = [
        (each.what, each.line, each.start, each.person, each.instead)
        for each in findings(facts, START, gap + WEEK, absences=gone)
    ]
    assert found == [
        (Amiss.BOTH_LINES, Line.BACKUP, START, ANNA, EVA),
        (Amiss.ABSENT, Line.PRIMARY, START + WEEK, BEN, EVA),
        (Amiss.ABSENT_ON_DUTY, Line.PRIMARY, START + 2 * WEEK, FINN, None),
        (Amiss.BOTH_LINES, Line.BACKUP, START + 2 * WEEK, FINN, ANNA),
        (Amiss.NOBODY, Line.BACKUP, gap, None, None),
    ]


@pytest.mark.parametrize("night", [berlin(2026, 3, 29), berlin(2026, 10, 25)])
def test_a_clock_change_loses_no_hour(night: datetime) -> None:
    made = OverrideFact(Line.PRIMARY, ANNA, night, night + timedelta(hours=9))
    found = differences(PLAIN, overridden(PLAIN, made), night - WEEK, night + WEEK)
    assert [(each.start, each.end) for each in found if each.line is Line.PRIMARY] == [(made.start, made.end)]
