"""Duty changes hands while a chain runs: the new holder is called at once, nobody is un-paged, due times stay."""

from datetime import datetime

import pytest
from psycopg2.extras import DateTimeTZRange

from matrix.terms import Priority
from oncall import swaps
from oncall.models import Override
from oncall.rotation import AbsenceKind, Line
from oncall.services import record_absence, record_override, withdraw
from portal.models import Person
from portal.services import record
from routing.decision import Reason, Source
from routing.gather import decision_for
from routing.incidents.models import Incident
from routing.incidents.services import acknowledge, pass_on
from routing.incidents.wording import text_of
from routing.paging.escalating import advance_due
from routing.paging.models import ContactMethod, Escalation, Page
from tests.people import BEGAN, SUNDAY_NIGHT, World, minutes

from .chains import SECOND, alert, kinds, paged, report, run

pytestmark = pytest.mark.django_db

PRIMARY, BACKUP = Line.PRIMARY, Line.BACKUP
HANDOVER = SUNDAY_NIGHT + minutes(10)


def takes_over(world: World, line: Line, person: Person, *, at: datetime, known: datetime = BEGAN) -> None:
    period = DateTimeTZRange(at, SUNDAY_NIGHT + minutes(600))
    record_override(world.rota, line, person, period, by=world.admin, now=known, why="asked for it")


# --- At a handover that was known ------------------------------------------------------------------------------


def test_the_new_primary_is_called_at_the_handover_and_the_backup_when_due(world: World) -> None:
    takes_over(world, PRIMARY, world.manager, at=HANDOVER)
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(31), since=SUNDAY_NIGHT)
    assert paged(incident) == [("Marek Nightly", 0), ("Georg Operations", 10), ("Elif Nightly", 30)]
    assert set(Page.objects.values_list("state", "role")) == {
        ("open", "on_call_primary"),
        ("open", "on_call_backup"),
    }
    entry = incident.timeline.filter(kind="paged")[1]
    assert entry.data["timing"] == Reason.HANDOVER
    assert "takes over because duty changes hands" in text_of(entry)


def test_the_escalation_wakes_up_at_the_handover(world: World) -> None:
    takes_over(world, PRIMARY, world.manager, at=HANDOVER)
    alert(world)
    advance_due(now=SUNDAY_NIGHT)
    escalation = Escalation.objects.get()
    assert (escalation.due_at, escalation.step_due_at) == (HANDOVER, SUNDAY_NIGHT + minutes(30))
    assert advance_due(now=HANDOVER - SECOND) == 0
    advance_due(now=HANDOVER)
    escalation.refresh_from_db()
    assert (escalation.due_at, escalation.step_due_at) == (SUNDAY_NIGHT + minutes(30),) * 2


@pytest.mark.parametrize("minute", [0, 5, 10, 29, 30, 31, 44, 45, 46])
@pytest.mark.parametrize("line", [PRIMARY, BACKUP])
def test_the_card_says_what_the_pager_does(world: World, line: Line, minute: int) -> None:
    takes_over(world, line, world.manager, at=SUNDAY_NIGHT + minutes(minute))
    card = decision_for(world.webshop, at=SUNDAY_NIGHT, priority=Priority.BLOCKER, source=Source.MONITORING)
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(59), since=SUNDAY_NIGHT)
    assert paged(incident) == [(link.people[0].name, link.after_minutes) for link in card.chain]


def test_a_new_backup_is_called_at_once_only_if_the_backup_was_called(world: World) -> None:
    takes_over(world, BACKUP, world.manager, at=SUNDAY_NIGHT + minutes(35))
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(40), since=SUNDAY_NIGHT)
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 30), ("Georg Operations", 35)]


def test_who_moves_up_from_backup_is_not_called_twice(world: World) -> None:
    """The primary is away from minute 40 on: the backup, whom the chain has called already, moves up."""
    away = DateTimeTZRange(SUNDAY_NIGHT + minutes(40), SUNDAY_NIGHT + minutes(900))
    record_absence(world.oncall, AbsenceKind.DAY, away, by=world.oncall, now=BEGAN)
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(44), since=SUNDAY_NIGHT)
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 30)]


def test_after_an_acknowledgement_a_handover_calls_nobody(world: World) -> None:
    takes_over(world, PRIMARY, world.manager, at=HANDOVER)
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    acknowledge(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(5))
    run(SUNDAY_NIGHT + minutes(40), since=SUNDAY_NIGHT + minutes(6))
    assert paged(incident) == [("Marek Nightly", 0)]


def test_a_duty_that_begins_after_its_step_was_passed_over_is_called(world: World) -> None:
    ContactMethod.objects.filter(person=world.oncall).delete()
    takes_over(world, PRIMARY, world.manager, at=HANDOVER)
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(12), since=SUNDAY_NIGHT)
    assert paged(incident) == [("Elif Nightly", 0), ("Georg Operations", 10)]


# --- At a change that nobody could know -------------------------------------------------------------------------


def test_an_override_recorded_in_mid_chain_calls_the_new_holder_at_once(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    now = SUNDAY_NIGHT + minutes(7)
    takes_over(world, PRIMARY, world.manager, at=now, known=now)
    assert advance_due(now=now) == 1
    assert paged(incident) == [("Marek Nightly", 0), ("Georg Operations", 7)]
    run(SUNDAY_NIGHT + minutes(31), since=now)
    assert paged(incident)[2:] == [("Elif Nightly", 30)]


def test_an_absence_recorded_in_mid_chain_calls_whoever_moves_up(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    now = SUNDAY_NIGHT + minutes(7)
    away = DateTimeTZRange(now, now + minutes(600))
    record_absence(world.oncall, AbsenceKind.DAY, away, by=world.oncall, now=now)
    advance_due(now=now)
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 7)]
    assert Page.objects.get(person=world.oncall).state == Page.State.OPEN
    assert Page.objects.get(person=world.backup).role == "on_call_primary"


def test_a_short_absence_takes_nobody_off_duty(world: World) -> None:
    alert(world)
    advance_due(now=SUNDAY_NIGHT)
    now = SUNDAY_NIGHT + minutes(7)
    break_ = DateTimeTZRange(now, now + minutes(15))
    record_absence(world.oncall, AbsenceKind.SHORT, break_, by=world.oncall, now=now)
    assert advance_due(now=now) == 0


def test_there_and_back_again_calls_nobody_twice(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    now = SUNDAY_NIGHT + minutes(7)
    period = DateTimeTZRange(now, now + minutes(600))
    override = record_override(world.rota, PRIMARY, world.manager, period, by=world.admin, now=now)
    advance_due(now=now)
    withdraw(override, by=world.admin, now=now + minutes(2))
    assert advance_due(now=now + minutes(2)) == 1
    assert paged(incident) == [("Marek Nightly", 0), ("Georg Operations", 7)]


def test_a_change_that_leaves_the_holder_changes_nothing(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    before = kinds(incident)
    takes_over(world, PRIMARY, world.oncall, at=SUNDAY_NIGHT, known=SUNDAY_NIGHT + minutes(3))
    advance_due(now=SUNDAY_NIGHT + minutes(3))
    assert kinds(incident) == before
    assert Escalation.objects.get().due_at == SUNDAY_NIGHT + minutes(30)


def test_a_change_wakes_no_chain_that_has_called_nobody_on_duty(world: World) -> None:
    deferred = report(world, at=SUNDAY_NIGHT, priority="major")
    due_at = Escalation.objects.get(incident=deferred).due_at
    takes_over(world, PRIMARY, world.manager, at=SUNDAY_NIGHT, known=SUNDAY_NIGHT + minutes(1))
    assert Escalation.objects.get(incident=deferred).due_at == due_at
    assert kinds(deferred) == ["reported", "deferred"]


def test_a_new_round_after_passing_on_calls_the_next_alone(world: World) -> None:
    """Who had taken it passes on after the handover: the round begins at the next link, for whoever holds it."""
    incident: Incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    acknowledge(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(2))
    takes_over(world, PRIMARY, world.manager, at=HANDOVER, known=SUNDAY_NIGHT + minutes(5))
    pass_on(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(20))
    run(SUNDAY_NIGHT + minutes(25), since=SUNDAY_NIGHT + minutes(20))
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 20)]


def test_the_decision_warns_where_channels_do_not_meet(world: World) -> None:
    world.oncall.contact_methods.exclude(channel="email").delete()
    card = decision_for(world.webshop, at=SUNDAY_NIGHT, priority=Priority.BLOCKER, source=Source.MONITORING)
    assert "other_channel" in card.warnings
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    entry = incident.timeline.get(kind="paged")
    assert (entry.data["channels"], entry.data["warning"]) == (["email"], "other_channel")
    assert "by e-mail" in text_of(entry)
    assert text_of(entry).endswith("Reached by another channel than the step names.")


def test_no_warning_where_one_channel_meets(world: World) -> None:
    world.oncall.contact_methods.exclude(channel="sms").delete()
    card = decision_for(world.webshop, at=SUNDAY_NIGHT, priority=Priority.BLOCKER, source=Source.MONITORING)
    assert "other_channel" not in card.warnings
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    entry = incident.timeline.get(kind="paged")
    assert entry.data["channels"] == ["sms"]
    assert "warning" not in entry.data


def test_a_row_written_without_the_service_is_seen_when_the_next_step_is_due(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    period = DateTimeTZRange(SUNDAY_NIGHT, SUNDAY_NIGHT + minutes(600))
    record(
        Override,
        by=None,
        now=SUNDAY_NIGHT + minutes(5),
        rota=world.rota,
        line="primary",
        person=world.manager,
        period=period,
    )
    run(SUNDAY_NIGHT + minutes(31), since=SUNDAY_NIGHT + minutes(6))
    assert paged(incident) == [("Marek Nightly", 0), ("Georg Operations", 30), ("Elif Nightly", 30)]


# --- At a swap --------------------------------------------------------------------------------------------------


def test_a_swap_accepted_in_mid_chain_calls_whoever_has_taken_the_duty(world: World) -> None:
    """From where the duty changes hands; nobody is un-paged, and the backup's due time stays."""
    part = DateTimeTZRange(HANDOVER, SUNDAY_NIGHT + minutes(600))
    swap = swaps.ask(world.rota, PRIMARY, part, of=[world.manager], by=world.oncall, now=BEGAN)
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    swaps.accept(swap, by=world.manager, now=SUNDAY_NIGHT + minutes(7))
    run(SUNDAY_NIGHT + minutes(31), since=SUNDAY_NIGHT + minutes(7))
    assert paged(incident) == [("Marek Nightly", 0), ("Georg Operations", 10), ("Elif Nightly", 30)]
    assert Page.objects.get(person=world.oncall).state == Page.State.OPEN


def test_a_swap_withdrawn_in_mid_chain_calls_nobody(world: World) -> None:
    part = DateTimeTZRange(HANDOVER, SUNDAY_NIGHT + minutes(600))
    swap = swaps.ask(world.rota, PRIMARY, part, of=[world.manager], by=world.oncall, now=BEGAN)
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    swaps.withdraw(swap, now=SUNDAY_NIGHT + minutes(7))
    run(SUNDAY_NIGHT + minutes(31), since=SUNDAY_NIGHT + minutes(7))
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 30)]
