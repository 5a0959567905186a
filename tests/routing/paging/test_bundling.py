"""What goes to one address at about the same time goes out as one message; nobody is called twice within a minute."""

from datetime import datetime

import pytest
from django.db import connection, transaction
from django.db.models import Count, F

from matrix.terms import Channel
from routing.incidents.models import Incident, Status
from routing.incidents.services import acknowledge, assign, resolve
from routing.paging import deliveries as states
from routing.paging import outbox, sending
from routing.paging.addresses import as_they_wish
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery, Escalation, NotificationRule, Page
from routing.paging.outbox import Message
from routing.paging.services import pass_on_page
from tests.people import SUNDAY_NIGHT, World, make_world, minutes

from .chains import SECOND, alert, run
from .test_races import at_once

State = Delivery.State
T = SUNDAY_NIGHT


def page_of(incident: Incident) -> Page:
    return Page.objects.filter(escalation__incident=incident).latest("pk")


def deliveries(channel: str = Channel.VOICE) -> list[Delivery]:
    return list(Delivery.objects.filter(channel=channel, kind=Delivery.Kind.PAGE).order_by("pk"))


def went_out(delivery: Delivery, at: datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        state=State.ACCEPTED, attempts=1, sent_at=at, provider_id=f"CA{delivery.pk}"
    )


@pytest.mark.django_db
class TestQueueing:
    def test_pages_of_one_moment_are_one_message(self, world: World) -> None:
        first, second = alert(world), alert(world)
        advance_due(now=T)
        (call,) = deliveries()
        assert set(call.pages.all()) == {page_of(first), page_of(second)}
        assert call.next_attempt_at == T

    def test_what_waits_unclaimed_takes_more_in(self, world: World) -> None:
        alert(world)
        advance_due(now=T)
        alert(world, at=T + 20 * SECOND)
        advance_due(now=T + 20 * SECOND)
        (call,) = deliveries()
        assert call.pages.count() == 2
        # Nobody waits longer for what comes later.
        assert call.next_attempt_at == T

    @pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
    def test_after_a_message_further_pages_wait_for_each_other(self, world: World, channel: str) -> None:
        alert(world)
        advance_due(now=T)
        for delivery in Delivery.objects.all():
            went_out(delivery, T + SECOND)
        for second in (10, 40, 60):
            alert(world, at=T + second * SECOND)
            advance_due(now=T + second * SECOND)
        first, bundle = deliveries(channel)
        assert first.pages.count() == 1
        assert bundle.pages.count() == 3
        assert bundle.next_attempt_at == T + 61 * SECOND

    def test_a_minute_later_nobody_waits(self, world: World) -> None:
        alert(world)
        advance_due(now=T)
        for delivery in Delivery.objects.all():
            went_out(delivery, T)
        later = T + 61 * SECOND
        alert(world, at=later)
        advance_due(now=later)
        assert deliveries()[1].next_attempt_at == later

    def test_other_people_do_not_wait(self, world: World) -> None:
        alert(world)
        advance_due(now=T)
        for delivery in Delivery.objects.all():
            went_out(delivery, T)
        pass_on_page(Page.objects.get(), person=world.oncall, now=T + SECOND, via="voice")
        advance_due(now=T + SECOND)
        assert deliveries()[1].to == str(world.backup.mobile)
        assert deliveries()[1].next_attempt_at == T + SECOND

    def test_what_was_tried_before_takes_nothing_in(self, world: World) -> None:
        """Its first attempt may turn out to have arrived, without the new page."""
        alert(world)
        advance_due(now=T)
        Delivery.objects.update(attempts=1, next_attempt_at=T + 8 * SECOND)
        alert(world, at=T + SECOND)
        advance_due(now=T + SECOND)
        assert [call.pages.count() for call in deliveries()] == [1, 1]

    def test_a_stand_down_keeps_nobody_waiting(self, world: World) -> None:
        incident = alert(world)
        advance_due(now=T)
        for delivery in Delivery.objects.all():
            went_out(delivery, T - minutes(2))
        acknowledge(incident, by=world.backup, now=T + SECOND)
        Delivery.objects.filter(kind=Delivery.Kind.STAND_DOWN).update(
            state=State.DELIVERED, attempts=1, sent_at=T + SECOND
        )
        alert(world, at=T + 5 * SECOND)
        advance_due(now=T + 5 * SECOND)
        assert deliveries(Channel.SMS)[-1].next_attempt_at == T + 5 * SECOND

    def test_the_assignee_is_told_alone(self, world: World) -> None:
        incident, other = alert(world), alert(world)
        advance_due(now=T)
        assign(incident, assignee=world.oncall, by=world.desk, now=T + SECOND)
        told = Page.objects.get(route=Page.DIRECT_ROUTE)
        assert all(each.pages.count() == 1 for each in told.deliveries.all())
        assert page_of(other).deliveries.filter(state=State.QUEUED).count() == 2


@pytest.mark.django_db
class TestAnswers:
    def test_an_answer_leaves_the_message_to_the_others(self, world: World) -> None:
        first, second = alert(world), alert(world)
        advance_due(now=T)
        acknowledge(first, by=world.backup, now=T + SECOND)
        (call,) = deliveries()
        assert call.state == State.QUEUED
        acknowledge(second, by=world.backup, now=T + SECOND)
        assert {each.state for each in Delivery.objects.all()} == {State.CANCELLED}

    def test_a_call_rings_on_for_the_others(self, world: World) -> None:
        first, second = alert(world), alert(world)
        advance_due(now=T)
        went_out(deliveries()[0], T)
        resolve(first, by=None, now=T + SECOND, reason="monitoring", actor_name="Prometheus")
        assert deliveries()[0].hang_up_at is None
        acknowledge(second, by=world.backup, now=T + 2 * SECOND)
        assert deliveries()[0].hang_up_at == T + 2 * SECOND

    def test_a_page_that_was_passed_on_keeps_no_call_ringing(self, world: World) -> None:
        first, second = alert(world), alert(world)
        advance_due(now=T)
        pass_on_page(page_of(first), person=world.oncall, now=T + SECOND, via="sms")
        went_out(deliveries()[0], T)
        acknowledge(second, by=world.backup, now=T + 2 * SECOND)
        assert deliveries()[0].hang_up_at == T + 2 * SECOND

    def test_two_pages_of_one_incident_are_told_and_answered_once(self, world: World) -> None:
        """A round that begins anew within the minute: the latest page stands for the incident."""
        incident = alert(world)
        advance_due(now=T)
        Escalation.objects.update(step=3, step_due_at=T + SECOND, due_at=T + SECOND)
        advance_due(now=T + SECOND)
        (call,) = deliveries()
        assert call.pages.count() == 2
        assert sending.pages_of(call) == [page_of(incident)]


@pytest.mark.django_db
class TestSending:
    def claim(self, delivery: Delivery, now: datetime) -> bool:
        return sending._claim(delivery.pk, now=now) is not None

    def test_nobody_is_called_twice_within_a_minute(self, world: World) -> None:
        """Two calls to one number that could not be bundled: the second waits, and is not lost."""
        alert(world)
        advance_due(now=T)
        (first,) = deliveries()
        second = self.another(first, T + 2 * SECOND)
        assert self.claim(first, T + SECOND)
        assert not self.claim(second, T + 2 * SECOND)
        second.refresh_from_db()
        assert (second.state, second.next_attempt_at, second.attempts) == (State.QUEUED, T + 61 * SECOND, 0)
        assert self.claim(second, T + 61 * SECOND)

    def test_texts_need_not_wait(self, world: World) -> None:
        alert(world)
        advance_due(now=T)
        (first,) = deliveries(Channel.SMS)
        second = self.another(first, T + SECOND)
        assert self.claim(first, T)
        assert self.claim(second, T + SECOND)

    def another(self, first: Delivery, at: datetime, attempts: int = 0) -> Delivery:
        """A message to the same address that was not bundled with it."""
        second = Delivery.objects.create(
            channel=first.channel,
            to=first.to,
            language="en",
            next_attempt_at=at,
            created_at=at,
            attempts=attempts,
        )
        second.pages.set(first.pages.all())
        return second

    def test_what_piled_up_while_the_provider_was_away_goes_out_as_one(self, world: World) -> None:
        incidents = []
        for _number in range(4):
            incidents.append(alert(world))
            advance_due(now=T)
            Delivery.objects.update(attempts=F("attempts") + 1)
        assert len(deliveries()) == 4
        claim = sending._claim(deliveries()[0].pk, now=T + SECOND)
        assert claim is not None
        # The one that has most tries left goes on; the others are told in it.
        assert {int(matter.number) for matter in claim.matters} == {incident.pk for incident in incidents}
        assert [(call.state, call.attempts) for call in deliveries()] == [
            (State.CANCELLED, 4),
            (State.CANCELLED, 3),
            (State.CANCELLED, 2),
            (State.SENDING, 2),
        ]

    def test_what_another_message_took_over_gives_no_hope(self, world: World) -> None:
        alert(world)
        advance_due(now=T)
        Delivery.objects.filter(channel=Channel.SMS).delete()
        (first,) = deliveries()
        self.another(first, T, attempts=2)
        claim = sending._claim(first.pk, now=T + SECOND)
        assert claim is not None
        assert states.failed(claim.delivery, error="13224", now=T + 2 * SECOND, number=False)
        assert Escalation.objects.get().due_at == T + 2 * SECOND

    def test_what_is_due_later_is_not_drawn_in(self, world: World) -> None:
        alert(world)
        advance_due(now=T)
        (first,) = deliveries()
        later = self.another(first, T + minutes(5))
        assert self.claim(first, T)
        later.refresh_from_db()
        assert later.state == State.QUEUED

    def test_what_nobody_wants_any_more_is_cancelled_rather_than_postponed(self, world: World) -> None:
        incident = alert(world)
        advance_due(now=T)
        (call,) = deliveries()
        Escalation.objects.update(state=Escalation.State.ACKNOWLEDGED, due_at=None, step_due_at=None)
        Incident.objects.filter(pk=incident.pk).update(status=Status.ACKNOWLEDGED)
        assert not self.claim(call, T)
        call.refresh_from_db()
        assert call.state == State.CANCELLED


@pytest.mark.django_db
class TestWishes:
    def wish(self, world: World, *rules: tuple[str, int]) -> None:
        NotificationRule.objects.bulk_create(
            NotificationRule(person=world.oncall, channel=channel, after_minutes=after) for channel, after in rules
        )

    def planned(self) -> list[tuple[str, int]]:
        found = Delivery.objects.order_by("next_attempt_at", "-channel")
        return [
            (each.channel, round((each.next_attempt_at - T) / minutes(1))) for each in found if each.next_attempt_at
        ]

    def test_call_again_after_five_and_fifteen_minutes(self, world: World) -> None:
        self.wish(world, ("sms", 0), ("voice", 0), ("voice", 5), ("voice", 15))
        incident = alert(world)
        advance_due(now=T)
        assert self.planned() == [("voice", 0), ("sms", 0), ("voice", 5), ("voice", 15)]
        assert Page.objects.count() == 1
        acknowledge(incident, by=world.oncall, now=T + minutes(4))
        assert {each.state for each in Delivery.objects.all()} == {State.CANCELLED}

    def test_only_within_the_channels_of_the_step(self, world: World) -> None:
        self.wish(world, ("email", 0), ("sms", 2))
        alert(world)
        advance_due(now=T)
        # The step calls and texts: e-mail is none of it, and the first message goes at once.
        assert self.planned() == [("sms", 0)]

    def test_without_a_rule_for_the_step_all_channels_at_once(self, world: World) -> None:
        self.wish(world, ("email", 0))
        alert(world)
        advance_due(now=T)
        assert self.planned() == [("voice", 0), ("sms", 0)]

    def test_who_is_only_informed_is_told_once(self, world: World) -> None:
        self.wish(world, ("sms", 0), ("sms", 5))
        incident = alert(world)
        assign(incident, assignee=world.oncall, by=world.desk, now=T)
        assert self.planned() == [("sms", 0)]

    def test_a_repetition_is_not_swallowed_by_the_first_call(self, world: World) -> None:
        self.wish(world, ("voice", 0), ("voice", 1), ("voice", 2))
        alert(world)
        advance_due(now=T)
        assert self.planned() == [("voice", 0), ("voice", 1), ("voice", 2)]

    def test_repetitions_of_several_pages_are_bundled_too(self, world: World) -> None:
        self.wish(world, ("voice", 0), ("voice", 5))
        for second in (0, 10):
            alert(world, at=T + second * SECOND)
            advance_due(now=T + second * SECOND)
        assert [call.pages.count() for call in deliveries()] == [2, 2]

    def test_a_new_page_does_not_wait_for_a_repetition(self, world: World) -> None:
        self.wish(world, ("voice", 0), ("voice", 5))
        alert(world)
        advance_due(now=T)
        went_out(deliveries()[0], T)
        alert(world, at=T + minutes(2))
        advance_due(now=T + minutes(2))
        assert deliveries()[2].next_attempt_at == T + minutes(2)

    def test_who_passes_on_is_not_called_again(self, world: World) -> None:
        self.wish(world, ("voice", 0), ("voice", 5))
        alert(world)
        advance_due(now=T)
        went_out(deliveries()[0], T)
        pass_on_page(Page.objects.get(), person=world.oncall, now=T + minutes(1), via="voice")
        again = deliveries()[1]
        assert sending._claim(again.pk, now=T + minutes(5)) is None
        again.refresh_from_db()
        assert again.state == State.CANCELLED

    def test_repetitions_that_are_still_to_come_give_hope(self, world: World) -> None:
        self.wish(world, ("voice", 0), ("voice", 5))
        alert(world)
        advance_due(now=T)
        first = deliveries()[0]
        went_out(first, T)
        first.refresh_from_db()
        assert states.failed(first, error="13224", now=T + SECOND, number=False)
        assert Escalation.objects.get().due_at == T + minutes(30)

    def test_repetitions_to_a_dead_number_give_none(self, world: World) -> None:
        self.wish(world, ("voice", 0), ("voice", 5))
        alert(world)
        advance_due(now=T)
        first = deliveries()[0]
        went_out(first, T)
        first.refresh_from_db()
        assert states.failed(first, error="21211", now=T + SECOND, number=True)
        assert Escalation.objects.get().due_at == T + SECOND


@pytest.mark.django_db(transaction=True)
class TestRaces:
    @pytest.fixture
    def world(self, transactional_db: None) -> World:
        return make_world()

    @pytest.mark.parametrize("attempt", range(3))
    def test_pages_that_join_while_the_message_is_claimed_are_told_once_and_not_lost(
        self, world: World, attempt: int
    ) -> None:
        """Workers page one person from all sides while senders claim: each page is in exactly one message each way,
        and no message was claimed with a page that joined it later."""
        for _number in range(30):
            alert(world)
        claimed: dict[int, int] = {}

        def page() -> None:
            while advance_due(now=T, limit=2):
                pass

        def send() -> None:
            for _look in range(60):
                for pk in sending.due_deliveries(now=T + minutes(2)):
                    claim = sending._claim(pk, now=T + SECOND)
                    if claim:
                        claimed[pk] = len(claim.matters)

        at_once(page, page, page, send, send)
        assert Page.objects.count() == 30
        for channel in (Channel.VOICE, Channel.SMS):
            told = Page.objects.filter(deliveries__channel=channel).annotate(times=Count("deliveries"))
            assert told.count() == 30
            assert {page.times for page in told} == {1}
        for pk, matters in claimed.items():
            assert Delivery.objects.get(pk=pk).pages.count() == matters
        # One at once, the rest in one bundle after the minute.
        assert len(deliveries()) <= 2

    @pytest.mark.parametrize("attempt", range(4))
    def test_answers_workers_and_senders_in_each_others_way(self, world: World, attempt: int) -> None:
        """No deadlock, and after the last answer nothing is sent."""
        incidents = [alert(world) for _number in range(12)]

        def page() -> None:
            for second in range(4):
                while advance_due(now=T + second * minutes(30), limit=3):
                    pass

        def send() -> None:
            for _look in range(20):
                for pk in sending.due_deliveries(now=T + minutes(200)):
                    sending._claim(pk, now=T + minutes(2))

        def answer(number: int) -> None:
            for incident in incidents[number::2]:
                acknowledge(incident, by=world.backup, now=T + minutes(2))

        at_once(page, page, send, lambda: answer(0), lambda: answer(1))
        run(T + minutes(300), since=T + minutes(100), step=minutes(30))
        assert set(Incident.objects.values_list("status", flat=True)) == {Status.ACKNOWLEDGED}
        for pk in sending.due_deliveries(now=T + minutes(400)):
            claim = sending._claim(pk, now=T + minutes(400))
            assert claim is None or claim.delivery.kind == Delivery.Kind.STAND_DOWN

    def test_addresses_are_locked_in_one_order(self, world: World) -> None:
        """Two batches that page the same people crosswise wait for each other, and both are done."""
        incident = alert(world)
        advance_due(now=T)
        page = page_of(incident)
        numbers = [f"+491713920{number:04}" for number in range(40)]
        messages = [Message(page, Channel.SMS, number, "en", T) for number in numbers]

        def post(batch: list[Message]) -> None:
            for _time in range(10):
                with transaction.atomic():
                    outbox.post(batch, now=T)

        at_once(lambda: post(messages), lambda: post(messages[::-1]), lambda: post(messages[20:] + messages[:20]))
        assert Delivery.objects.filter(to__in=numbers).count() == 40
        with connection.cursor() as cursor:
            # Of this database alone: other tests run beside this one on the same server.
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
                " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
            )
            assert cursor.fetchone() == (0,)


def test_the_first_wish_is_at_once() -> None:
    voice, sms = Channel.VOICE, Channel.SMS
    assert as_they_wish([], [voice, sms]) == [(voice, 0), (sms, 0)]
    assert as_they_wish([(voice, 5), (voice, 15)], [voice, sms]) == [(voice, 0), (voice, 10)]
    assert as_they_wish([(sms, 0), (voice, 5)], [voice]) == [(voice, 0)]
    assert as_they_wish([(sms, 0)], [voice]) == [(voice, 0)]
