"""Another priority: targets count from the report, a raised one restarts the chain, a lowered one goes on."""

from datetime import datetime

import pytest

from matrix.models import Cell, Step
from routing.incidents.models import Incident, Status
from routing.incidents.services import ActionRefused, acknowledge, change_priority, create_incident, resolve
from routing.incidents.wording import text_of
from routing.paging.escalating import advance_due
from routing.paging.models import Escalation, Page
from tests.people import BERLIN, SUNDAY_NIGHT, TUESDAY, World, minutes
from tests.routing.paging.chains import alert, kinds, paged, report, run

pytestmark = pytest.mark.django_db

T = SUNDAY_NIGHT
OPENING = datetime(2026, 11, 30, 8, tzinfo=BERLIN)


def change(incident: Incident, world: World, priority: str, now: datetime, why: str = "It is worse") -> Incident:
    return change_priority(incident, priority=priority, by=world.desk, now=now, why=why, consent="Alice")


def test_raised_from_deferred_the_chain_begins_at_once(world: World) -> None:
    incident = report(world, at=T, priority="major")
    assert Escalation.objects.get().state == Escalation.State.DEFERRED
    changed = change(incident, world, "blocker", T + minutes(20))
    assert (changed.priority, changed.status) == ("blocker", Status.NEW)
    assert changed.respond_by == T + minutes(60)
    assert changed.resolve_by == T + minutes(360)
    advance_due(now=T + minutes(20))
    assert paged(incident) == [("Marek Nightly", 20)]
    entry = incident.timeline.get(kind="priority_changed")
    assert text_of(entry) == "Priority changed from Major to Blocker: It is worse. The chain begins anew"
    assert (entry.actor, entry.public) == (world.desk, True)


def test_raised_in_mid_chain_it_begins_anew(world: World) -> None:
    incident = alert(world, priority="critical")
    run(T + minutes(31), since=T)
    change(incident, world, "blocker", T + minutes(32))
    advance_due(now=T + minutes(32))
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 30), ("Marek Nightly", 32)]
    escalation = Escalation.objects.get()
    assert (escalation.round, escalation.rounds_left, escalation.step) == (2, 2, 1)


def test_raised_after_the_chain_was_exhausted_it_runs_again(world: World) -> None:
    incident = alert(world, priority="critical")
    run(T + minutes(200), since=T)
    assert Escalation.objects.get().state == Escalation.State.EXHAUSTED
    change(incident, world, "blocker", T + minutes(201))
    advance_due(now=T + minutes(201))
    assert Escalation.objects.get().state == Escalation.State.RUNNING
    assert paged(incident)[-1] == ("Marek Nightly", 201)


def test_raised_after_somebody_took_it_only_targets_change(world: World) -> None:
    incident = alert(world, priority="critical")
    advance_due(now=T)
    acknowledge(incident, by=world.oncall, now=T + minutes(1))
    changed = change(incident, world, "blocker", T + minutes(5))
    assert (changed.status, changed.assignee) == (Status.ACKNOWLEDGED, world.oncall)
    assert advance_due(now=T + minutes(300)) == 0
    assert "begins anew" not in text_of(incident.timeline.get(kind="priority_changed"))


def test_targets_are_those_of_the_version_it_was_reported_under(world: World) -> None:
    incident = report(world, at=TUESDAY, priority="blocker")
    changed = change(incident, world, "major", TUESDAY + minutes(30))
    # 240 minutes of support hours, counted from the report at 10:00; 1200 minutes are two office days.
    assert changed.respond_by == TUESDAY + minutes(240)
    assert changed.resolve_by == datetime(2026, 11, 26, 10, tzinfo=BERLIN)


def test_lowered_the_chain_goes_on_from_where_it_is(world: World) -> None:
    incident = alert(world, priority="blocker")
    advance_due(now=T)
    change(incident, world, "critical", T + minutes(5), "Only the backend")
    run(T + minutes(31), since=T + minutes(5))
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 30)]
    assert set(Page.objects.values_list("round", flat=True)) == {1}


def test_lowered_to_what_waits_for_the_office_nobody_is_called_before(world: World) -> None:
    incident = report(world, at=T, priority="blocker")
    advance_due(now=T)
    changed = change(incident, world, "minor", T + minutes(5))
    escalation = Escalation.objects.get()
    assert (escalation.state, escalation.due_at) == (Escalation.State.DEFERRED, OPENING)
    assert advance_due(now=T + minutes(240)) == 0
    assert kinds(incident)[-2:] == ["priority_changed", "deferred"]
    assert changed.status == Status.NEW
    # Who was called can still answer.
    assert Page.objects.get().state == Page.State.OPEN
    advance_due(now=OPENING)
    assert [page.name for page in Page.objects.order_by("pk")] == ["Marek Nightly", "Jana Manager"]


def test_lowered_while_deferred_it_is_not_told_twice(world: World) -> None:
    incident = report(world, at=T, priority="major")
    change(incident, world, "minor", T + minutes(5))
    assert kinds(incident) == ["reported", "deferred", "priority_changed"]
    assert Escalation.objects.get().due_at == OPENING


def test_lowered_to_a_cell_without_that_route_it_goes_on_along_the_windows(world: World) -> None:
    """Monitoring has no steps of its own for Major: in office hours the chain goes on from its second link."""
    incident = alert(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    change(incident, world, "major", TUESDAY + minutes(3))
    run(TUESDAY + minutes(31), since=TUESDAY + minutes(3))
    assert paged(incident) == [("Marek Nightly", 0), ("Service Desk", 30)]


def test_lowered_from_shortened_waits_to_a_longer_chain(world: World) -> None:
    """Waits that were shortened at closing are those of the old cell; the new one has more steps."""
    at = datetime(2026, 11, 24, 17, 40, tzinfo=BERLIN)
    incident = report(world, at=at)
    run(at + minutes(21), since=at)
    escalation = Escalation.objects.get()
    assert escalation.capped_waits is not None
    cell = Cell.objects.get(version=world.versions["webshop"], priority="critical", route="after_hours")
    assert Step.objects.filter(cell=cell).count() >= len(escalation.capped_waits)
    change(incident, world, "critical", at + minutes(22))
    run(at + minutes(300), since=at + minutes(22))
    assert "escalation_error" not in kinds(incident)
    assert Escalation.objects.get().capped_waits is None or Escalation.objects.get().round > 1


def test_the_same_priority_changes_nothing(world: World) -> None:
    incident = alert(world)
    advance_due(now=T)
    before = kinds(incident)
    change(incident, world, "blocker", T + minutes(1))
    assert kinds(incident) == before
    assert Escalation.objects.get().round == 1


def test_what_is_over_keeps_its_priority(world: World) -> None:
    incident = alert(world)
    resolve(incident, by=world.desk, now=T, reason="done")
    with pytest.raises(ActionRefused):
        change(incident, world, "minor", T)


def test_a_priority_the_version_does_not_know_reaches_the_last_resort(world: World) -> None:
    world.versions["webshop"].matrix.__class__.objects.filter(project=world.webshop).update(project=None)
    incident = alert(world, priority="critical")
    changed = change(incident, world, "blocker", T + minutes(1))
    assert changed.respond_by is None
    advance_due(now=T + minutes(1))
    assert paged(incident) == [("Last resort", 1)]


def test_a_request_has_no_chain_to_restart(world: World) -> None:
    request = create_incident(
        project=world.webshop,
        priority="minor",
        title="More disk",
        source=Incident.Source.PORTAL,
        by=world.alice,
        kind=Incident.Kind.REQUEST,
        now=T,
    )
    assert change(request, world, "major", T).priority == "major"
    assert not Escalation.objects.exists()
