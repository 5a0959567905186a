"""Sending, with a provider that refuses, is slow, loses its answers, or is not there."""

import socket
import threading
from datetime import datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from django.db import connection, transaction
from pytest_django import Settings

from demo.phones.client import Phones
from matrix.terms import Channel
from portal import clock
from routing.incidents.models import Incident
from routing.incidents.services import acknowledge
from routing.paging import deliveries, escalating, sending, tasks
from routing.paging.models import Alarm, ContactMethod, Delivery, Escalation, Page
from tests.people import World
from tests.routing.telephony.phones import Case, advance, alone, only, report, send, wait_for, wait_for_state

State = Delivery.State


@pytest.fixture
def call(case: Case) -> Delivery:
    return only(case, Channel.VOICE)


@pytest.fixture
def text(case: Case) -> Delivery:
    return only(case, Channel.SMS)


@pytest.fixture
def mail(case: Case, world: World) -> Delivery:
    delivery = only(case, Channel.SMS)
    Delivery.objects.filter(pk=delivery.pk).update(channel=Channel.EMAIL, to=world.oncall.email)
    return case.delivery(Channel.EMAIL)


def try_now(delivery: Delivery) -> Delivery:
    """One attempt, whatever its back-off says."""
    Delivery.objects.filter(pk=delivery.pk, state=State.QUEUED).update(next_attempt_at=clock.now())
    sending.send_delivery(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def later(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


# --- What is due ----------------------------------------------------------------------------------------------


def test_the_longest_waiting_go_first(case: Case) -> None:
    call, text = case.delivery(Channel.VOICE), case.delivery(Channel.SMS)
    now = clock.now()
    Delivery.objects.filter(pk=call.pk).update(next_attempt_at=now - timedelta(seconds=1))
    Delivery.objects.filter(pk=text.pk).update(next_attempt_at=now - timedelta(seconds=2))
    assert sending.due_deliveries(now=now) == [text.pk, call.pk]
    assert sending.due_deliveries(now=now, limit=1) == [text.pk]
    assert sending.due_deliveries(now=now - timedelta(seconds=1.5)) == [text.pk]


def test_what_is_not_due_is_not_sent(phones: Phones, text: Delivery) -> None:
    Delivery.objects.filter(pk=text.pk).update(next_attempt_at=later(60))
    sending.send_delivery(text.pk)
    text.refresh_from_db()
    assert (text.state, text.attempts) == (State.QUEUED, 0)
    assert phones.messages() == []


def test_many_workers_send_once(phones: Phones, text: Delivery) -> None:
    def work() -> None:
        try:
            sending.send_delivery(text.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(phones.messages(to=text.to)) == 1
    text.refresh_from_db()
    assert text.attempts == 1


def test_tasks_can_run_twice(phones: Phones, case: Case) -> None:
    for _time in range(2):
        tasks.send_due()
        tasks.send_reconcile()
        tasks.send_hang_ups()
    assert len(phones.calls()) == len(phones.messages()) == 1


def test_one_that_breaks_does_not_stop_the_others(phones: Phones, world: World) -> None:
    numbers = [f"+4917139200{number}" for number in range(910, 914)]
    texts = []
    for number in numbers:
        case = alone(report(world, title=f"Alert {number}"))
        case.page.deliveries.filter(channel=Channel.SMS).update(to=number)
        texts.append(only(case, Channel.SMS))
    Incident.objects.filter(escalation__pages__deliveries=texts[0]).update(priority="unheard")
    phones.mode(numbers[1], "http_500", times=1)
    send()
    for text in texts:
        text.refresh_from_db()
    assert [(text.state in {State.ACCEPTED, State.DELIVERED}, text.attempts) for text in texts] == [
        (False, 0),
        (False, 1),
        (True, 1),
        (True, 1),
    ]


def test_one_of_which_nothing_can_be_told_does_not_silence_the_others(phones: Phones, world: World) -> None:
    broken, sound = report(world, title="Queue stands still"), report(world, title="Disk full")
    text = sound.delivery(Channel.SMS)
    assert text == broken.delivery(Channel.SMS)
    Incident.objects.filter(pk=broken.incident.pk).update(priority="unheard")
    assert try_now(text).state in {State.ACCEPTED, State.DELIVERED}
    assert "Disk full" in phones.wait(text.to, "sms")["text"]


# --- Acknowledged meanwhile -----------------------------------------------------------------------------------


def test_after_an_acknowledgement_nothing_enters_sending(phones: Phones, case: Case, world: World) -> None:
    ids = [delivery.pk for delivery in case.page.deliveries.all()]
    acknowledge(case.incident, by=world.oncall, now=clock.now())
    # As if it had been queued again by a worker whose attempt failed in the same moment.
    Delivery.objects.filter(pk__in=ids).update(state=State.QUEUED, next_attempt_at=clock.now(), finished_at=None)
    for delivery_id in ids:
        sending.send_delivery(delivery_id)
    found = Delivery.objects.filter(pk__in=ids)
    assert {(each.state, each.attempts) for each in found} == {(State.CANCELLED, 0)}
    assert all(each.finished_at for each in found)
    assert phones.calls() == []
    assert phones.messages() == []


def test_an_acknowledgement_under_way_is_waited_for(phones: Phones, text: Delivery, case: Case) -> None:
    """Somebody acknowledges; the worker begins before the commit, and must not send after it."""
    sender = threading.Thread(target=sending.send_all_due, kwargs={"now": clock.now()})
    with transaction.atomic():
        escalation = escalating.lock(case.incident)
        assert escalation is not None
        sender.start()
        sender.join(0.5)
        assert sender.is_alive()
        escalation.state, escalation.due_at = Escalation.State.ACKNOWLEDGED, None
        escalation.save()
    sender.join(5)
    text.refresh_from_db()
    assert (text.state, text.attempts) == (State.CANCELLED, 0)
    assert phones.messages() == []


def test_a_claim_under_way_holds_the_acknowledgement_back(
    phones: Phones, call: Delivery, case: Case, world: World
) -> None:
    """An acknowledgement while the provider is being asked: the call is ended as soon as it is known."""
    phones.mode(call.to, "slow", seconds=0.6)
    sender = threading.Thread(target=sending.send_all_due, kwargs={"now": clock.now()})
    sender.start()
    wait_for(lambda: Delivery.objects.get(pk=call.pk).state == State.SENDING)
    acknowledge(case.incident, by=world.backup, now=clock.now())
    sender.join(5)
    wait_for_state(call, State.CANCELLED)
    assert [each["status"] for each in phones.calls(to=call.to)] == ["canceled"]


@pytest.mark.parametrize(
    ("route", "states"),
    [(Page.DIRECT_ROUTE, {State.ACCEPTED, State.DELIVERED}), ("monitoring", {State.CANCELLED})],
    ids=["whom it was given to", "whom the chain informs"],
)
def test_who_is_told_of_what_somebody_has_taken(
    phones: Phones, text: Delivery, case: Case, world: World, route: str, states: set[str]
) -> None:
    Page.objects.filter(pk=case.page.pk).update(informs=True, state=Page.State.INFORMED, route=route)
    Escalation.objects.filter(incident=case.incident).update(
        state=Escalation.State.ACKNOWLEDGED, due_at=None, step_due_at=None
    )
    assert try_now(text).state in states


def test_only_what_is_still_open_is_told(phones: Phones, text: Delivery, case: Case, world: World) -> None:
    other = report(world, title="Disk full")
    assert set(text.pages.all()) == {case.page, other.page}
    acknowledge(other.incident, by=world.backup, now=clock.now())
    try_now(text)
    assert "Disk full" not in phones.wait(text.to, "sms", contains="BLOCKER")["text"]


# --- A provider in trouble ------------------------------------------------------------------------------------


def test_too_many_requests(phones: Phones, text: Delivery) -> None:
    phones.mode(text.to, "http_429", seconds=20, times=1)
    before = clock.now()
    try_now(text)
    assert text.state == State.QUEUED
    assert text.next_attempt_at is not None
    assert text.next_attempt_at >= before + timedelta(seconds=20)
    assert "429" in text.error
    assert try_now(text).state in {State.ACCEPTED, State.DELIVERED}
    assert text.attempts == 2


def test_back_off_grows_and_ends(phones: Phones, text: Delivery, case: Case) -> None:
    phones.mode(text.to, "http_500")
    waits = []
    for _attempt in range(sending.MAX_ATTEMPTS - 1):
        before = clock.now()
        try_now(text)
        assert text.next_attempt_at is not None
        waits.append((text.next_attempt_at - before).total_seconds())
    for wait, expected in zip(waits, (2, 4, 8, 15, 30, 60, 60), strict=True):
        assert expected * 0.75 <= wait <= expected * 1.25 + 1.5
    assert try_now(text).state == State.FAILED
    assert text.attempts == sending.MAX_ATTEMPTS
    assert set(Alarm.objects.values_list("kind", flat=True)) == {"provider_unavailable", "delivery_failed"}
    assert not ContactMethod.objects.filter(disabled_at__isnull=False).exists()
    case.page.escalation.refresh_from_db()
    assert case.page.escalation.due_at is not None
    assert case.page.escalation.due_at <= clock.now()


def test_a_provider_that_is_not_there(case: Case, settings: Settings) -> None:
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    send()
    for channel in (Channel.VOICE, Channel.SMS):
        delivery = case.delivery(channel)
        assert (delivery.state, delivery.error) == (State.QUEUED, "no connection to the provider")
        assert delivery.sent_at is None


def test_wrong_credentials_alarm_and_are_tried_again(phones: Phones, text: Delivery, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "wrong"
    assert try_now(text).state == State.QUEUED
    assert Alarm.objects.get().kind == "provider_refused"
    settings.TWILIO_AUTH_TOKEN = "only-for-tests"
    assert try_now(text).state in {State.ACCEPTED, State.DELIVERED}
    assert Alarm.objects.get().cleared_at is not None


def test_without_an_account_nothing_is_lost(text: Delivery, settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    assert try_now(text).state == State.QUEUED


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
def test_an_answer_that_never_came_is_looked_up(phones: Phones, case: Case, channel: Channel) -> None:
    delivery = only(case, channel)
    phones.mode(delivery.to, "timeout_after_acceptance", seconds=3, times=1)
    # Reports would tell as well; here they are lost too.
    phones.disturb_callbacks(drop=1)
    assert try_now(delivery).state == State.UNKNOWN
    assert not sending.has_unknown(now=clock.now())
    assert sending.reconcile_due(now=later(6)) == 1
    delivery.refresh_from_db()
    assert delivery.state == State.ACCEPTED
    records = phones.calls() if channel == Channel.VOICE else phones.messages()
    assert [record["sid"] for record in records] == [delivery.provider_id]


def test_a_report_settles_what_was_unknown(phones: Phones, text: Delivery) -> None:
    phones.mode(text.to, "timeout_after_acceptance", seconds=3, times=1)
    try_now(text)
    wait_for_state(text, State.DELIVERED)
    assert sending.reconcile_due(now=later(6)) == 0
    assert len(phones.messages(to=text.to)) == 1


def test_a_report_may_come_before_the_answer(phones: Phones, call: Delivery) -> None:
    phones.mode(call.to, "timeout_after_acceptance", seconds=0.5, times=1)
    worker = threading.Thread(target=sending.send_all_due, kwargs={"now": clock.now()})
    worker.start()
    wait_for_state(call, State.ACCEPTED)
    assert worker.is_alive()
    worker.join(5)
    (ringing,) = phones.calls(to=call.to)
    call.refresh_from_db()
    assert (call.state, call.provider_id) == (State.ACCEPTED, ringing["sid"])


def test_what_the_provider_does_not_know_is_sent_again(phones: Phones, call: Delivery) -> None:
    sent_before = phones.sequence
    Delivery.objects.filter(pk=call.pk).update(
        state=State.SENDING, attempts=1, sent_at=clock.now(), leased_until=clock.now()
    )
    assert sending.reconcile_due(now=clock.now()) == 1
    call.refresh_from_db()
    assert call.state == State.QUEUED
    try_now(call)
    assert call.attempts == 2
    phones.wait(call.to, "ringing", after=sent_before)


def test_in_doubt_it_is_sent_again(phones: Phones, call: Delivery, settings: Settings) -> None:
    reachable = settings.TWILIO_BASE_URL
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    Delivery.objects.filter(pk=call.pk).update(state=State.UNKNOWN, attempts=1, leased_until=clock.now())
    sending.reconcile_due(now=clock.now())
    settings.TWILIO_BASE_URL = reachable
    try_now(call)
    assert (call.attempts, len(phones.calls(to=call.to))) == (2, 1)


def test_another_deliverys_call_is_not_adopted(phones: Phones, call: Delivery, world: World) -> None:
    try_now(call)
    other = only(report(world, title="Disk full"), Channel.VOICE)
    Delivery.objects.filter(pk=other.pk).update(
        state=State.UNKNOWN, attempts=1, sent_at=clock.now(), leased_until=clock.now()
    )
    sending.reconcile_due(now=clock.now())
    other.refresh_from_db()
    assert other.state == State.QUEUED


def test_a_text_is_known_by_its_link(phones: Phones, text: Delivery, world: World) -> None:
    other = only(alone(report(world, title="Disk full")), Channel.SMS)
    phones.disturb_callbacks(drop=1)
    try_now(text)
    # Its answer was lost with the worker, and so was the one of the other, which never left.
    lost = {"state": State.UNKNOWN, "provider_id": "", "sent_at": clock.now(), "leased_until": clock.now()}
    phones.wait(text.to, "sms")
    Delivery.objects.filter(pk__in=[text.pk, other.pk]).update(**lost)
    sending.reconcile_due(now=clock.now())
    text.refresh_from_db()
    other.refresh_from_db()
    assert (text.state, other.state) == (State.ACCEPTED, State.QUEUED)


def test_a_worker_that_comes_back_late_changes_nothing(call: Delivery) -> None:
    """Its lease ran out and another attempt is under way: what came of its own says nothing about that one."""
    now = clock.now()
    late = Delivery.objects.get(pk=call.pk)
    late.attempts = 1
    Delivery.objects.filter(pk=call.pk).update(state=State.SENDING, attempts=2, leased_until=now)
    assert not deliveries.accepted(late, provider_id="CA1", now=now)
    assert not deliveries.doubted(late, look_up_at=now, error="ReadTimeout")
    assert not deliveries.again(late, at=now, error="500", sources=[State.SENDING])
    call.refresh_from_db()
    assert (call.state, call.attempts, call.provider_id) == (State.SENDING, 2, "")


# --- Reports that never came ------------------------------------------------------------------------------------


def test_a_call_whose_reports_were_lost_is_asked_about(phones: Phones, call: Delivery) -> None:
    phones.mode(call.to, "busy")
    phones.disturb_callbacks(drop=1)
    assert try_now(call).state == State.ACCEPTED
    phones.wait(call.to, "ended")
    assert sending.settle_due(now=later(115)) == 0
    assert not sending.has_unknown(now=later(115))
    assert sending.has_unknown(now=later(121))
    assert sending.settle_due(now=later(121)) == 1
    call.refresh_from_db()
    assert (call.state, call.error) == (State.FAILED, "busy")
    assert sending.settle_due(now=later(9999)) == 0


def test_a_text_whose_report_was_lost_is_asked_about(phones: Phones, text: Delivery, world: World) -> None:
    phones.mode(text.to, "undeliverable")
    phones.disturb_callbacks(drop=1)
    try_now(text)
    wait_for(lambda: phones.messages(to=text.to)[0]["status"] == "undelivered")
    assert sending.settle_due(now=later(595)) == 0
    assert sending.settle_due(now=later(601)) == 1
    text.refresh_from_db()
    assert text.state == State.FAILED
    assert text.error.startswith("30005")
    assert ContactMethod.objects.get(disabled_at__isnull=False).channel == Channel.SMS


def test_a_call_that_still_rings_is_asked_about_again(phones: Phones, call: Delivery) -> None:
    try_now(call)
    phones.wait(call.to, "ringing")
    asked_at = later(121)
    assert sending.settle_due(now=asked_at) == 1
    call.refresh_from_db()
    assert call.state == State.ACCEPTED
    assert call.settle_at == asked_at + timedelta(minutes=2)


def test_a_provider_that_is_away_is_asked_later(phones: Phones, call: Delivery, settings: Settings) -> None:
    try_now(call)
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    assert sending.settle_due(now=later(121)) == 1
    call.refresh_from_db()
    assert call.state == State.ACCEPTED
    assert call.settle_at is not None


def test_what_the_provider_has_forgotten_is_not_asked_about_again(phones: Phones, call: Delivery) -> None:
    Delivery.objects.filter(pk=call.pk).update(
        state=State.ACCEPTED, provider_id="CA" + "0" * 32, sent_at=clock.now(), settle_at=clock.now()
    )
    assert sending.settle_due(now=later(1)) == 1
    call.refresh_from_db()
    assert (call.state, call.settle_at) == (State.ACCEPTED, None)


def test_after_a_day_nobody_asks_any_more(call: Delivery) -> None:
    call.sent_at = clock.now()
    assert deliveries.settle_after(call, call.sent_at + timedelta(hours=23)) is not None
    assert deliveries.settle_after(call, call.sent_at + timedelta(hours=25)) is None


# --- For good -------------------------------------------------------------------------------------------------


def test_an_invalid_number_moves_the_chain_on(phones: Phones, text: Delivery, case: Case, world: World) -> None:
    phones.mode(text.to, "invalid")
    assert try_now(text).state == State.FAILED
    assert text.error.startswith("21211")
    assert ContactMethod.objects.get(disabled_at__isnull=False).channel == Channel.SMS
    assert Alarm.objects.get().kind == "number_failed"
    advance()
    following = case.next_page()
    assert following is not None
    assert following.person == world.backup


def test_what_arrives_ends_the_alarm(phones: Phones, text: Delivery, world: World) -> None:
    phones.mode(text.to, "invalid", times=1)
    assert try_now(text).state == State.FAILED
    assert Alarm.objects.get().cleared_at is None
    ContactMethod.objects.update(disabled_at=None)
    other = only(alone(report(world, title="Disk full")), Channel.SMS)
    try_now(other)
    wait_for_state(other, State.DELIVERED)
    assert Alarm.objects.get().cleared_at is not None


def test_what_arrives_on_another_channel_ends_no_alarm(phones: Phones, case: Case) -> None:
    phones.mode(case.number, "invalid", channel="voice")
    send()
    wait_for_state(case.delivery(Channel.SMS), State.DELIVERED)
    assert Alarm.objects.get(kind="number_failed").cleared_at is None


def test_one_channel_that_fails_does_not_stop_the_other(phones: Phones, case: Case) -> None:
    phones.mode(case.number, "invalid", channel="voice")
    send()
    phones.wait(case.number, "sms")
    assert case.delivery(Channel.VOICE).state == State.FAILED
    advance()
    assert case.next_page() is None


def test_the_last_method_of_a_person_stays(phones: Phones, text: Delivery, world: World) -> None:
    world.oncall.contact_methods.exclude(channel=Channel.SMS).delete()
    phones.mode(text.to, "invalid")
    assert try_now(text).state == State.FAILED
    assert world.oncall.contact_methods.get().disabled_at is None
    assert Alarm.objects.get().kind == "number_failed"


# --- Mail -----------------------------------------------------------------------------------------------------


def test_a_mail(phones: Phones, mail: Delivery, case: Case) -> None:
    assert try_now(mail).state == State.DELIVERED
    assert mail.finished_at is not None
    (received,) = phones.mails(to=mail.to)
    assert received["subject"] == f"BLOCKER webshop #{case.incident.number}: HTTP 503 auf allen Fronten"
    assert f"/a/{case.page.token}/" in received["text"]
    headers = {name.lower(): value for name, value in received["headers"].items()}
    assert headers["auto-submitted"] == "auto-generated"
    assert str(mail.public_id) in headers["message-id"]


def test_a_mail_server_that_is_not_there(phones: Phones, mail: Delivery, settings: Settings) -> None:
    settings.EMAIL_PORT = 9
    assert try_now(mail).state == State.QUEUED
    assert "mail server" in mail.error


def test_an_address_that_is_none(phones: Phones, mail: Delivery) -> None:
    Delivery.objects.filter(pk=mail.pk).update(to="nobody@" + "x" * 200)
    assert try_now(mail).state == State.FAILED


class Refusing:
    """A mail server that refuses at one point of the conversation."""

    def __init__(self, command: str, reply: str) -> None:
        async def refuse(*_arguments: object) -> str:
            return reply

        setattr(self, f"handle_{command}", refuse)


@pytest.mark.parametrize(
    ("command", "reply", "state", "alarm"),
    [
        ("RCPT", "550 5.1.1 no such user", State.FAILED, "number_failed"),
        ("RCPT", "450 4.2.1 try later", State.QUEUED, None),
        ("DATA", "554 5.7.1 looks like spam", State.FAILED, "delivery_failed"),
        ("DATA", "451 4.3.0 try later", State.QUEUED, None),
        ("MAIL", "550 5.7.1 not you", State.QUEUED, "provider_refused"),
    ],
)
def test_a_mail_server_that_refuses(
    mail: Delivery, settings: Settings, phones: Phones, command: str, reply: str, state: str, alarm: str | None
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = probe.getsockname()[1]
    server = Controller(Refusing(command, reply), hostname="127.0.0.1", port=settings.EMAIL_PORT)
    server.start()
    try:
        assert try_now(mail).state == state
    finally:
        server.stop()
    assert mail.error == reply
    assert list(Alarm.objects.values_list("kind", flat=True)) == ([alarm] if alarm else [])
    assert ContactMethod.objects.filter(disabled_at__isnull=False).exists() == (alarm == "number_failed")


def test_a_mail_whose_worker_died_is_sent_again(phones: Phones, mail: Delivery) -> None:
    Delivery.objects.filter(pk=mail.pk).update(state=State.SENDING, attempts=1, leased_until=clock.now())
    sending.reconcile_due(now=clock.now())
    assert try_now(mail).state == State.DELIVERED
