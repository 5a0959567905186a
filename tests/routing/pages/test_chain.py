"""The drawing of the chain: who was called, who is next and when, and what then; as the pager will do it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from portal.models import Person
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.escalating import advance_due
from routing.paging.models import Escalation, Page
from tests.people import SUNDAY_NIGHT, TUESDAY, World, minutes

from .helpers import as_person, report, text

Freeze = Callable[[datetime], None]


@pytest.fixture
def night(world: World, frozen: Freeze) -> Incident:
    frozen(SUNDAY_NIGHT)
    incident = report(world.webshop, world.alice)
    advance_due(now=SUNDAY_NIGHT)
    return incident


def drawn(incident: Incident, reader: Person) -> list[str]:
    """The links of the drawing from top to bottom, as plain text."""
    page = text(as_person(reader).get(f"/incidents/{incident.pk}/"))
    card = page.split('id="chain-card"')[1].split("</section>")[0]
    steps = card.split('<li class="dd-course-step')[1:]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", step.split(">", 1)[1])).strip() for step in steps]


def marks(incident: Incident, reader: Person) -> list[str]:
    page = text(as_person(reader).get(f"/incidents/{incident.pk}/"))
    return re.findall(r'dd-course-step dd-course-([\w-]+)"', page)


def test_called_next_and_planned(world: World, night: Incident) -> None:
    assert marks(night, world.desk) == ["under-way", "next", "planned", "planned"]
    primary, backup, manager, then = drawn(night, world.desk)
    assert "03:00 · on-call engineer" in primary
    assert "Marek Nightly no answer yet" in primary
    assert "on duty according to the roster" in primary
    assert "03:30 · on-call engineer (backup) next" in backup
    assert "Elif Nightly" in backup
    assert "03:45 · escalation manager · planned" in manager
    assert "is only informed" in manager
    assert "Georg Operations" in manager
    assert "04:00 · if nobody answers the chain begins again" in then


def test_what_is_drawn_is_what_the_pager_does(world: World, night: Incident, frozen: Freeze) -> None:
    """Name by name and minute by minute, until the round is over."""
    planned = drawn(night, world.desk)[1:-1]
    for step in planned:
        night.escalation.refresh_from_db()
        due = night.escalation.due_at
        assert due is not None
        frozen(due)
        advance_due(now=due)
        page = Page.objects.latest("pk")
        assert page.name in step
        assert page.created_at.astimezone(SUNDAY_NIGHT.tzinfo).strftime("%H:%M") == step[:5]


def test_who_answered_ends_it(world: World, night: Incident, frozen: Freeze) -> None:
    at = SUNDAY_NIGHT + minutes(30)
    advance_due(now=at)
    services.acknowledge(night, by=world.backup, now=at + minutes(1))
    frozen(at + minutes(2))
    assert marks(night, world.desk) == ["over", "good"]
    primary, backup = drawn(night, world.desk)
    assert "Marek Nightly did not answer" in primary
    assert "Elif Nightly answered 03:31" in backup


def test_rounds_that_are_over_are_kept(world: World, night: Incident, frozen: Freeze) -> None:
    for _step in range(3):
        night.escalation.refresh_from_db()
        assert night.escalation.due_at is not None
        advance_due(now=night.escalation.due_at)
    night.escalation.refresh_from_db()
    assert night.escalation.round == 2
    frozen(SUNDAY_NIGHT + timedelta(hours=1))
    page = text(as_person(world.desk).get(f"/incidents/{night.pk}/"))
    assert "1 earlier round" in page
    assert page.index("Round 1") < page.index("the chain begins again")
    assert marks(night, world.desk) == ["under-way", "under-way", "told", "under-way", "next", "planned", "planned"]


def test_the_last_round_ends_in_an_alarm(world: World, night: Incident, frozen: Freeze) -> None:
    Escalation.objects.update(rounds_left=0)
    assert "the portal raises an alarm" in drawn(night, world.desk)[-1]
    for _step in range(3):
        night.escalation.refresh_from_db()
        assert night.escalation.due_at is not None
        advance_due(now=night.escalation.due_at)
    frozen(SUNDAY_NIGHT + timedelta(hours=1))
    steps = drawn(night, world.desk)
    assert "Georg Operations no answer yet" in steps[-2]
    assert "last resort the alarm goes on until somebody answers" in steps[-1]
    assert "04:10" in steps[-1]


def test_who_is_passed_over_is_drawn_with_the_reason(world: World, frozen: Freeze) -> None:
    """At 17:57 the SDM is called; who would follow after closing is on call."""
    evening = TUESDAY.replace(hour=17, minute=57)
    frozen(evening)
    incident = report(world.webshop, world.alice)
    advance_due(now=evening)
    steps = drawn(incident, world.desk)
    assert "17:57 · Service Delivery Manager" in steps[0]
    assert "18:00 · on-call engineer next" in steps[1]
    assert "takes over when the office closes" in steps[1]


def test_a_deferred_chain_tells_when_it_begins(world: World, frozen: Freeze) -> None:
    frozen(SUNDAY_NIGHT)
    incident = report(world.webshop, world.alice, priority="minor")
    steps = drawn(incident, world.desk)
    assert "Mon 30 Nov, 08:00 · Service Delivery Manager next" in steps[0]
    assert "starts when the office opens" in steps[0]
    assert "Jana Manager" in steps[0]


def test_a_request_has_no_chain(world: World, frozen: Freeze) -> None:
    frozen(TUESDAY)
    incident = report(world.webshop, world.alice, kind="request")
    assert "Who is called" not in text(as_person(world.desk).get(f"/incidents/{incident.pk}/"))
