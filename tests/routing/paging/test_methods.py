"""A person's contact methods: proven by a code, tried out, and never the last one lost."""

import pytest
from django.db import connection

from demo.phones.client import Phones
from matrix.terms import Channel
from portal import clock
from routing.paging import methods, sending
from routing.paging.codes import code_of
from routing.paging.methods import (
    InvalidAddress,
    KnownAlready,
    LastUsable,
    TooSoon,
    WrongCode,
    add_method,
    disable,
    remove,
    send_code,
    verify,
)
from routing.paging.models import ContactMethod, Delivery, VerificationCode
from tests.people import SUNDAY_NIGHT, World, make_world, minutes
from tests.routing.telephony.phones import send, wait_for_state

from .test_races import at_once

pytestmark = pytest.mark.django_db

T = SUNDAY_NIGHT
NUMBER = "+4917139200777"


@pytest.fixture
def method(world: World) -> ContactMethod:
    return add_method(world.oncall, Channel.SMS, NUMBER)


def code(method: ContactMethod) -> str:
    return code_of(method.codes.latest("pk").delivery)


def wrong(method: ContactMethod) -> str:
    return str((int(code(method)) + 1) % 1_000_000).zfill(6)


@pytest.mark.parametrize(
    ("channel", "given", "stored"),
    [
        (Channel.SMS, " 0171 39200-777 ", NUMBER),
        (Channel.VOICE, "+49 (171) 39200777", NUMBER),
        (Channel.VOICE, "+41 44 668 18 00", "+41446681800"),
        (Channel.EMAIL, " Marek@Example.COM ", "marek@example.com"),
    ],
)
def test_an_address_is_stored_in_one_form(world: World, channel: Channel, given: str, stored: str) -> None:
    method = add_method(world.oncall, channel, given)
    assert (method.address, method.verified_at) == (stored, None)


@pytest.mark.parametrize(
    ("channel", "given"),
    [
        (Channel.SMS, "marek@example.com"),
        (Channel.SMS, "12"),
        (Channel.SMS, ""),
        (Channel.VOICE, "+49171392007770000000"),
        (Channel.VOICE, "+49 171 39200777 ext. 5"),
        (Channel.EMAIL, NUMBER),
        (Channel.EMAIL, "marek@"),
        (Channel.EMAIL, "a@b.example\nBcc: c@d.example"),
        (Channel.PUSH, "anything"),
    ],
)
def test_what_is_no_address_is_refused(world: World, channel: Channel, given: str) -> None:
    with pytest.raises(InvalidAddress):
        add_method(world.oncall, channel, given)


def test_a_method_is_added_once(method: ContactMethod, world: World) -> None:
    with pytest.raises(KnownAlready):
        add_method(world.oncall, Channel.SMS, "0171 39200777")
    assert add_method(world.backup, Channel.SMS, NUMBER) != method


def test_unverified_it_is_of_no_use(method: ContactMethod) -> None:
    assert method not in ContactMethod.objects.usable()


def test_the_right_code_makes_it_usable(method: ContactMethod) -> None:
    sent = send_code(method, now=T)
    assert (sent.delivery.kind, sent.delivery.to, sent.delivery.state) == ("code", NUMBER, "queued")
    right = code(method)
    assert len(right) == 6
    assert right.isdecimal()
    verify(method, f" {right[:3]} {right[3:]}", now=T + minutes(1))
    assert method in ContactMethod.objects.usable()


def test_the_code_is_nowhere_in_the_database(method: ContactMethod) -> None:
    sent = send_code(method, now=T)
    with connection.cursor() as cursor:
        for table in ("routing_delivery", "routing_verificationcode", "routing_contactmethod"):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 -- names of our own
            assert code_of(sent.delivery) not in " ".join(row for (row,) in cursor.fetchall())


def test_each_code_is_another(method: ContactMethod) -> None:
    found = set()
    for number in range(5):
        send_code(method, now=T + minutes(2 * number))
        found.add(code(method))
    assert len(found) == 5


def test_five_wrong_tries_void_it(method: ContactMethod) -> None:
    send_code(method, now=T)
    for _try in range(methods.MAX_TRIES):
        with pytest.raises(WrongCode):
            verify(method, wrong(method), now=T)
    with pytest.raises(WrongCode):
        verify(method, code(method), now=T)
    send_code(method, now=T + minutes(1))
    verify(method, code(method), now=T + minutes(1))


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\x00"])
def test_what_is_no_code_is_wrong(method: ContactMethod, given: str) -> None:
    send_code(method, now=T)
    with pytest.raises(WrongCode):
        verify(method, given, now=T)


def test_after_ten_minutes_it_is_void(method: ContactMethod) -> None:
    send_code(method, now=T)
    with pytest.raises(WrongCode):
        verify(method, code(method), now=T + minutes(10))


def test_a_newer_code_voids_the_older(method: ContactMethod) -> None:
    send_code(method, now=T)
    older = code(method)
    send_code(method, now=T + minutes(1))
    with pytest.raises(WrongCode):
        verify(method, older, now=T + minutes(2))


def test_a_code_serves_once_and_for_its_method_alone(method: ContactMethod, world: World) -> None:
    other = add_method(world.oncall, Channel.VOICE, NUMBER)
    send_code(method, now=T)
    with pytest.raises(WrongCode):
        verify(other, code(method), now=T)
    verify(method, code(method), now=T)
    with pytest.raises(WrongCode):
        verify(method, code(method), now=T)


def test_without_a_code_nothing_verifies(method: ContactMethod) -> None:
    with pytest.raises(WrongCode):
        verify(method, "000000", now=T)


def test_codes_are_sent_sparingly(method: ContactMethod, world: World) -> None:
    """Per person, not per method: else many numbers could be bothered one after the other."""
    other = add_method(world.oncall, Channel.VOICE, NUMBER)
    send_code(method, now=T)
    with pytest.raises(TooSoon) as refused:
        send_code(other, now=T + minutes(0.5))
    assert refused.value.again_at == T + minutes(1)
    for number in range(1, 5):
        send_code(other, now=T + minutes(number))
    with pytest.raises(TooSoon) as refused:
        send_code(other, now=T + minutes(10))
    assert refused.value.again_at == T + minutes(60)
    send_code(other, now=T + minutes(60))


def test_a_disabled_number_works_again_once_verified(world: World) -> None:
    dead = world.oncall.contact_methods.get(channel="sms")
    disable(dead, now=T)
    send_code(dead, now=T)
    verify(dead, code(dead), now=T + minutes(1))
    assert dead in ContactMethod.objects.usable()


# --- The last one -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [remove, lambda method: disable(method, now=T)], ids=["remove", "disable"])
def test_the_last_usable_method_stays(world: World, act: object) -> None:
    assert callable(act)
    add_method(world.oncall, Channel.SMS, NUMBER)
    first, second, last = world.oncall.contact_methods.filter(verified_at__isnull=False).order_by("pk")
    act(first)
    act(second)
    with pytest.raises(LastUsable):
        act(last)
    assert list(ContactMethod.objects.usable().filter(person=world.oncall)) == [last]
    # One that nobody could be paged by may go at any time.
    act(world.oncall.contact_methods.get(address=NUMBER))


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_take_the_last_two() -> None:
    world = make_world()
    world.oncall.contact_methods.get(channel="email").delete()
    voice, sms = world.oncall.contact_methods.all()

    def take(method: ContactMethod) -> str:
        try:
            remove(method)
        except LastUsable:
            return "kept"
        return "removed"

    assert sorted(map(str, at_once(lambda: take(voice), lambda: take(sms)))) == ["kept", "removed"]


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_all_counted() -> None:
    world = make_world()
    method = add_method(world.oncall, Channel.SMS, NUMBER)
    send_code(method, now=T)

    def guess() -> None:
        with pytest.raises(WrongCode):
            verify(ContactMethod.objects.get(pk=method.pk), wrong(method), now=T)

    at_once(*[guess] * 8)
    assert VerificationCode.objects.get().tries == methods.MAX_TRIES


# --- On the phones ---------------------------------------------------------------------------------------------


def test_a_code_by_text(phones: Phones, world: World) -> None:
    method = add_method(world.oncall, Channel.SMS, NUMBER)
    send_code(method, now=clock.now())
    send()
    text = phones.wait(NUMBER, "sms")["text"]
    assert text == f"{code(method)} is your code for Direktdraht. It is valid for ten minutes."


def test_a_code_by_call(phones: Phones, world: World) -> None:
    method = add_method(world.oncall, Channel.VOICE, NUMBER)
    phones.mode(NUMBER, "answer")
    send_code(method, now=clock.now())
    send()
    phones.wait(NUMBER, "ended")
    (call,) = phones.calls(to=NUMBER)
    assert call["spoken"].count(f"Your code for Direktdraht is: {', '.join(code(method))}.") == 2


def test_a_code_by_mail(phones: Phones, world: World) -> None:
    method = add_method(world.oncall, Channel.EMAIL, "new@example.com")
    send_code(method, now=clock.now())
    send()
    (mail,) = phones.mails(to="new@example.com")
    assert code(method) in mail["text"]
    assert code(method) not in mail["subject"]


def test_a_code_that_is_void_is_not_sent(phones: Phones, world: World) -> None:
    sent = send_code(add_method(world.oncall, Channel.SMS, NUMBER), now=clock.now() - minutes(10))
    sending.send_delivery(sent.delivery_id)
    sent.delivery.refresh_from_db()
    assert sent.delivery.state == Delivery.State.CANCELLED
    assert phones.messages() == []


def test_a_code_for_a_method_that_was_removed_is_not_sent(phones: Phones, world: World) -> None:
    method = add_method(world.oncall, Channel.SMS, NUMBER)
    send_code(method, now=clock.now())
    remove(method)
    send()
    assert phones.messages() == []


def test_a_test_page_reaches_every_usable_method(phones: Phones, world: World) -> None:
    add_method(world.oncall, Channel.SMS, NUMBER)
    number = str(world.oncall.mobile)
    phones.mode(number, "answer")
    sent = methods.send_test(world.oncall, now=clock.now())
    assert len(sent) == 3
    send()
    said = "Test by Direktdraht for Marek Nightly: this is how a page reaches you here."
    assert phones.wait(number, "sms")["text"] == said
    phones.wait(number, "ended")
    assert phones.calls(to=number)[0]["spoken"].count(said) == 2
    assert said in phones.mails(to=world.oncall.email)[0]["text"]
    for delivery in sent:
        wait_for_state(delivery, Delivery.State.DELIVERED)


def test_test_pages_are_sent_sparingly(world: World) -> None:
    methods.send_test(world.oncall, now=T)
    with pytest.raises(TooSoon):
        methods.send_test(world.oncall, now=T + minutes(0.9))
    methods.send_test(world.backup, now=T)
    methods.send_test(world.oncall, now=T + minutes(1.1))
