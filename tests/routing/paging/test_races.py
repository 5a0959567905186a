"""Races on real PostgreSQL: many workers on the same rows, acknowledgements against the tick."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from routing.incidents.models import Incident, Status
from routing.incidents.services import acknowledge, create_incident
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery, Escalation, Page
from routing.paging.services import Outcome, answer_page
from tests.people import SUNDAY_NIGHT, World, make_world, minutes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def alerts(world: World, count: int) -> list[Incident]:
    return [
        create_incident(
            project=world.webshop,
            priority="blocker",
            title=f"Frontend {number} is down",
            source=Incident.Source.MONITORING,
            by=None,
            now=SUNDAY_NIGHT,
        )
        for number in range(count)
    ]


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs in threads of their own, started together; what they returned."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        gate.wait()
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def work_off(batch: int) -> int:
    done = 0
    while claimed := advance_due(now=SUNDAY_NIGHT, limit=batch):
        done += claimed
    return done


def test_four_workers_on_the_same_due_rows_page_everybody_once(world: World) -> None:
    alerts(world, 40)
    done = at_once(*[lambda: work_off(3)] * 4)
    assert sum(done) == 40
    per_incident = Counter(Page.objects.values_list("escalation__incident", flat=True))
    assert set(per_incident.values()) == {1}
    assert len(per_incident) == 40
    # One person, one moment: one call and one text, and each page is in both.
    assert Delivery.objects.count() == 2
    assert {delivery.pages.count() for delivery in Delivery.objects.all()} == {40}


@pytest.mark.parametrize("attempt", range(8))
def test_an_acknowledgement_racing_the_tick_leaves_no_page_behind_it(world: World, attempt: int) -> None:
    incident = alerts(world, 1)[0]
    advance_due(now=SUNDAY_NIGHT)
    due = SUNDAY_NIGHT + minutes(30)
    at_once(
        lambda: advance_due(now=due),
        lambda: acknowledge(incident, by=world.oncall, now=due),
    )
    escalation = Escalation.objects.get()
    assert escalation.state == Escalation.State.ACKNOWLEDGED
    assert advance_due(now=due + timedelta(hours=5)) == 0
    # Whichever came first: the timeline tells it, and nothing of a page is left to be sent.
    entries = list(incident.timeline.values_list("kind", flat=True))
    assert entries[-1] == "acknowledged"
    assert Page.objects.count() == entries.count("paged")
    assert not Delivery.objects.filter(kind=Delivery.Kind.PAGE, state=Delivery.State.QUEUED).exists()


def test_two_answers_at_once_make_one_assignee(world: World) -> None:
    incident = alerts(world, 1)[0]
    advance_due(now=SUNDAY_NIGHT)
    advance_due(now=SUNDAY_NIGHT + minutes(30))
    first, second = Page.objects.order_by("pk")
    now = SUNDAY_NIGHT + minutes(31)
    answers = at_once(
        lambda: answer_page(first, person=world.oncall, now=now, via="voice"),
        lambda: answer_page(second, person=world.backup, now=now, via="sms"),
    )
    assert sorted(answer.outcome for answer in answers) == [Outcome.TAKEN, Outcome.TAKEN_BY_OTHER]
    incident.refresh_from_db()
    winner = next(answer for answer in answers if answer.outcome is Outcome.TAKEN)
    loser = next(answer for answer in answers if answer.outcome is Outcome.TAKEN_BY_OTHER)
    assert incident.status == Status.ACKNOWLEDGED
    assert incident.assignee is not None
    assert incident.assignee.name == winner.by_name == loser.by_name
