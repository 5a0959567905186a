"""The decision: there is always an answer, it holds as long as it says, and the chain follows the clock."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.content import CellContent, StepContent
from matrix.sla import Clock
from matrix.terms import Channel, Role, Route, Window
from oncall.rotation import AbsenceFact, AbsenceKind, Line, RotaFacts, RotationRule, next_duty_change
from portal.hours import Hours, WeeklyInterval, is_open
from routing.decide import decide
from routing.decision import (
    AssigneeFacts,
    Decision,
    DutyFacts,
    Facts,
    LastResort,
    Link,
    Reason,
    Source,
    TeamFacts,
    Warn,
)
from tests.people import BERLIN
from tests.routing.worlds import ALWAYS, PUBLIC_NAME, person, questions

CALL = (Channel.VOICE, Channel.SMS)
OFFICE = Hours("Europe/Berlin", tuple(WeeklyInterval(d, time(8), time(18)) for d in range(5)), frozenset(), ())
DUTY = DutyFacts(
    "platform",
    PUBLIC_NAME,
    "+496990009200",
    RotaFacts(
        "Europe/Berlin",
        (
            RotationRule(Line.PRIMARY, (11,), 2, time(10), 7, ALWAYS.start, None),
            RotationRule(Line.BACKUP, (12,), 2, time(10), 7, ALWAYS.start, None),
        ),
        (),
        (),
    ),
    {11: person(11), 12: person(12)},
    ALWAYS,
)


def step(role: Role, wait: int, *, informs: bool = False) -> StepContent:
    return StepContent(role, CALL, wait, None, informs)


PREMIUM = Facts(
    project="kundenportal",
    priority="blocker",
    source=Source.CUSTOMER,
    cells={
        Route.BUSINESS_HOURS: CellContent(
            (
                step(Role.SDM, 5),
                step(Role.SERVICE_DESK, 5),
                step(Role.PROJECT_TEAM, 10),
                step(Role.ESCALATION_MANAGER, 10, informs=True),
            )
        ),
        Route.AFTER_HOURS: CellContent(
            (
                step(Role.ON_CALL_PRIMARY, 15),
                step(Role.ON_CALL_BACKUP, 10),
                step(Role.ESCALATION_MANAGER, 10, informs=True),
            )
        ),
    },
    response_minutes=30,
    clock=Clock.ROUND_THE_CLOCK,
    hours=OFFICE,
    matrix_version=3,
    next_version_at=None,
    sdm=(AssigneeFacts(person(1), 1, ALWAYS), AssigneeFacts(person(2), 2, ALWAYS)),
    brm=(),
    service_desk=TeamFacts(1, "Service Desk", "+496990009100", "", OFFICE),
    project_team=TeamFacts(2, "Team", "+496990009101", "", OFFICE),
    duty=(DUTY,),
    managers=(person(21),),
    absences={},
    last_resort=LastResort("Last resort", "+496990009999"),
)


def berlin(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of the week of Monday 23 November 2026, in Berlin."""
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def chain(decision: Decision) -> list[tuple[Role, int]]:
    return [(link.role, link.after_minutes) for link in decision.chain]


def test_in_business_hours_the_sdm_then_the_desk_then_the_team() -> None:
    decision = decide(PREMIUM, berlin(24, 10))
    assert chain(decision) == [
        (Role.SDM, 0),
        (Role.SERVICE_DESK, 5),
        (Role.PROJECT_TEAM, 10),
        (Role.ESCALATION_MANAGER, 20),
    ]
    assert decision.window is Window.BUSINESS_HOURS
    assert decision.window_until == berlin(24, 18)
    # From 17:30 on, the round would still run when the office closes.
    assert decision.valid_until == berlin(24, 17, 30)


def test_just_before_closing_on_call_takes_over_and_the_backup_is_capped_by_the_sla() -> None:
    """Reported at 17:50, an answer is due at 18:20: the backup starts at 18:05 instead of 18:15."""
    decision = decide(PREMIUM, berlin(24, 17, 50))
    assert chain(decision) == [
        (Role.SDM, 0),
        (Role.SERVICE_DESK, 5),
        (Role.ON_CALL_PRIMARY, 10),
        (Role.ON_CALL_BACKUP, 15),
        (Role.ESCALATION_MANAGER, 25),
    ]
    assert decision.chain[2].timing is Reason.AT_CLOSING
    assert decision.chain[3].timing is Reason.CAPPED_BY_SLA


def test_a_cap_never_shortens_a_wait_under_five_minutes() -> None:
    decision = decide(replace(PREMIUM, response_minutes=15), berlin(24, 17, 58))
    primary, backup = (link for link in decision.chain if link.route is Route.AFTER_HOURS and not link.informs)
    assert backup.after_minutes - primary.after_minutes == 5


def test_at_opening_the_sdm_joins_and_the_on_call_chain_keeps_its_times() -> None:
    decision = decide(PREMIUM, berlin(24, 7, 50))
    assert chain(decision) == [
        (Role.ON_CALL_PRIMARY, 0),
        (Role.SDM, 10),
        (Role.ON_CALL_BACKUP, 15),
        (Role.ESCALATION_MANAGER, 25),
    ]
    assert decision.chain[1].timing is Reason.AT_OPENING


def test_monitoring_never_changes_its_route() -> None:
    cells = {**PREMIUM.cells, Route.MONITORING: PREMIUM.cells[Route.AFTER_HOURS]}
    facts = replace(PREMIUM, source=Source.MONITORING, cells=cells)
    for at in (berlin(24, 10), berlin(24, 17, 50), berlin(24, 7, 50), berlin(29, 3)):
        assert {link.route for link in decide(facts, at).chain} == {Route.MONITORING}


def test_where_monitoring_has_no_steps_the_windows_are_used() -> None:
    facts = replace(PREMIUM, source=Source.MONITORING)
    assert decide(facts, berlin(24, 10)).route is Route.BUSINESS_HOURS
    assert decide(facts, berlin(29, 3)).route is Route.AFTER_HOURS


def test_a_deferred_cell_answers_with_the_opening_and_the_chain_that_starts_then() -> None:
    cells = {**PREMIUM.cells, Route.AFTER_HOURS: CellContent(defers=True)}
    decision = decide(replace(PREMIUM, cells=cells), berlin(28, 3))
    assert decision.deferred_until == berlin(30, 8)
    assert decision.route is Route.AFTER_HOURS
    assert chain(decision)[0] == (Role.SDM, 0)
    assert decision.chain[0].at == berlin(30, 8)
    assert decision.valid_until == berlin(30, 8)


def test_what_a_deferring_cell_has_left_at_closing_waits_for_the_opening() -> None:
    cells = {
        Route.BUSINESS_HOURS: CellContent((step(Role.SDM, 60), step(Role.SERVICE_DESK, 60))),
        Route.AFTER_HOURS: CellContent(defers=True),
    }
    decision = decide(replace(PREMIUM, cells=cells), berlin(24, 17, 50))
    assert [(link.role, link.at) for link in decision.chain] == [
        (Role.SDM, berlin(24, 17, 50)),
        (Role.SERVICE_DESK, berlin(25, 8)),
    ]
    assert decision.deferred_until is None


def test_a_part_timer_has_a_deputy_outside_their_own_hours() -> None:
    mornings = Hours("Europe/Berlin", tuple(WeeklyInterval(d, time(8), time(12)) for d in range(4)), frozenset(), ())
    sdm = (AssigneeFacts(person(1, hours=mornings), 1, ALWAYS), AssigneeFacts(person(2), 2, ALWAYS))
    decision = decide(replace(PREMIUM, sdm=sdm), berlin(24, 14))
    assert decision.chain[0].people[0].name == "Person 2"
    assert decision.chain[0].reason is Reason.DEPUTY
    assert [(p.name, p.reason) for p in decision.passed_over] == [("Person 1", Reason.OUTSIDE_HOURS)]


def test_the_wait_of_a_link_that_is_passed_over_is_not_served() -> None:
    meeting = AbsenceFact(1, AbsenceKind.SHORT, berlin(24, 9), berlin(24, 11))
    decision = decide(replace(PREMIUM, absences={1: (meeting,)}), berlin(24, 10))
    assert chain(decision)[:2] == [(Role.SERVICE_DESK, 0), (Role.PROJECT_TEAM, 5)]


def test_nobody_reachable_is_the_last_resort_at_once_and_a_warning() -> None:
    decision = decide(replace(PREMIUM, duty=()), berlin(29, 3))
    answering = [(link.role, link.after_minutes) for link in decision.chain if not link.informs]
    assert answering == [(Role.LAST_RESORT, 0)]
    assert Warn.LAST_RESORT in decision.warnings
    assert {p.reason for p in decision.passed_over} == {Reason.NOBODY_ON_DUTY}


def test_an_engineer_without_a_contact_method_is_passed_over() -> None:
    people = {11: person(11, frozenset()), 12: person(12)}
    decision = decide(replace(PREMIUM, duty=(replace(DUTY, people=people),)), berlin(29, 3))
    assert chain(decision)[0] == (Role.ON_CALL_BACKUP, 0)
    assert decision.passed_over[0].reason is Reason.NO_CONTACT_METHOD


# --- Duty changes hands -----------------------------------------------------------------------------------------

MONITORED = replace(
    PREMIUM,
    source=Source.MONITORING,
    cells={Route.MONITORING: PREMIUM.cells[Route.AFTER_HOURS]},
    # Both lines hand over on Wednesdays at ten.
    duty=(
        replace(
            DUTY,
            rota=RotaFacts(
                "Europe/Berlin",
                (
                    RotationRule(Line.PRIMARY, (11, 13), 2, time(10), 7, ALWAYS.start, None),
                    RotationRule(Line.BACKUP, (12, 14), 2, time(10), 7, ALWAYS.start, None),
                ),
                (),
                (),
            ),
            people={number: person(number) for number in (11, 12, 13, 14)},
        ),
    ),
)


def names(decision: Decision) -> list[tuple[str, int]]:
    return [(link.people[0].name[-2:], link.after_minutes) for link in decision.chain if not link.informs]


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        # Before the handover has anything to do with the round, which takes 35 minutes.
        (20, [("11", 0), ("12", 15)]),
        # At ten both lines hand over; the backup's due time stays.
        (30, [("11", 0), ("12", 15), ("13", 30), ("14", 30)]),
        (44, [("11", 0), ("12", 15), ("13", 16), ("14", 16)]),
        (45, [("11", 0), ("13", 15), ("14", 15)]),
        (50, [("11", 0), ("13", 10), ("14", 15)]),
        (59, [("11", 0), ("13", 1), ("14", 15)]),
        (60, [("13", 0), ("14", 15)]),
    ],
)
def test_a_handover_within_the_round_calls_the_new_holder_too(minute: int, expected: list[tuple[str, int]]) -> None:
    weeks = [decide(MONITORED, berlin(25, 9) + timedelta(minutes=minute, days=7 * week)) for week in range(2)]
    swapped = {"11": "13", "13": "11", "12": "14", "14": "12"}
    one = next(week for week in weeks if names(week)[0][0] == expected[0][0])
    other = next(week for week in weeks if week is not one)
    assert names(one) == expected
    assert names(other) == [(swapped[name], after) for name, after in expected]
    timings = {link.after_minutes: link.timing for link in one.chain if link.timing}
    assert set(timings.values()) <= {Reason.HANDOVER}


def test_until_when_an_answer_with_a_handover_holds() -> None:
    assert decide(MONITORED, berlin(25, 9)).valid_until == berlin(25, 9, 25)
    # The rounded minutes until a handover change with each minute.
    assert decide(MONITORED, berlin(25, 9, 30)).valid_until == berlin(25, 9, 31)


@given(
    questions(),
    st.tuples(*[st.sampled_from([0, 1, 5, 15, 30, 60])] * 3),
    st.floats(0, 200),
    st.lists(st.floats(0, 1, exclude_max=True), max_size=4),
)
@settings(max_examples=200)
def test_near_a_handover_the_answer_holds_too(
    question: tuple[Facts, datetime], waits: tuple[int, int, int], before: float, fractions: list[float]
) -> None:
    """The same property as below, where the changes are: shortly before duty changes hands."""
    facts, at = question
    steps = (Role.ON_CALL_PRIMARY, Role.SDM, Role.ON_CALL_BACKUP)
    cell = CellContent(tuple(step(role, wait) for role, wait in zip(steps, waits, strict=True)))
    facts = replace(facts, cells={**facts.cells, Route.AFTER_HOURS: cell, Route.MONITORING: cell})
    change = next_duty_change(facts.duty[0].rota, at) if facts.duty else None
    at = change - timedelta(minutes=before) if change else at
    decision = decide(facts, at)
    last = decision.valid_until - timedelta(microseconds=1)
    length = decision.valid_until - at
    for later in [*(min(at + length * fraction, last) for fraction in fractions), last]:
        assert answer(decide(facts, later)) == answer(decision), f"changed at {later}"


# --- Properties ---------------------------------------------------------------------------------------------


@given(questions())
def test_there_is_always_an_answer(question: tuple[Facts, datetime]) -> None:
    facts, at = question
    decision = decide(facts, at)
    assert any(not link.informs and link.people for link in decision.chain)
    assert all(link.people for link in decision.chain)
    assert at < decision.valid_until <= at + timedelta(days=14)


@given(questions())
def test_links_follow_in_time_and_each_is_resolved_for_its_own_start(question: tuple[Facts, datetime]) -> None:
    facts, at = question
    decision = decide(facts, at)
    starts = [link.at for link in decision.chain]
    assert starts == sorted(starts)
    assert all(link.at >= (decision.deferred_until or at) for link in decision.chain)
    for link in decision.chain:
        if link.role in (Role.SERVICE_DESK, Role.PROJECT_TEAM, Role.SDM):
            assert is_open(facts.hours, link.at) or link.people[0].id == 1


@given(questions(), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6))
@settings(max_examples=300)
def test_the_answer_does_not_change_before_valid_until(
    question: tuple[Facts, datetime], fractions: list[float]
) -> None:
    facts, at = question
    decision = decide(facts, at)
    first = answer(decision)
    length = decision.valid_until - at
    last = decision.valid_until - timedelta(microseconds=1)
    for later in [*(min(at + length * fraction, last) for fraction in fractions), last]:
        assert answer(decide(facts, later)) == first, f"changed at {later}, before {decision.valid_until}"


def answer(decision: Decision) -> dict[str, Any]:
    """What a reader acts on: everything but `at`, `respond_by`, `valid_until` and the links' own instants."""
    return {
        "window": decision.window,
        "route": decision.route,
        "matrix_version": decision.matrix_version,
        "deferred_until": decision.deferred_until,
        "chain": [_link(link) for link in decision.chain],
        "passed_over": [(p.role, p.name, p.reason, p.until) for p in decision.passed_over],
        "warnings": decision.warnings,
    }


def _link(link: Link) -> tuple[Any, ...]:
    return (link.role, link.route, link.step, link.people, link.reason, link.timing, link.informs, link.after_minutes)


@given(questions())
def test_a_decision_holds_no_private_number_and_a_public_name_for_everybody_on_call(
    question: tuple[Facts, datetime],
) -> None:
    facts, at = question
    published = {"+496990009100", "+496990009101", "+496990009200", "+496990009999"}
    published |= {assignee.person.direct_line for assignee in (*facts.sdm, *facts.brm)}
    published |= {manager.direct_line for manager in facts.managers}
    for link in decide(facts, at).chain:
        for callee in link.people:
            assert callee.phone in published
            if link.role in (Role.ON_CALL_PRIMARY, Role.ON_CALL_BACKUP):
                assert callee.public_name == PUBLIC_NAME


@pytest.mark.parametrize("response", [30, 60])
def test_the_cap_holds_the_margin_wherever_the_floor_allows(response: int) -> None:
    facts = replace(PREMIUM, response_minutes=response)
    for minute in range(60):
        at = berlin(24, 17) + timedelta(minutes=minute)
        decision = decide(facts, at)
        taken_over = [link for link in decision.chain if link.route is Route.AFTER_HOURS and not link.informs]
        if not taken_over:
            continue
        allowed = decision.respond_by - timedelta(minutes=facts.answer_margin)
        floor = taken_over[0].at + timedelta(minutes=5 * (len(taken_over) - 1))
        assert taken_over[-1].at <= max(allowed, floor)
