"""Into a meeting, away, back: recorded, and of two taps the second sees the first."""

from datetime import datetime, timedelta

import pytest
from psycopg2.extras import DateTimeTZRange

from matrix.terms import Priority
from oncall.models import Absence
from oncall.rotation import AbsenceKind
from oncall.services import record_absence
from portal.access import may_set_presence
from portal.models import Person
from portal.services import record
from routing.decision import Reason
from routing.gather import decision_for
from routing.presence.services import (
    PresenceRefused,
    Refusal,
    back,
    go_away,
    into_meeting,
    take_back,
)
from tests.people import BEGAN, TUESDAY, World, make_world, minutes
from tests.routing.paging.test_races import at_once

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
CLOSING = TUESDAY + minutes(480)


def recorded(person: Person) -> list[tuple[str, datetime, datetime]]:
    rows = Absence.objects.current().filter(person=person).order_by("period")
    return [(row.kind, row.starts, row.ends) for row in rows]


def first_called(world: World, at: datetime) -> str:
    return decision_for(world.webshop, at=at, priority=Priority.BLOCKER, now=at).chain[0].people[0].name


def test_a_meeting_is_seen_by_the_next_answer_and_ends_by_itself(world: World) -> None:
    assert first_called(world, TUESDAY) == "Jana Manager"
    until = TUESDAY + minutes(30)
    into_meeting(world.sdm, until=until, by=world.sdm, now=TUESDAY)
    card = decision_for(world.webshop, at=TUESDAY, priority=Priority.BLOCKER, now=TUESDAY)
    assert card.chain[0].people[0].name == "Service Desk"
    assert (card.passed_over[0].reason, card.passed_over[0].until) == (Reason.IN_MEETING, until)
    assert card.valid_until == until
    assert first_called(world, until - minutes(1)) == "Service Desk"
    assert first_called(world, until) == "Jana Manager"


def test_back_ends_it_now_and_history_stays(world: World) -> None:
    into_meeting(world.sdm, until=TUESDAY + minutes(60), by=world.sdm, now=TUESDAY)
    now = TUESDAY + minutes(10)
    assert back(world.sdm, by=world.sdm, now=now)
    assert first_called(world, now) == "Jana Manager"
    assert recorded(world.sdm) == [("short", TUESDAY, now)]
    # What was believed at the time: until eleven.
    (believed,) = Absence.objects.as_of(TUESDAY + minutes(5)).filter(person=world.sdm)
    assert believed.ends == TUESDAY + minutes(60)
    past = decision_for(world.webshop, at=TUESDAY + minutes(5), priority=Priority.BLOCKER, now=now)
    assert past.chain[0].people[0].name == "Service Desk"


def test_back_ends_an_absence_that_began_days_ago(world: World) -> None:
    period = DateTimeTZRange(TUESDAY - 3 * DAY, TUESDAY + 3 * DAY)
    record_absence(world.sdm, AbsenceKind.DAY, period, by=world.admin, now=BEGAN)
    assert first_called(world, TUESDAY) == "Tobias Deputy"
    assert back(world.sdm, by=world.sdm, now=TUESDAY)
    assert first_called(world, TUESDAY) == "Jana Manager"
    row = Absence.objects.current().get()
    assert (row.starts, row.ends, row.recorded_by) == (TUESDAY - 3 * DAY, TUESDAY, world.sdm)


def test_back_twice_changes_nothing_more(world: World) -> None:
    into_meeting(world.sdm, until=TUESDAY + minutes(60), by=world.sdm, now=TUESDAY)
    assert back(world.sdm, by=world.sdm, now=TUESDAY + minutes(10))
    before = Absence.objects.count()
    assert not back(world.sdm, by=world.sdm, now=TUESDAY + minutes(11))
    assert Absence.objects.count() == before


def test_back_ends_all_that_overlaps_and_leaves_what_is_planned(world: World) -> None:
    for kind, hours in (("short", 1), ("short", 3), ("day", 30)):
        period = DateTimeTZRange(TUESDAY - minutes(60), TUESDAY + minutes(60 * hours))
        record(Absence, by=None, now=BEGAN, person=world.sdm, kind=kind, period=period)
    planned = go_away(world.sdm, start=TUESDAY + 5 * DAY, end=TUESDAY + 6 * DAY, by=world.sdm, now=TUESDAY)
    back(world.sdm, by=world.sdm, now=TUESDAY)
    assert [row for row in recorded(world.sdm) if row[2] > TUESDAY] == [("day", planned.starts, planned.ends)]
    assert first_called(world, TUESDAY) == "Jana Manager"


def test_the_same_tap_twice_is_one_meeting_and_another_moves_its_end(world: World) -> None:
    for until, now in ((30, 0), (30, 0.2), (60, 1), (20, 2)):
        into_meeting(world.sdm, until=TUESDAY + minutes(until), by=world.sdm, now=TUESDAY + minutes(now))
    assert recorded(world.sdm) == [("short", TUESDAY, TUESDAY + minutes(20))]


def test_into_a_meeting_and_back_in_the_same_instant(world: World) -> None:
    into_meeting(world.sdm, until=TUESDAY + minutes(60), by=world.sdm, now=TUESDAY)
    back(world.sdm, by=world.sdm, now=TUESDAY)
    assert recorded(world.sdm) == []
    assert first_called(world, TUESDAY) == "Jana Manager"


@pytest.mark.parametrize(
    ("until", "refusal"),
    [(0, Refusal.PAST), (-30, Refusal.PAST), (12 * 60 + 2, Refusal.TOO_LONG)],
)
def test_a_meeting_that_has_ended_or_never_does_is_refused(world: World, until: int, refusal: Refusal) -> None:
    with pytest.raises(PresenceRefused) as refused:
        into_meeting(world.sdm, until=TUESDAY + minutes(until), by=world.sdm, now=TUESDAY)
    assert refused.value.refusal is refusal
    assert recorded(world.sdm) == []


def test_a_meeting_past_closing_time_is_over_by_the_next_morning(world: World) -> None:
    into_meeting(world.sdm, until=CLOSING + minutes(90), by=world.sdm, now=CLOSING - minutes(10))
    assert first_called(world, CLOSING - minutes(1)) == "Service Desk"
    assert first_called(world, CLOSING) == "Marek Nightly"
    assert first_called(world, CLOSING + 14 * minutes(60)) == "Jana Manager"


def test_while_away_for_days_there_is_no_meeting(world: World) -> None:
    go_away(world.sdm, start=TUESDAY, end=TUESDAY + 2 * DAY, by=world.sdm, now=TUESDAY)
    with pytest.raises(PresenceRefused) as refused:
        into_meeting(world.sdm, until=TUESDAY + minutes(30), by=world.sdm, now=TUESDAY + minutes(1))
    assert refused.value.refusal is Refusal.AWAY


def test_away_takes_the_place_of_a_meeting(world: World) -> None:
    into_meeting(world.sdm, until=TUESDAY + minutes(60), by=world.sdm, now=TUESDAY)
    now = TUESDAY + minutes(10)
    go_away(world.sdm, start=now, end=TUESDAY + 2 * DAY, by=world.sdm, now=now)
    assert recorded(world.sdm) == [("short", TUESDAY, now), ("day", now, TUESDAY + 2 * DAY)]
    assert first_called(world, now) == "Tobias Deputy"


def test_planned_absences_do_not_overlap_and_can_be_taken_back(world: World) -> None:
    start, end = TUESDAY + 5 * DAY, TUESDAY + 9 * DAY
    planned = go_away(world.sdm, start=start, end=end, by=world.sdm, now=TUESDAY)
    assert go_away(world.sdm, start=start, end=end, by=world.sdm, now=TUESDAY) == planned  # a second tap
    with pytest.raises(PresenceRefused) as refused:
        go_away(world.sdm, start=start + DAY, end=end + DAY, by=world.sdm, now=TUESDAY)
    assert refused.value.refusal is Refusal.OVERLAPS
    go_away(world.sdm, start=end, end=end + DAY, by=world.sdm, now=TUESDAY)  # touching is not overlapping
    take_back(planned, by=world.sdm, now=TUESDAY + DAY)
    assert recorded(world.sdm) == [("day", end, end + DAY)]
    with pytest.raises(PresenceRefused) as refused:
        take_back(planned, by=world.sdm, now=TUESDAY + DAY)
    assert refused.value.refusal is Refusal.OVER


@pytest.mark.parametrize(
    ("start", "end", "refusal"),
    [
        (-2 * DAY, -DAY, Refusal.PAST),
        (DAY, DAY, Refusal.PAST),
        (timedelta(0), 400 * DAY, Refusal.TOO_LONG),
        (400 * DAY, 401 * DAY, Refusal.TOO_LONG),
    ],
)
def test_an_absence_in_the_past_or_beyond_a_year_is_refused(
    world: World, start: timedelta, end: timedelta, refusal: Refusal
) -> None:
    with pytest.raises(PresenceRefused) as refused:
        go_away(world.sdm, start=TUESDAY + start, end=TUESDAY + end, by=world.sdm, now=TUESDAY)
    assert refused.value.refusal is refusal
    assert recorded(world.sdm) == []


def test_who_may_set_whose_presence(world: World) -> None:
    assert may_set_presence(world.brm, world.brm)
    assert may_set_presence(world.desk, world.brm)
    assert may_set_presence(world.admin, world.oncall)
    for actor, person in ((world.brm, world.sdm), (world.oncall, world.sdm), (world.alice, world.alice)):
        assert not may_set_presence(actor, person)
    assert not may_set_presence(world.desk, world.alice)


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_are_one_meeting(transactional_db: None) -> None:
    world = make_world()
    until = TUESDAY + minutes(30)
    taps = [TUESDAY + minutes(0.001 * number) for number in range(4)]
    at_once(*[lambda now=now: into_meeting(world.sdm, until=until, by=world.sdm, now=now) for now in reversed(taps)])
    ((kind, starts, ends),) = recorded(world.sdm)
    assert (kind, ends) == ("short", until)
    assert starts in taps


@pytest.mark.django_db(transaction=True)
def test_a_meeting_and_back_at_once_leave_one_of_both(transactional_db: None) -> None:
    world = make_world()
    into_meeting(world.sdm, until=TUESDAY + minutes(30), by=world.sdm, now=TUESDAY)
    now = TUESDAY + minutes(5)
    at_once(
        lambda: back(world.sdm, by=world.sdm, now=now),
        lambda: back(world.sdm, by=world.sdm, now=now),
        lambda: into_meeting(world.sdm, until=TUESDAY + minutes(60), by=world.sdm, now=now),
    )
    running = [row for row in recorded(world.sdm) if row[1] <= now < row[2]]
    assert len(running) <= 1
    assert all(starts < ends for _kind, starts, ends in recorded(world.sdm))
