"""Notices are lost by no death and sent twice by no race, and whatever becomes of them, paging does not mind."""

import socket
import threading
from datetime import timedelta
from time import monotonic

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from pytest_django import Settings

from demo.phones.client import Phones
from matrix.terms import Channel
from portal import clock
from routing.management.commands.watchdog import Watch
from routing.paging import sending, tasks, ticking
from routing.paging.models import Alarm, ContactMethod, Delivery, Escalation, Pulse
from tests.people import World
from tests.routing.paging.test_sending import Refusing
from tests.routing.telephony.phones import advance
from tests.routing.telephony.phones import report as alert

from .test_telling import act, report

State = Delivery.State


@pytest.fixture
def world(phones: Phones, world: World) -> World:
    """People, and a mailbox that their mails go to."""
    return world


def notices() -> list[Delivery]:
    return list(Delivery.objects.filter(kind=Delivery.Kind.NOTICE).order_by("pk"))


def work() -> None:
    """What a worker does, in a thread of its own."""
    try:
        tasks.send_post()
    finally:
        connection.close()


def try_now(delivery: Delivery) -> Delivery:
    Delivery.objects.filter(pk=delivery.pk, state=State.QUEUED).update(next_attempt_at=clock.now())
    sending.send_delivery(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def test_what_happened_first_arrives_first(world: World, phones: Phones) -> None:
    incident = report(world)
    act(world, incident, "acknowledge", "start", "note", "ask", "resolve")
    assert len(sending.due_post(now=clock.now())) == 1
    tasks.send_post()
    headings = [mail["subject"].split(":")[0].partition(" ")[2] for mail in phones.mails(to=world.alice.email)]
    assert headings == ["received", "taken", "message", "we need your answer", "resolved"]


def test_many_workers_send_once(world: World, phones: Phones) -> None:
    act(world, report(world), "acknowledge", "resolve")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tasks.send_post()
    assert len(phones.mails(to=world.alice.email)) == 3
    assert {(each.state, each.attempts) for each in notices()} == {(State.DELIVERED, 1)}


def test_one_whose_worker_died_is_sent_once_its_lease_is_over(world: World, phones: Phones) -> None:
    report(world)
    [notice] = notices()
    Delivery.objects.filter(pk=notice.pk).update(state=State.SENDING, attempts=1, leased_until=clock.now())
    tasks.send_post()
    assert phones.mails(to=world.alice.email) == []
    sending.reconcile_due(now=clock.now())
    tasks.send_post()
    [mail] = phones.mails(to=world.alice.email)
    # Should the dead worker have sent it after all, mail programs know both copies by their number for one.
    assert str(notice.public_id) in mail["headers"]["Message-ID"]


def test_a_mail_server_that_is_away_is_tried_for_a_day(world: World, phones: Phones, settings: Settings) -> None:
    report(world)
    [notice] = notices()
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    waited = timedelta()
    for attempt in range(1, sending.POST_ATTEMPTS):
        before = clock.now()
        try_now(notice)
        assert (notice.state, notice.attempts) == (State.QUEUED, attempt)
        assert notice.next_attempt_at is not None
        waited += notice.next_attempt_at - before
        assert Alarm.objects.filter(kind="provider_unavailable").exists() == (attempt >= sending.MAX_ATTEMPTS)
    assert timedelta(hours=15) < waited < timedelta(hours=36)
    settings.EMAIL_PORT = port
    assert try_now(notice).state == State.DELIVERED
    assert len(phones.mails(to=world.alice.email)) == 1
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_an_address_that_bounces_disables_nobodys_and_stops_no_chain(
    world: World, phones: Phones, settings: Settings
) -> None:
    incident = report(world)
    ContactMethod.objects.create(
        person=world.alice, channel="email", address=world.alice.email, verified_at=clock.now()
    )
    ContactMethod.objects.create(person=world.alice, channel="sms", address="+4917139200999", verified_at=clock.now())
    [notice] = notices()
    before = Escalation.objects.values("state", "step", "due_at").get(incident=incident)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = probe.getsockname()[1]
    server = Controller(Refusing("RCPT", "550 5.1.1 no such user"), hostname="127.0.0.1", port=settings.EMAIL_PORT)
    server.start()
    try:
        assert try_now(notice).state == State.FAILED
    finally:
        server.stop()
    assert Escalation.objects.values("state", "step", "due_at").get(incident=incident) == before
    assert not ContactMethod.objects.filter(disabled_at__isnull=False).exists()
    [alarm] = Alarm.objects.all()
    assert (alarm.kind, alarm.data["name"]) == ("number_failed", "Alice Alster")
    assert world.alice.email not in str(alarm.data) + alarm.key


def test_pages_do_not_wait_for_notices(world: World, phones: Phones, settings: Settings) -> None:
    """A mail server that accepts connections and says nothing, a hundred notices, and one alert."""
    for _ in range(100):
        report(world, kind="request")
    for number, notice in enumerate(notices()):
        Delivery.objects.filter(pk=notice.pk).update(to=f"reader{number}@example.com")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]
        settings.EMAIL_TIMEOUT = 4
        stuck = threading.Thread(target=work)
        stuck.start()
        try:
            case = alert(world)
            began = monotonic()
            tasks.send_due()
            phones.wait(case.number, "ringing")
            assert monotonic() - began < 3
        finally:
            Delivery.objects.filter(kind=Delivery.Kind.NOTICE, state=State.QUEUED).delete()
            stuck.join()
    assert case.delivery(Channel.VOICE).state != State.QUEUED


def test_a_slow_mail_server_does_not_make_the_workers_seem_dead(world: World) -> None:
    report(world)
    advance()
    now = clock.now()
    Delivery.objects.exclude(kind=Delivery.Kind.NOTICE).delete()
    Delivery.objects.update(next_attempt_at=now - timedelta(minutes=5))
    ticking.beat(ticking.TICK)
    assert Pulse.objects.exists()
    assert not ticking.is_behind(clock.now())
    assert sending.due_deliveries(now=now) == []


def test_the_watchdog_sends_them_too(world: World, phones: Phones) -> None:
    report(world)
    watch = Watch()
    watch.began = clock.now() - timedelta(minutes=1)
    watch.look()
    for thread in watch.senders.values():
        thread.join()
    assert len(phones.mails(to=world.alice.email)) == 1


def test_a_notice_that_breaks_does_not_stop_the_others(world: World, phones: Phones) -> None:
    broken, sound = report(world), report(world, by=world.bob, reporter=world.bob)
    type(broken).objects.filter(pk=broken.pk).update(priority="unheard")
    tasks.send_post()
    assert phones.mails(to=world.alice.email) == []
    assert [mail["subject"] for mail in phones.mails(to=world.bob.email)] == [f"#{sound.pk} received: The shop is down"]
    assert notices()[0].state == State.QUEUED
