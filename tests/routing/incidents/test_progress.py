"""What somebody has taken is not forgotten: a reminder, then a new round; what waits comes back at its date."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction

from matrix.models import PriorityTerms
from portal import clock
from portal.models import Person
from routing.incidents.models import Incident, Status
from routing.incidents.reminding import remind_due
from routing.incidents.services import (
    acknowledge,
    add_note,
    assign,
    change_priority,
    create_incident,
    pass_on,
    reopen,
    resolve,
    start,
    wait,
)
from routing.incidents.wording import text_of
from routing.paging import escalating, ticking
from routing.paging.escalating import advance_due
from routing.paging.models import Alarm, Delivery, Escalation, Page, Pulse
from routing.paging.services import answer_page
from tests.people import SUNDAY_NIGHT, TUESDAY, World, make_world, minutes
from tests.routing.paging.chains import SECOND, alert, kinds, report, run

pytestmark = pytest.mark.django_db

T = SUNDAY_NIGHT
TAKEN = T + minutes(2)
Action = Callable[[Incident, Person, datetime], object]


@pytest.fixture
def world(world: World) -> World:
    """A Blocker must show progress within an hour."""
    return limited(world)


def limited(world: World) -> World:
    with transaction.atomic(), connection.cursor() as cursor:
        # A published version is immutable; this one was agreed so from the beginning.
        cursor.execute("SET LOCAL session_replication_role = replica")
        PriorityTerms.objects.filter(priority="blocker").update(progress_minutes=60)
        PriorityTerms.objects.filter(priority="critical").update(progress_minutes=120)
    return world


@pytest.fixture
def taken(world: World) -> Incident:
    incident = alert(world)
    advance_due(now=T)
    return acknowledge(incident, by=world.oncall, now=TAKEN)


def due(incident: Incident) -> datetime | None:
    incident.refresh_from_db()
    return incident.progress_due_at


def reminders() -> list[tuple[str, str]]:
    found = Delivery.objects.filter(kind=Delivery.Kind.REMINDER).order_by("channel")
    return list(found.values_list("channel", "to"))


def test_the_assignee_is_reminded_once_and_then_a_new_round_begins(taken: Incident, world: World) -> None:
    assert due(taken) == TAKEN + minutes(60)
    assert remind_due(now=TAKEN + minutes(60) - SECOND) == 0
    assert remind_due(now=TAKEN + minutes(60)) == 1
    assert reminders() == [("email", world.oncall.email), ("sms", str(world.oncall.mobile))]
    assert kinds(taken)[-1] == "reminded"
    text = text_of(taken.timeline.latest("pk"))
    assert text == "No progress for 60 minutes: Marek Nightly is reminded"
    assert taken.timeline.latest("pk").public is False
    taken.refresh_from_db()
    assert (taken.status, taken.assignee) == (Status.ACKNOWLEDGED, world.oncall)

    assert remind_due(now=TAKEN + minutes(90) - SECOND) == 0
    assert remind_due(now=TAKEN + minutes(90)) == 1
    assert len(reminders()) == 2
    taken.refresh_from_db()
    assert (taken.status, taken.assignee, taken.progress_due_at) == (Status.NEW, None, None)
    assert text_of(taken.timeline.latest("pk")) == "No progress for 90 minutes: a new round of calls begins"
    run(TAKEN + minutes(121), since=TAKEN + minutes(90))
    chain = Page.objects.filter(round=2).order_by("pk")
    assert [page.name for page in chain] == ["Marek Nightly", "Elif Nightly"]
    # The response stays what it was.
    assert taken.responded_at == TAKEN


def test_the_clock_begins_anew_once_somebody_takes_it_again(taken: Incident, world: World) -> None:
    remind_due(now=TAKEN + minutes(60))
    remind_due(now=TAKEN + minutes(90))
    again = acknowledge(taken, by=world.backup, now=TAKEN + minutes(95))
    assert again.reminded_at is None
    assert due(again) == TAKEN + minutes(155)


@pytest.mark.parametrize(
    "action",
    [
        lambda incident, person, now: start(incident, by=person, now=now),
        lambda incident, person, now: add_note(incident, by=person, now=now, text="Looking", public=False),
        lambda incident, person, now: change_priority(incident, priority="blocker", by=person, now=now, why=""),
    ],
    ids=["start", "note", "the same priority is none"],
)
@pytest.mark.parametrize("after", [30, 75])
def test_progress_is_a_status_or_an_entry_by_the_providers_people(
    taken: Incident, world: World, action: Action, after: int, request: pytest.FixtureRequest
) -> None:
    remind_due(now=TAKEN + minutes(min(after, 60)))
    reminded = after > 60
    before = due(taken)
    now = TAKEN + minutes(after)
    action(taken, world.oncall, now)
    is_none = "none" in request.node.callspec.id
    assert due(taken) == (before if is_none else now + minutes(60))
    assert (taken.reminded_at is not None) == (reminded and is_none)


def test_a_customers_note_is_no_progress(taken: Incident, world: World) -> None:
    add_note(taken, by=world.alice, now=T + minutes(30), text="Any news?", public=True)
    assert due(taken) == TAKEN + minutes(60)


def test_a_new_assignee_has_the_whole_time(taken: Incident, world: World) -> None:
    remind_due(now=TAKEN + minutes(60))
    assign(taken, assignee=world.backup, by=world.desk, now=TAKEN + minutes(61))
    assert due(taken) == TAKEN + minutes(121)
    remind_due(now=TAKEN + minutes(121))
    assert {to for _channel, to in reminders()} >= {world.backup.email}


@pytest.mark.parametrize(
    "action",
    [
        lambda incident, person, now: resolve(incident, by=person, now=now, reason="done"),
        lambda incident, person, now: pass_on(incident, by=person, now=now),
        lambda incident, person, now: wait(incident, by=person, now=now),
    ],
    ids=["resolved", "passed on", "waiting for the customer"],
)
def test_what_nobody_works_at_has_no_limit(taken: Incident, world: World, action: Action) -> None:
    action(taken, world.oncall, T + minutes(10))
    assert due(taken) is None
    assert remind_due(now=T + minutes(10_000)) == 0


def test_reopened_it_has_none_until_it_is_taken(taken: Incident, world: World) -> None:
    resolve(taken, by=world.oncall, now=T + minutes(10), reason="done")
    reopen(taken, by=world.desk, now=T + minutes(20))
    assert due(taken) is None


def test_a_priority_without_a_limit_reminds_nobody(world: World) -> None:
    incident = report(world, at=TUESDAY, priority="minor")
    acknowledge(incident, by=world.sdm, now=TUESDAY)
    assert due(incident) is None


def test_a_request_has_no_limit(world: World) -> None:
    request = create_incident(
        project=world.webshop,
        priority="blocker",
        title="More disk",
        source=Incident.Source.PORTAL,
        by=world.alice,
        kind=Incident.Kind.REQUEST,
        now=T,
    )
    acknowledge(request, by=world.desk, now=T)
    assert due(request) is None


def test_passing_on_a_request_pages_nobody(world: World) -> None:
    request = create_incident(
        project=world.webshop,
        priority="blocker",
        title="More disk",
        source=Incident.Source.PORTAL,
        by=world.alice,
        kind=Incident.Kind.REQUEST,
        now=T,
    )
    acknowledge(request, by=world.desk, now=T)
    assert pass_on(request, by=world.desk, now=T).status == Status.NEW
    assert not Escalation.objects.exists()


def test_a_shared_phone_that_took_it_is_reminded_itself(world: World) -> None:
    world.desk_team.email = "desk@team.example"
    world.desk_team.save()
    incident = report(world, at=TUESDAY)
    run(TUESDAY + minutes(6), since=TUESDAY)
    answer_page(Page.objects.get(team=world.desk_team), person=None, now=TUESDAY + minutes(7), via="voice")
    remind_due(now=TUESDAY + minutes(67))
    assert reminders() == [("email", "desk@team.example")]
    assert "Service Desk is reminded" in text_of(incident.timeline.latest("pk"))


# --- Waiting ---------------------------------------------------------------------------------------------------


def test_what_waits_for_a_date_goes_on_then(taken: Incident, world: World) -> None:
    until = T + minutes(500)
    wait(taken, by=world.oncall, now=T + minutes(10), until=until)
    assert remind_due(now=until - SECOND) == 0
    assert remind_due(now=until) == 1
    taken.refresh_from_db()
    assert (taken.status, taken.waiting_until, taken.assignee) == (Status.IN_PROGRESS, None, world.oncall)
    assert kinds(taken)[-1] == "wait_over"
    assert due(taken) == until + minutes(60)
    assert reminders() == []


def test_a_request_that_waits_goes_on_too(world: World) -> None:
    request = create_incident(
        project=world.webshop,
        priority="minor",
        title="More disk",
        source=Incident.Source.PORTAL,
        by=world.alice,
        kind=Incident.Kind.REQUEST,
        now=T,
    )
    acknowledge(request, by=world.desk, now=T)
    wait(request, by=world.desk, now=T, until=T + minutes(60))
    assert remind_due(now=T + minutes(60)) == 1
    request.refresh_from_db()
    assert request.status == Status.IN_PROGRESS


@pytest.mark.parametrize("until", [None, T + minutes(500)])
def test_the_customers_answer_ends_the_wait(taken: Incident, world: World, until: datetime | None) -> None:
    wait(taken, by=world.oncall, now=T + minutes(10), until=until)
    add_note(taken, by=world.desk, now=T + minutes(20), text="Still waiting", public=False)
    taken.refresh_from_db()
    assert (taken.status, taken.progress_due_at) == (Status.WAITING, until)
    add_note(taken, by=world.alice, now=T + minutes(30), text="The log is attached", public=True)
    taken.refresh_from_db()
    assert (taken.status, taken.waiting_until) == (Status.IN_PROGRESS, None)
    # The resolution's clock stood still while the customer was waited for, not while a date was.
    after = ["answered"] if until else ["answered", "target_moved"]
    assert kinds(taken)[-len(after) - 1 :] == ["note", *after]
    assert due(taken) == T + minutes(90)


# --- Many workers, and one that fails ----------------------------------------------------------------------------


def test_the_tick_looks_after_it(taken: Incident) -> None:
    Incident.objects.filter(pk=taken.pk).update(progress_due_at=clock.now())
    ticking.tick()
    assert kinds(taken)[-1] == "reminded"


def test_without_the_broker_too(taken: Incident) -> None:
    Incident.objects.filter(pk=taken.pk).update(progress_due_at=clock.now())
    ticking.advance_without_broker()
    assert kinds(taken)[-1] == "reminded"


def test_overdue_reminders_are_due_work(taken: Incident) -> None:
    now = clock.now()
    Delivery.objects.all().delete()
    Pulse.objects.create(name="tick", at=now)
    assert not ticking.is_behind(now)
    Incident.objects.filter(pk=taken.pk).update(progress_due_at=now - minutes(1))
    assert ticking.is_behind(now)


def test_one_that_fails_stops_no_other(taken: Incident, world: World) -> None:
    other = alert(world)
    acknowledge(other, by=world.backup, now=TAKEN)
    # A word that no code knows: what a half-done upgrade might leave.
    Incident.objects.filter(pk=taken.pk).update(reminded_at=TAKEN, priority="unheard")
    assert remind_due(now=TAKEN + minutes(60)) == 1
    assert kinds(other)[-1] == "reminded"
    assert Alarm.objects.get(cleared_at=None).kind == "reminder_error"
    assert due(taken) == TAKEN + minutes(60.5)


@pytest.mark.django_db(transaction=True)
def test_many_workers_remind_once() -> None:
    world = limited(make_world())
    incidents = [alert(world) for _number in range(12)]
    for incident in incidents:
        acknowledge(incident, by=world.oncall, now=TAKEN)

    def work(_number: int) -> int:
        try:
            return remind_due(now=TAKEN + minutes(60), limit=20)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 12
    for incident in incidents:
        assert kinds(incident).count("reminded") == 1


@pytest.mark.django_db(transaction=True)
def test_what_somebody_acts_on_is_left_to_them() -> None:
    world = limited(make_world())
    incident = alert(world)
    acknowledge(incident, by=world.oncall, now=TAKEN)

    def look(_number: int) -> int:
        try:
            return remind_due(now=TAKEN + minutes(60))
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        escalating.lock(incident)
        assert list(pool.map(look, [1])) == [0]
    assert look(1) == 1
