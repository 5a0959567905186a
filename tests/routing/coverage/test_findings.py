"""Coverage, pure: a gap found is one by the resolver, and none is missed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.terms import Priority, Route
from routing.coverage.chains import judge
from routing.coverage.findings import Finding, Kind, Stretch, find
from routing.decide import decide
from routing.decision import Facts, Source
from tests.routing.test_decide import DUTY, PREMIUM
from tests.routing.worlds import questions

WEEK = timedelta(days=7)
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)
FACTS = replace(PREMIUM, duty=(DUTY,))


def stretch(facts: Facts, start: datetime, end: datetime, project: str = "webshop") -> Stretch:
    return Stretch(project, start, end, facts, {(Priority.BLOCKER, facts.source): facts}, calendar="office")


def found(facts: Facts, weeks: int = 4, start: datetime = MONDAY) -> tuple[Finding, ...]:
    return find([stretch(facts, start, start + weeks * WEEK)], start, start + weeks * WEEK)


def covers(findings: Iterable[Finding], kind: Kind, at: datetime) -> bool:
    return any(finding.kind is kind and any(p.contains(at) for p in finding.periods) for finding in findings)


@settings(max_examples=60)
@given(questions(), st.lists(st.integers(0, 10 * 24 * 3600 - 1), min_size=1, max_size=40))
def test_whatever_is_asked_at_any_instant_a_gap_is_found_exactly_where_there_is_one(
    question: tuple[Facts, datetime], seconds: list[int]
) -> None:
    facts, start = question
    findings = find([stretch(facts, start, start + timedelta(days=10))], start, start + timedelta(days=10))
    edges = [edge for f in findings if f.kind is Kind.GAP for p in f.periods for edge in (p.start, p.end) if edge]
    around = [edge + step for edge in edges for step in (timedelta(0), -timedelta.resolution)]
    for at in [*(start + timedelta(seconds=each) for each in seconds), *around]:
        if start <= at < start + timedelta(days=10) and _is_asked(facts):
            assert covers(findings, Kind.GAP, at) == judge(decide(facts, at), facts.answer_margin).gap


def _is_asked(facts: Facts) -> bool:
    cell = facts.cells.get(Route.MONITORING)
    return facts.source is Source.CUSTOMER or bool(cell and cell.steps)


@settings(max_examples=40)
@given(questions())
def test_what_is_said_of_a_chain_is_true_when_it_begins(question: tuple[Facts, datetime]) -> None:
    facts, start = question
    end = start + timedelta(days=10)
    for finding in find([stretch(facts, start, end)], start, end):
        if finding.kind in (Kind.SINGLE_POINT, Kind.LATE_CHAIN):
            verdict = judge(decide(facts, finding.since), facts.answer_margin)
            assert verdict.single if finding.kind is Kind.SINGLE_POINT else verdict.late
        assert start <= finding.since < end
