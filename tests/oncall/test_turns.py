"""Whose turn it is, and that an exchange changes what was agreed and nothing else."""

from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oncall.rotation import AbsenceFact, AbsenceKind, DutyReason, Line, OverrideFact, RotaFacts, duty_at, shifts
from oncall.turns import Change, Objection, Other, Turn, after, holder, objections, outside, person_of, turns, turns_of

from .test_rotation import (
    ANNA,
    BEN,
    CARO,
    DAN,
    DAY,
    EVA,
    FINN,
    HOUR,
    PLAIN,
    TICK,
    berlin,
    instants,
    override,
    rotas,
    rule,
    samples,
    with_changes,
)

WEEK = 7 * DAY
FIRST, SECOND, THIRD = (berlin(2026, 1, 7 + 7 * number, 10) for number in range(3))
ROTA, OTHER = 1, 2
PRIMARY, BACKUP = Line.PRIMARY, Line.BACKUP


def gives(line: Line, start: datetime, end: datetime, of: int, to: int, rota: int = ROTA) -> Change:
    return Change(rota, line, start, end, of, to)


def refused(*changes: Change, facts: RotaFacts = PLAIN, others: dict[int, RotaFacts] | None = None) -> set[Objection]:
    away = {each.person: [each] for each in facts.absences}
    return set(objections({ROTA: facts, **(others or {})}, changes, away=away))


# --- Turns ----------------------------------------------------------------------------------------------------


def test_a_person_s_turns_are_those_of_both_lines() -> None:
    own = turns_of(PLAIN, ANNA, FIRST, FIRST + 6 * WEEK)
    assert [(turn.line, turn.start, turn.end) for turn in own] == [
        (PRIMARY, FIRST, SECOND),
        (BACKUP, FIRST + 3 * WEEK, FIRST + 4 * WEEK),
    ]
    assert own[0].others == (Other(DAN, FIRST, SECOND),)


def test_the_other_line_may_change_hands_during_a_turn() -> None:
    facts = with_changes(override(BACKUP, FINN))
    [turn] = turns_of(facts, ANNA, FIRST, SECOND)
    assert [other.person for other in turn.others] == [DAN, FINN, DAN]
    assert (turn.start, turn.end) == (FIRST, SECOND)


@given(rotas(), instants, st.integers(1, 60 * 24), st.sampled_from(Line))
def test_turns_are_what_the_duty_says(facts: RotaFacts, start: datetime, hours: int, line: Line) -> None:
    end = start + hours * HOUR
    found = turns(facts, line, start, end)
    for at in samples(start, end):
        held: list[Turn] = [turn for turn in found if turn.start <= at < turn.end]
        assert [turn.person for turn in held] == [p for p in [person_of(holder(duty_at(facts, at), line))] if p]
    for turn in found:
        assert turn.others[0].start == turn.start
        assert turn.others[-1].end == turn.end


# --- Exchanges ------------------------------------------------------------------------------------------------


def test_a_week_changes_hands_and_another_comes_back() -> None:
    given_, taken = gives(PRIMARY, FIRST, SECOND, ANNA, BEN), gives(PRIMARY, SECOND, THIRD, BEN, ANNA)
    assert refused(given_, taken) == set()
    then = after({ROTA: PLAIN}, [given_, taken])[ROTA]
    assert person_of(duty_at(then, FIRST).primary) == BEN
    assert person_of(duty_at(then, SECOND).primary) == ANNA
    assert duty_at(then, SECOND - TICK).primary == holder(duty_at(then, FIRST), PRIMARY)


def test_the_two_lines_of_one_week_may_be_exchanged() -> None:
    """Neither change could be made alone: they are looked at together."""
    given_, taken = gives(PRIMARY, FIRST, SECOND, ANNA, DAN), gives(BACKUP, FIRST, SECOND, DAN, ANNA)
    assert refused(given_, taken) == set()
    assert refused(given_) == {Objection.BOTH_LINES}
    assert refused(taken) == {Objection.BOTH_LINES}


def test_what_is_not_held_throughout_is_not_given() -> None:
    assert refused(gives(PRIMARY, FIRST, SECOND + HOUR, ANNA, CARO)) == {Objection.NOT_HELD}
    assert refused(gives(PRIMARY, FIRST, SECOND, BEN, CARO)) == {Objection.NOT_HELD}
    assert refused(gives(PRIMARY, FIRST, FIRST, ANNA, CARO)) == {Objection.NOT_HELD}
    overridden = with_changes(override(PRIMARY, FINN))
    assert refused(gives(PRIMARY, FIRST, SECOND, ANNA, CARO), facts=overridden) == {Objection.NOT_HELD}


def test_nobody_away_takes_a_duty_but_a_short_break_is_none() -> None:
    change = gives(PRIMARY, FIRST, SECOND, ANNA, CARO)
    for kind, found in ((AbsenceKind.DAY, {Objection.AWAY}), (AbsenceKind.SHORT, set())):
        absence = AbsenceFact(CARO, kind, SECOND - HOUR, SECOND + DAY)
        assert refused(change, facts=with_changes(absence)) == found


def test_nobody_has_two_rotas_at_once() -> None:
    other = RotaFacts("Europe/Berlin", (rule(PRIMARY, CARO, EVA), rule(BACKUP, EVA, CARO)), (), ())
    change = gives(PRIMARY, FIRST, SECOND, ANNA, CARO)
    assert refused(change, others={OTHER: other}) == {Objection.TWO_ROTAS}
    assert refused(change, others={OTHER: RotaFacts("Europe/Berlin", (), (), ())}) == set()
    # Where the other rota's duty is what is given in return, there is no conflict.
    back = gives(PRIMARY, FIRST, SECOND, CARO, ANNA, rota=OTHER)
    assert refused(change, back, others={OTHER: other}) == set()


def test_nobody_else_is_put_on_duty() -> None:
    """Anna holds the primary line as the backup who moved up: giving it away would leave her as backup."""
    away = AbsenceFact(BEN, AbsenceKind.DAY, SECOND, THIRD)
    facts = RotaFacts("Europe/Berlin", (rule(PRIMARY, EVA, BEN, CARO), rule(BACKUP, FINN, ANNA, EVA)), (), (away,))
    moved = duty_at(facts, SECOND)
    assert moved.primary is not None
    assert (moved.primary.person, moved.primary.reason) == (ANNA, DutyReason.MOVED_UP)
    assert refused(gives(PRIMARY, SECOND, THIRD, ANNA, DAN), facts=facts) == {Objection.MOVES_OTHERS}


@pytest.mark.parametrize(("start", "end", "left"), [(0, 9, 0), (2, 5, 2), (0, 5, 1), (2, 9, 1), (-3, 0, 1), (9, 12, 1)])
def test_what_is_left_of_a_period(start: int, end: int, left: int) -> None:
    parts = outside(FIRST, FIRST + 9 * HOUR, FIRST + start * HOUR, FIRST + end * HOUR)
    assert len(parts) == left
    assert (
        sum((until - since for since, until in parts), timedelta())
        == 9 * HOUR - max(min(end, 9) - max(start, 0), 0) * HOUR
    )


@given(rotas(covered=True), instants, st.sampled_from(Line), st.integers(1, 7), st.booleans(), st.data())
def test_the_rosters_agree_outside_of_what_was_exchanged(
    facts: RotaFacts, at: datetime, line: Line, to: int, back: bool, data: st.DataObject
) -> None:
    """And within it, whoever took the line has it, alone, and the other line stays whose it was."""
    window = at - 10 * DAY, at + 30 * DAY
    own = [turn for turn in turns(facts, line, *window) if turn.person != to]
    assume(own)
    turn = data.draw(st.sampled_from(own))
    length = turn.end - turn.start
    start = turn.start + length * data.draw(st.sampled_from((0, 0.25)))
    end = turn.end - length * data.draw(st.sampled_from((0, 0.5)))
    changes = [Change(ROTA, line, start, end, turn.person, to)]
    theirs = [each for each in turns_of(facts, to, *window) if each.end <= start or each.start >= end]
    if back and theirs:
        other = data.draw(st.sampled_from(theirs))
        changes.append(Change(ROTA, other.line, other.start, other.end, to, turn.person))
    away = {person: [each for each in facts.absences if each.person == person] for person in (to, turn.person)}
    assume(not objections({ROTA: facts}, changes, away=away))
    then = after({ROTA: facts}, changes)[ROTA]
    cuts = [shift.start for each in (facts, then) for shift in shifts(each, *window)]
    for instant in cuts:
        was, is_ = duty_at(facts, instant), duty_at(then, instant)
        covering = [change for change in changes if change.start <= instant < change.end]
        if not covering:
            assert was == is_
        for each in Line:
            changed = [change for change in covering if change.line is each]
            expected = changed[0].to if changed else person_of(holder(was, each))
            assert person_of(holder(is_, each)) == expected


@given(rotas(covered=True), instants, st.sampled_from(Line))
def test_there_and_back_again_is_the_roster_as_it_was(facts: RotaFacts, at: datetime, line: Line) -> None:
    found = turns(facts, line, at, at + 20 * DAY)
    assume(found)
    turn = found[0]
    there = Change(ROTA, line, turn.start, turn.end, turn.person, 99)
    again = Change(ROTA, line, turn.start, turn.end, 99, turn.person)
    assume(not objections({ROTA: facts}, [there], away={}))
    then = after(after({ROTA: facts}, [there]), [again])[ROTA]
    for shift in shifts(facts, turn.start, turn.end):
        was, is_ = shift.duty, duty_at(then, shift.start)
        assert person_of(holder(is_, line)) == person_of(holder(was, line))
    assert OverrideFact(line, turn.person, turn.start, turn.end) in then.overrides
