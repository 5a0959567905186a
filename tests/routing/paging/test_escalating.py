"""Chains run as the card says: due times to the second, one page per step and round, and never silence."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg2.extras import DateTimeTZRange

from matrix.models import MatrixVersion, Step
from oncall.models import Absence, Override
from portal.models import Installation, Person
from portal.services import record
from routing.course import ALARM_WAIT
from routing.decision import Source
from routing.gather import decision_for
from routing.incidents.models import Incident, Status
from routing.incidents.services import (
    ActionRefused,
    acknowledge,
    assign,
    pass_on,
    reopen,
    resolve,
)
from routing.paging import escalating
from routing.paging.escalating import advance_due
from routing.paging.models import Alarm, ContactMethod, Delivery, Escalation, Page
from routing.paging.services import Outcome, answer_page, delivery_failed, pass_on_page
from tests.people import BEGAN, BERLIN, SUNDAY_NIGHT, TUESDAY, World, minutes
from tests.routing.paging.chains import SECOND, alert, kinds, paged, report, run

pytestmark = pytest.mark.django_db


def test_what_was_promised_is_committed_with_its_first_due_time(world: World) -> None:
    incident = alert(world)
    escalation = Escalation.objects.get(incident=incident)
    assert (escalation.state, escalation.due_at) == (Escalation.State.RUNNING, SUNDAY_NIGHT)
    assert incident.matrix_version == world.versions["webshop"]
    assert incident.respond_by == SUNDAY_NIGHT + minutes(60)


def test_the_backup_is_paged_thirty_minutes_after_the_page_to_the_second(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT + 2 * SECOND)
    escalation = Escalation.objects.get(incident=incident)
    # `wait` counts from the page, not from the report.
    assert escalation.due_at == SUNDAY_NIGHT + 2 * SECOND + minutes(30)
    assert advance_due(now=escalation.due_at - timedelta(microseconds=1)) == 0
    assert advance_due(now=escalation.due_at) == 1
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 30)]
    # "Backup too", not "backup instead".
    assert set(Page.objects.values_list("state", flat=True)) == {Page.State.OPEN}


def test_the_pager_does_what_the_card_said(world: World) -> None:
    card = decision_for(world.webshop, at=SUNDAY_NIGHT, priority="blocker", source=Source.MONITORING)
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(59), since=SUNDAY_NIGHT)
    assert paged(incident) == [(link.people[0].name, link.after_minutes) for link in card.chain]


@pytest.mark.parametrize(("hour", "minute"), [(10, 0), (17, 40), (17, 58), (7, 50), (3, 0)])
def test_the_pager_follows_the_card_over_closing_and_opening(world: World, hour: int, minute: int) -> None:
    at = datetime(2026, 11, 24, hour, minute, tzinfo=BERLIN)
    card = decision_for(world.webshop, at=at, priority="blocker")
    incident = report(world, at=at)
    run(at + minutes(180), since=at)
    round_one = Page.objects.filter(escalation__incident=incident, round=1).order_by("pk")
    made = [(page.name, round((page.created_at - at) / minutes(1))) for page in round_one]
    assert made == [(link.people[0].name, link.after_minutes) for link in card.chain]


def test_page_deliveries_and_timeline_are_one_transaction(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    page = Page.objects.get()
    assert sorted(page.deliveries.values_list("channel", "to", "state")) == [
        ("sms", str(world.oncall.mobile), "queued"),
        ("voice", str(world.oncall.mobile), "queued"),
    ]
    assert page.decision["reason"] == "on_duty"
    assert str(world.oncall.mobile) not in str(page.decision)
    assert kinds(incident) == ["reported", "paged"]


def test_a_step_pages_a_recipient_once_per_round(world: World) -> None:
    alert(world)
    advance_due(now=SUNDAY_NIGHT)
    page = Page.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Page.objects.create(
            escalation=page.escalation,
            round=page.round,
            route=page.route,
            step=page.step,
            recipient=page.recipient,
            role=page.role,
            name=page.name,
            decision={},
            created_at=SUNDAY_NIGHT,
        )


def test_an_incident_has_at_most_one_escalation(world: World) -> None:
    incident = alert(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Escalation.objects.create(incident=incident, state="stopped", route="monitoring", started_at=SUNDAY_NIGHT)


# --- Answers ------------------------------------------------------------------------------------------------


def test_after_an_acknowledgement_nobody_new_is_paged(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    acknowledge(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(3))
    run(SUNDAY_NIGHT + minutes(300), since=SUNDAY_NIGHT + minutes(3), step=minutes(10))
    incident.refresh_from_db()
    assert paged(incident) == [("Marek Nightly", 0)]
    assert (incident.status, incident.assignee) == (Status.ACKNOWLEDGED, world.oncall)
    assert incident.responded_at == SUNDAY_NIGHT + minutes(3)
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.CANCELLED}


def test_who_was_paged_earlier_is_told_once_and_briefly_who_took_it(world: World) -> None:
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(31), since=SUNDAY_NIGHT)
    Delivery.objects.filter(channel="voice").update(state=Delivery.State.ACCEPTED)
    Delivery.objects.filter(channel="sms").update(state=Delivery.State.DELIVERED)
    backup_page = Page.objects.get(person=world.backup)
    answer = answer_page(backup_page, person=world.backup, now=SUNDAY_NIGHT + minutes(33), via="voice")
    assert answer.outcome is Outcome.TAKEN
    told = Delivery.objects.filter(kind=Delivery.Kind.STAND_DOWN)
    assert [(d.channel, d.to) for d in told] == [("sms", str(world.oncall.mobile))]
    # Whatever still rings is to be ended; the provider lets a call go on that was answered.
    hung_up = Delivery.objects.filter(hang_up_at__isnull=False).order_by("pk")
    assert [d.to for d in hung_up] == [str(world.oncall.mobile), str(world.backup.mobile)]
    assert Page.objects.get(person=world.oncall).state == Page.State.CLOSED
    acknowledge(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(34))
    assert Delivery.objects.filter(kind=Delivery.Kind.STAND_DOWN).count() == 1


def test_the_second_answer_hears_who_was_faster(world: World) -> None:
    alert(world)
    run(SUNDAY_NIGHT + minutes(31), since=SUNDAY_NIGHT)
    first, second = Page.objects.order_by("pk")
    now = SUNDAY_NIGHT + minutes(32)
    assert answer_page(second, person=world.backup, now=now, via="sms").outcome is Outcome.TAKEN
    late = answer_page(first, person=world.oncall, now=now, via="sms")
    assert (late.outcome, late.by_name) == (Outcome.TAKEN_BY_OTHER, "Elif Nightly")
    again = answer_page(second, person=world.backup, now=now, via="sms")
    assert again.outcome is Outcome.YOURS_ALREADY


def test_repeating_an_acknowledgement_changes_nothing(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    acknowledge(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(1))
    before = kinds(incident)
    again = acknowledge(incident, by=world.desk, now=SUNDAY_NIGHT + minutes(2))
    assert again.assignee == world.oncall
    assert kinds(incident) == before


def test_pass_on_calls_the_next_at_once(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    answer = pass_on_page(Page.objects.get(), person=world.oncall, now=SUNDAY_NIGHT + minutes(2), via="voice")
    assert answer.outcome is Outcome.PASSED_ON
    advance_due(now=SUNDAY_NIGHT + minutes(2))
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 2)]
    assert Page.objects.get(person=world.oncall).state == Page.State.PASSED_ON


def test_pressing_two_twice_passes_on_once(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    page = Page.objects.get()
    for _ in range(2):
        pass_on_page(page, person=world.oncall, now=SUNDAY_NIGHT + minutes(2), via="voice")
        advance_due(now=SUNDAY_NIGHT + minutes(2))
    assert [name for name, _ in paged(incident)] == ["Marek Nightly", "Elif Nightly"]


def test_pass_on_while_acknowledged_begins_a_new_round_there(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    acknowledge(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(2))
    fresh = pass_on(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(20))
    assert (fresh.status, fresh.assignee) == (Status.NEW, None)
    advance_due(now=SUNDAY_NIGHT + minutes(20))
    page = Page.objects.order_by("-pk").first()
    assert page is not None
    assert (page.name, page.round) == ("Elif Nightly", 2)


def test_assigning_a_new_incident_acknowledges_for_the_assignee_and_tells_them(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    fresh = assign(incident, assignee=world.backup, by=world.desk, now=SUNDAY_NIGHT + minutes(1))
    assert (fresh.status, fresh.assignee) == (Status.ACKNOWLEDGED, world.backup)
    told = Page.objects.get(route=Page.DIRECT_ROUTE)
    assert (told.person, told.state) == (world.backup, Page.State.INFORMED)
    assert sorted(told.deliveries.values_list("channel", flat=True)) == ["email", "sms"]


def test_resolving_stops_the_chain_and_reopening_begins_a_new_round(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    resolved = resolve(incident, by=None, actor_name="Alertmanager", now=SUNDAY_NIGHT + minutes(5), reason="resolved")
    # Monitoring's resolution is no response: no qualified human took it.
    assert (resolved.status, resolved.responded_at) == (Status.RESOLVED, None)
    run(SUNDAY_NIGHT + minutes(120), since=SUNDAY_NIGHT + minutes(5), step=minutes(10))
    assert len(paged(incident)) == 1
    reopen(incident, by=world.desk, now=SUNDAY_NIGHT + minutes(130))
    advance_due(now=SUNDAY_NIGHT + minutes(130))
    assert paged(incident) == [("Marek Nightly", 0), ("Marek Nightly", 130)]
    assert Page.objects.order_by("-pk")[0].round == 2


@pytest.mark.parametrize(
    "action",
    [
        lambda incident, person: acknowledge(incident, by=person, now=SUNDAY_NIGHT),
        lambda incident, person: pass_on(incident, by=person, now=SUNDAY_NIGHT),
        lambda incident, person: resolve(incident, by=person, now=SUNDAY_NIGHT, reason="again"),
    ],
    ids=["acknowledge", "pass on", "resolve"],
)
def test_what_the_status_forbids_is_refused_and_changes_nothing(
    world: World, action: Callable[[Incident, Person], object]
) -> None:
    incident = alert(world)
    resolve(incident, by=world.desk, now=SUNDAY_NIGHT, reason="done")
    before = kinds(incident)
    with pytest.raises(ActionRefused):
        action(incident, world.oncall)
    assert kinds(incident) == before


# --- When nobody can be reached -------------------------------------------------------------------------------


def test_a_step_whose_deliveries_have_all_failed_gives_way_at_once(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    voice, sms = Page.objects.get().deliveries.order_by("-channel")
    for delivery, expected in ((voice, 1), (sms, 2)):
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.FAILED, gave_up=True)
        delivery_failed(delivery, now=SUNDAY_NIGHT + 5 * SECOND)
        advance_due(now=SUNDAY_NIGHT + 5 * SECOND)
        assert len(paged(incident)) == expected
    assert "step_failed" in kinds(incident)


def test_a_late_failure_of_an_earlier_step_hurries_nobody(world: World) -> None:
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(31), since=SUNDAY_NIGHT)
    for delivery in Page.objects.get(person=world.oncall).deliveries.all():
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.FAILED, gave_up=True)
        delivery_failed(delivery, now=SUNDAY_NIGHT + minutes(32))
    assert Escalation.objects.get(incident=incident).due_at == SUNDAY_NIGHT + minutes(45)


def test_people_are_resolved_again_when_their_page_falls_due(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    swapped = DateTimeTZRange(SUNDAY_NIGHT, SUNDAY_NIGHT + minutes(600))
    record(
        Override,
        by=None,
        now=SUNDAY_NIGHT + minutes(10),
        rota=world.rota,
        line="backup",
        person=world.manager,
        period=swapped,
    )
    advance_due(now=SUNDAY_NIGHT + minutes(30))
    assert paged(incident)[1] == ("Georg Operations", 30)


def test_a_link_nobody_can_answer_is_passed_over_at_once(world: World) -> None:
    ContactMethod.objects.filter(person=world.oncall).delete()
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    assert paged(incident) == [("Elif Nightly", 0)]
    assert kinds(incident) == ["reported", "passed_over", "paged"]


def test_everybody_absent_calls_the_last_resort_at_once_and_alarms(world: World) -> None:
    away = DateTimeTZRange(SUNDAY_NIGHT - minutes(60), SUNDAY_NIGHT + minutes(6000))
    for person in (world.oncall, world.backup, world.manager):
        record(Absence, by=None, now=BEGAN, person=person, kind="day", period=away)
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    assert paged(incident) == [("Last resort", 0)]
    assert Alarm.objects.get(cleared_at=None).kind == "last_resort"
    answer_page(Page.objects.get(), person=None, now=SUNDAY_NIGHT + minutes(1), via="voice")
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_a_project_without_a_matrix_still_reaches_somebody(world: World) -> None:
    world.versions["webshop"].matrix.__class__.objects.filter(project=world.webshop).update(project=None)
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    assert paged(incident) == [("Last resort", 0)]


# --- It never falls silent --------------------------------------------------------------------------------------


def test_an_unanswered_chain_runs_three_rounds_and_then_alarms_for_ever(world: World) -> None:
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(260), since=SUNDAY_NIGHT)
    names = [name for name, _ in paged(incident)]
    chain = ["Marek Nightly", "Elif Nightly", "Georg Operations"]
    assert names[:9] == chain * 3
    assert names[9:13] == ["Georg Operations", "Last resort"] * 2
    alarms = Page.objects.filter(route=Page.ALARM_ROUTE).order_by("pk")
    assert alarms[1].created_at - alarms[0].created_at == ALARM_WAIT
    assert sorted(alarms[0].deliveries.values_list("channel", flat=True)) == ["sms", "voice"]
    assert Alarm.objects.filter(kind="chain_exhausted", cleared_at=None).exists()
    incident.refresh_from_db()
    assert incident.status == Status.NEW
    acknowledge(incident, by=world.manager, now=SUNDAY_NIGHT + minutes(261))
    assert not Alarm.objects.filter(cleared_at=None).exists()
    run(SUNDAY_NIGHT + minutes(400), since=SUNDAY_NIGHT + minutes(262), step=minutes(5))
    assert len(paged(incident)) == len(names)


def test_without_a_last_resort_the_alarm_still_goes_round(world: World) -> None:
    Installation.objects.update(last_resort_phone="")
    record(
        Absence,
        by=None,
        now=BEGAN,
        person=world.manager,
        kind="day",
        period=DateTimeTZRange(SUNDAY_NIGHT, SUNDAY_NIGHT + minutes(60)),
    )
    ContactMethod.objects.filter(person__in=[world.oncall, world.backup]).delete()
    incident = alert(world)
    run(SUNDAY_NIGHT + minutes(90), since=SUNDAY_NIGHT)
    # After an hour the manager is back, and is told in the next round.
    assert [name for name, _ in paged(incident)][:1] == ["Georg Operations"]
    assert Escalation.objects.get().due_at is not None


def test_one_broken_escalation_stops_no_other(world: World) -> None:
    broken, sound = alert(world), alert(world)
    # A step that no code knows: what a half-done upgrade might leave.
    Escalation.objects.filter(incident=broken).update(route="unheard-of")
    advance_due(now=SUNDAY_NIGHT)
    assert paged(sound) == [("Marek Nightly", 0)]
    assert Alarm.objects.get().kind == "escalation_error"
    assert Escalation.objects.get(incident=broken).due_at == SUNDAY_NIGHT + escalating.RETRY_AFTER_ERROR


# --- Deferred --------------------------------------------------------------------------------------------------


def test_a_batch_needs_as_many_queries_as_one(world: World) -> None:
    def queries_for(number: int) -> int:
        for _incident in range(number):
            alert(world)
        with CaptureQueriesContext(connection) as captured:
            assert advance_due(now=SUNDAY_NIGHT) == number
        return len(captured)

    advance_due(now=SUNDAY_NIGHT)  # facts are gathered once
    queries_for(1)
    assert queries_for(1) == queries_for(20) <= 22


def test_a_deferred_incident_pages_nobody_before_the_opening(world: World) -> None:
    incident = report(world, at=SUNDAY_NIGHT, priority="major")
    opening = datetime(2026, 11, 30, 8, tzinfo=BERLIN)
    escalation = Escalation.objects.get(incident=incident)
    assert (escalation.state, escalation.due_at) == (Escalation.State.DEFERRED, opening)
    assert advance_due(now=opening - SECOND) == 0
    assert paged(incident) == []
    advance_due(now=opening)
    page = Page.objects.get()
    assert (page.name, page.created_at, page.route) == ("Jana Manager", opening, "business_hours")
    assert Escalation.objects.get().state == Escalation.State.RUNNING
    with pytest.raises(ActionRefused):
        pass_on(report(world, at=SUNDAY_NIGHT, priority="major"), by=world.desk, now=SUNDAY_NIGHT)


def test_a_version_published_in_mid_chain_changes_nothing_for_a_running_one(world: World) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    newer = MatrixVersion.objects.create(matrix=world.versions["webshop"].matrix)
    MatrixVersion.objects.filter(pk=newer.pk).update(
        number=2, published_at=SUNDAY_NIGHT, effective_from=SUNDAY_NIGHT, reason="emptied"
    )
    assert not Step.objects.filter(cell__version=newer).exists()
    advance_due(now=SUNDAY_NIGHT + minutes(30))
    assert paged(incident) == [("Marek Nightly", 0), ("Elif Nightly", 30)]


def test_a_team_is_paged_once_on_its_published_phone(world: World) -> None:
    report(world, at=TUESDAY)
    run(TUESDAY + minutes(6), since=TUESDAY)
    page = Page.objects.get(team=world.desk_team)
    assert [(d.channel, d.to) for d in page.deliveries.all()] == [("voice", "+496990009100")]
    answer = answer_page(page, person=None, now=TUESDAY + minutes(7), via="voice")
    assert (answer.outcome, answer.by_name) == (Outcome.TAKEN, "Service Desk")
