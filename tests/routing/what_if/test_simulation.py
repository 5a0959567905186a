"""The course under assumptions: it is the pager's, whoever answers and whoever is away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.terms import Role
from routing.course import ALARM_WAIT, EXTRA_ROUNDS
from routing.decide import decide, respond_by
from routing.decision import Facts, Reason
from routing.what_if.simulation import Assumptions, What, simulate
from tests.routing.test_decide import DUTY, PREMIUM
from tests.routing.worlds import questions

SUNDAY = datetime(2026, 11, 29, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def facts() -> Facts:
    return replace(PREMIUM, duty=(DUTY,))


@given(questions())
def test_the_first_round_is_what_the_card_shows(question: tuple[Facts, datetime]) -> None:
    facts, at = question
    simulation = simulate(facts, at)
    first = [event for event in simulation.events if event.round == 1 and event.link]
    chain = decide(facts, at).chain
    assert [event.link and event.link._replace(after_minutes=0) for event in first] == [
        link._replace(after_minutes=0) for link in chain
    ]
    assert simulation.respond_by == respond_by(facts, at)


@given(questions(), st.integers(1, 6), st.integers(0, 90))
def test_after_an_answer_nobody_is_called(question: tuple[Facts, datetime], call: int, minutes: int) -> None:
    facts, at = question
    assumed = Assumptions(answered_call=call, answered_after=minutes * MINUTE)
    simulation = simulate(facts, at, assumed)
    instants = [event.at for event in simulation.events]
    assert instants == sorted(instants)
    if simulation.answered:
        later = [e for e in simulation.events if e.at >= simulation.answered.at and e is not simulation.answered]
        assert {event.what for event in later} <= {What.MISSED, What.REPORTED}
    else:
        assert len(simulation.calls) < call
    missed = [event.at for event in simulation.events if event.what is What.MISSED]
    assert missed == ([simulation.respond_by] if simulation.missed else [])


@given(questions())
def test_nobody_who_is_assumed_away_is_called(question: tuple[Facts, datetime]) -> None:
    facts, at = question
    everybody = {person for duty in facts.duty for person in duty.people} | {each.person.id for each in facts.sdm}
    overridden = {override.person for duty in facts.duty for override in duty.rota.overrides}
    away = frozenset(everybody - overridden)  # an override beats any absence
    named = {callee.id for event in simulate(facts, at, Assumptions(away)).calls for callee in _people(event)}
    assert not named & away


def _people(event: object) -> tuple[object, ...]:
    link = getattr(event, "link", None)
    return tuple(callee for callee in link.people if callee.kind == "person") if link else ()


def test_a_chain_nobody_answers_goes_round_and_then_alarms(facts: Facts) -> None:
    simulation = simulate(facts, SUNDAY)
    assert [event.round for event in simulation.events if event.what is What.ROUND] == [2, 3]
    assert simulation.events[-1].what in (What.CALLED, What.PASSED_OVER)
    [exhausted] = [event for event in simulation.events if event.what is What.EXHAUSTED]
    alarmed = [event for event in simulation.calls if event.at >= exhausted.at]
    assert {event.link.role for event in alarmed if event.link} <= {Role.ESCALATION_MANAGER, Role.LAST_RESORT}
    assert all(later.at - one.at == ALARM_WAIT for one, later in pairwise(alarmed))
    assert exhausted.round == EXTRA_ROUNDS + 1


def test_the_backup_moves_up_where_the_primary_is_away(facts: Facts) -> None:
    simulation = simulate(facts, SUNDAY, Assumptions(frozenset({11})))
    first = simulation.calls[0].link
    assert first is not None
    assert (first.people[0].id, first.reason) == (12, Reason.MOVED_UP)


def test_an_answer_at_the_very_instant_of_the_target_is_in_time(facts: Facts) -> None:
    target = respond_by(facts, SUNDAY)
    assert target is not None
    first = simulate(facts, SUNDAY).calls[0]
    late = simulate(facts, SUNDAY, Assumptions(answered_call=1, answered_after=target - first.at + MINUTE))
    assert late.missed
    assert [event.what for event in late.events[-2:]] == [What.MISSED, What.ANSWERED]
    in_time = simulate(facts, SUNDAY, Assumptions(answered_call=1, answered_after=target - first.at))
    assert not in_time.missed
    assert in_time.events[-1].what is What.ANSWERED
