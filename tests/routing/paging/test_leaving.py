"""An SDM is paged and goes into a meeting, or away: the chain goes on at once, on the real walk."""

from datetime import datetime

import pytest
from psycopg2.extras import DateTimeTZRange

from matrix.terms import Priority
from oncall.rotation import AbsenceKind
from oncall.services import record_absence, withdraw
from portal.models import Assignment, Person
from portal.services import retire
from routing.decision import Reason
from routing.gather import decision_for
from routing.incidents.services import acknowledge
from routing.incidents.wording import text_of
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery, Escalation, Page
from routing.paging.services import Outcome, answer_page
from tests.people import BEGAN, TUESDAY, World, minutes

from .chains import kinds, paged, report, run

pytestmark = pytest.mark.django_db

OPENING = TUESDAY - minutes(120)


def leaves(person: Person, *, at: datetime, kind: AbsenceKind = AbsenceKind.SHORT, lasts: int = 60) -> None:
    record_absence(person, kind, DateTimeTZRange(at, at + minutes(lasts)), by=person, now=at)


def test_an_sdm_who_goes_into_a_meeting_hands_the_chain_to_the_service_desk_at_once(world: World) -> None:
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    now = TUESDAY + minutes(2)
    leaves(world.sdm, at=now)
    advance_due(now=now)
    assert paged(incident) == [("Jana Manager", 0), ("Service Desk", 2)]
    assert kinds(incident)[-2:] == ["went_away", "paged"]
    entry = incident.timeline.get(kind="went_away")
    assert (entry.data["reason"], entry.public) == (Reason.IN_MEETING, False)
    assert text_of(entry).startswith("Jana Manager is out of reach by now (in a meeting")
    # What the card says of a new report is what the chain did with this one.
    card = decision_for(world.webshop, at=now, priority=Priority.BLOCKER)
    assert next(link.people[0].name for link in card.chain) == "Service Desk"


def test_the_earlier_page_can_still_be_answered(world: World) -> None:
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    leaves(world.sdm, at=TUESDAY + minutes(2))
    advance_due(now=TUESDAY + minutes(2))
    page = Page.objects.get(person=world.sdm)
    assert page.state == Page.State.OPEN
    assert not Delivery.objects.filter(state=Delivery.State.CANCELLED).exists()
    answer = answer_page(page, person=world.sdm, now=TUESDAY + minutes(3), via="sms")
    incident.refresh_from_db()
    assert (answer.outcome, incident.assignee) == (Outcome.TAKEN, world.sdm)


def test_the_next_wait_counts_from_when_the_chain_went_on(world: World) -> None:
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    leaves(world.sdm, at=TUESDAY + minutes(2))
    run(TUESDAY + minutes(13), since=TUESDAY + minutes(2))
    assert paged(incident) == [("Jana Manager", 0), ("Service Desk", 2), ("Team Platform", 12)]


def test_away_for_days_calls_the_deputy_at_once_and_leaves_due_times(world: World) -> None:
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    leaves(world.sdm, at=TUESDAY + minutes(2), kind=AbsenceKind.DAY, lasts=3000)
    assert paged(incident) == [("Jana Manager", 0), ("Tobias Deputy", 2)]
    assert incident.timeline.get(kind="went_away").data["reason"] == Reason.ABSENT
    run(TUESDAY + minutes(6), since=TUESDAY + minutes(2))
    assert paged(incident)[2:] == [("Service Desk", 5)]


def test_a_deputy_who_leaves_too_hands_on_to_the_service_desk(world: World) -> None:
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    leaves(world.sdm, at=TUESDAY + minutes(1), kind=AbsenceKind.DAY, lasts=3000)
    leaves(world.deputy, at=TUESDAY + minutes(2))
    advance_due(now=TUESDAY + minutes(2))
    assert paged(incident) == [("Jana Manager", 0), ("Tobias Deputy", 1), ("Service Desk", 2)]


def test_without_a_deputy_the_service_desk_is_next(world: World) -> None:
    retire(Assignment.objects.current().get(project=world.webshop, person=world.deputy), by=None, now=BEGAN)
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    leaves(world.sdm, at=TUESDAY + minutes(2), kind=AbsenceKind.DAY, lasts=3000)
    advance_due(now=TUESDAY + minutes(2))
    assert paged(incident) == [("Jana Manager", 0), ("Service Desk", 2)]


def test_away_and_back_before_the_tick_calls_nobody_twice(world: World) -> None:
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    now = TUESDAY + minutes(2)
    for minute in (0, 1):
        at = now + minutes(minute)
        row = record_absence(world.sdm, AbsenceKind.DAY, DateTimeTZRange(at, at + minutes(3000)), by=world.sdm, now=at)
        withdraw(row, by=world.sdm, now=at)
    advance_due(now=now + minutes(1))
    assert paged(incident) == [("Jana Manager", 0), ("Tobias Deputy", 2)]
    assert "escalation_error" not in kinds(incident)


@pytest.mark.parametrize("starts", [1, 30])
def test_a_meeting_to_come_changes_nothing_yet(world: World, starts: int) -> None:
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    period = DateTimeTZRange(TUESDAY + minutes(2 + starts), TUESDAY + minutes(90))
    record_absence(world.sdm, AbsenceKind.SHORT, period, by=world.sdm, now=TUESDAY + minutes(2))
    advance_due(now=TUESDAY + minutes(2))
    assert paged(incident) == [("Jana Manager", 0)]
    assert "went_away" not in kinds(incident)


def test_once_taken_nobody_is_called_any_more(world: World) -> None:
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    acknowledge(incident, by=world.sdm, now=TUESDAY + minutes(1))
    leaves(world.sdm, at=TUESDAY + minutes(2))
    assert "went_away" not in kinds(incident)
    assert Page.objects.count() == 1


def test_a_chain_that_has_gone_on_is_not_hurried(world: World) -> None:
    incident = report(world, at=TUESDAY)
    run(TUESDAY + minutes(6), since=TUESDAY)
    due = Escalation.objects.get().due_at
    leaves(world.sdm, at=TUESDAY + minutes(7))
    assert Escalation.objects.get().due_at == due
    assert paged(incident) == [("Jana Manager", 0), ("Service Desk", 5)]


def test_the_opening_called_an_sdm_who_leaves_the_service_desk_steps_in(world: World) -> None:
    """A night's chain runs on: beside it the opening called the SDM, who goes into a meeting."""
    begins = OPENING - minutes(2)
    incident = report(world, at=begins)
    run(OPENING, since=begins)
    assert paged(incident) == [("Marek Nightly", 0), ("Jana Manager", 2)]
    due = Escalation.objects.get().due_at
    leaves(world.sdm, at=OPENING + minutes(1))
    assert paged(incident)[2:] == [("Service Desk", 3)]
    assert Escalation.objects.get().due_at == due
    leaves(world.sdm, at=OPENING + minutes(2), kind=AbsenceKind.DAY, lasts=3000)
    assert ("Tobias Deputy", 4) in paged(incident)


def test_one_tap_hurries_every_chain_that_waits(world: World) -> None:
    incidents = [report(world, at=TUESDAY) for _number in range(3)]
    advance_due(now=TUESDAY)
    leaves(world.sdm, at=TUESDAY + minutes(1))
    advance_due(now=TUESDAY + minutes(1))
    assert [paged(each) for each in incidents] == [[("Jana Manager", 0), ("Service Desk", 1)]] * 3
