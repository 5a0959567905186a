"""How I am reached: the page, its forms, and that everybody sees and changes only their own."""

from datetime import timedelta

import pytest
from django.test import Client

from matrix.terms import Channel
from portal import clock
from routing.paging import methods
from routing.paging.codes import code_of
from routing.paging.escalating import advance_due
from routing.paging.models import ContactMethod, Delivery, NotificationRule
from routing.paging.rules import set_rules
from tests.people import PRIVATE, World
from tests.routing.pages.helpers import as_person, queries, report, text

REACH = "/profile/reach/"
NUMBER = "+4917139200777"
SHOWN = "+49 171 39200777"


@pytest.fixture
def client(world: World) -> Client:
    return as_person(world.oncall)


def add(client: Client, address: str = "0171 39200777", channel: str = "sms") -> ContactMethod:
    client.post(f"{REACH}methods/add/", {"channel": channel, "address": address})
    return ContactMethod.objects.get(address=NUMBER, channel=channel)


def code(method: ContactMethod) -> str:
    return code_of(method.codes.latest("pk").delivery)


def rules(world: World) -> set[tuple[str, int]]:
    return set(NotificationRule.objects.filter(person=world.oncall).values_list("channel", "after_minutes"))


# --- Methods --------------------------------------------------------------------------------------------------------


def test_a_number_is_added_and_verified(world: World, client: Client) -> None:
    response = client.post(f"{REACH}methods/add/", {"channel": "sms", "address": " 0171 39200-777 "}, follow=True)
    assert "Six digits were sent" in text(response)
    method = ContactMethod.objects.get(address=NUMBER)
    assert method not in ContactMethod.objects.usable()
    done = client.post(f"{REACH}methods/{method.pk}/", {"code": code(method)}, follow=True)
    assert "Verified: from now on" in text(done)
    assert method in ContactMethod.objects.usable()
    assert SHOWN in text(done)


def test_what_is_no_number_says_so_and_keeps_what_was_typed(client: Client) -> None:
    response = client.post(f"{REACH}methods/add/", {"channel": "voice", "address": "marek@example.com"})
    assert response.status_code == 400
    assert "neither a phone number nor" in text(response)
    assert 'value="marek@example.com"' in text(response)


@pytest.mark.parametrize("fields", [{}, {"channel": "push", "address": "x"}, {"channel": "sms", "address": "\x00"}])
def test_garbage_is_refused(client: Client, fields: dict[str, str]) -> None:
    assert client.post(f"{REACH}methods/add/", fields).status_code == 400
    assert client.post(f"{REACH}rules/", {"sms": ["-1", "x"]}).status_code == 400
    assert client.get(f"{REACH}preview/", {"sms": "x"}).status_code == 200


def test_one_has_it_once_and_no_more_than_ten(world: World, client: Client) -> None:
    add(client)
    again = client.post(f"{REACH}methods/add/", {"channel": "sms", "address": NUMBER})
    assert "You have this one already" in text(again)
    for number in range(6):
        methods.add_method(world.oncall, Channel.SMS, f"{NUMBER[:-1]}{number}")
    refused = client.post(f"{REACH}methods/add/", {"channel": "voice", "address": NUMBER})
    assert "as many as one may have" in text(refused)


def test_a_wrong_code_is_said_and_counted(client: Client) -> None:
    method = add(client)
    wrong = str((int(code(method)) + 1) % 1_000_000).zfill(6)
    response = client.post(f"{REACH}methods/{method.pk}/", {"code": wrong})
    assert response.status_code == 400
    assert "not the code that was sent last" in text(response)
    assert "4 tries left" in text(response)
    assert method not in ContactMethod.objects.usable()


def test_codes_are_sent_sparingly(client: Client) -> None:
    method = add(client)
    response = client.post(f"{REACH}methods/{method.pk}/code/", follow=True)
    assert "Codes are sent sparingly" in text(response)
    assert method.codes.count() == 1


def test_a_code_that_expired_is_no_more_asked_for(client: Client) -> None:
    method = add(client)
    method.codes.update(expires_at=clock.now())
    assert "not valid any more" in text(client.get(f"{REACH}methods/{method.pk}/"))


def test_a_disabled_number_says_why_and_comes_back_by_a_code(world: World, client: Client) -> None:
    now = clock.now()
    dead = world.oncall.contact_methods.get(channel="sms")
    ContactMethod.objects.filter(pk=dead.pk).update(disabled_at=now)
    Delivery.objects.create(
        channel="sms",
        to=dead.address,
        state="failed",
        gave_up=True,
        error="30005: number is unknown or no longer in service",
        created_at=now,
        finished_at=now,
    )
    shown = text(client.get(REACH))
    assert "a message failed for good: the number is unknown or no longer in service" in shown
    client.post(f"{REACH}methods/{dead.pk}/code/")
    client.post(f"{REACH}methods/{dead.pk}/", {"code": code(dead)})
    assert dead in ContactMethod.objects.usable()
    assert "failed for good" not in text(client.get(REACH))


def test_one_switched_off_by_hand_says_so(world: World, client: Client) -> None:
    mine = world.oncall.contact_methods.get(channel="sms")
    assert "Switched off" in text(client.post(f"{REACH}methods/{mine.pk}/disable/", follow=True))
    shown = text(client.get(REACH))
    assert "By hand, on" in shown
    assert mine not in ContactMethod.objects.usable()


@pytest.mark.parametrize("action", ["remove", "disable"])
def test_the_last_usable_one_stays(world: World, client: Client, action: str) -> None:
    last = world.oncall.contact_methods.get(channel="sms")
    world.oncall.contact_methods.exclude(pk=last.pk).delete()
    assert "The only way to page you" in text(client.get(REACH))
    response = client.post(f"{REACH}methods/{last.pk}/{action}/", follow=True)
    assert "Nothing was changed" in text(response)
    assert last in ContactMethod.objects.usable()


def test_others_methods_do_not_exist(world: World) -> None:
    theirs = world.backup.contact_methods.get(channel="sms")
    client = as_person(world.oncall)
    for action in ("", "code/", "remove/", "disable/"):
        assert client.post(f"{REACH}methods/{theirs.pk}/{action}", {"code": "1"}).status_code == 404
    assert client.get(f"{REACH}methods/{theirs.pk}/").status_code == 404
    assert ContactMethod.objects.filter(pk=theirs.pk, disabled_at=None).exists()


def test_one_sees_only_ones_own_numbers(world: World, client: Client) -> None:
    shown = text(client.get(REACH)).replace(" ", "")
    assert str(world.oncall.mobile) in shown
    assert shown.count(PRIVATE) == shown.count(str(world.oncall.mobile))


@pytest.mark.parametrize("name", ["alice", "bob", "charlie"])
def test_for_customers_there_is_no_such_page(world: World, name: str) -> None:
    client = as_person(getattr(world, name))
    for path in ("", "preview/", "methods/1/"):
        assert client.get(f"{REACH}{path}").status_code == 404
    for path in ("rules/", "test/", "methods/add/", "methods/1/code/", "methods/1/remove/"):
        assert client.post(f"{REACH}{path}", {"channel": "sms", "address": NUMBER}).status_code == 404
    assert not ContactMethod.objects.filter(address=NUMBER).exists()


# --- Rules ----------------------------------------------------------------------------------------------------------


def test_rules_are_kept_as_they_are_ticked(world: World, client: Client) -> None:
    set_rules(world.oncall, [(Channel.EMAIL, 7)])
    assert 'value="7"' in text(client.get(REACH))  # made elsewhere, and still to be seen
    client.post(f"{REACH}rules/", {"sms": ["0"], "voice": ["0", "5", "15"]})
    assert rules(world) == {("sms", 0), ("voice", 0), ("voice", 5), ("voice", 15)}
    client.post(f"{REACH}rules/", {})
    assert rules(world) == set()


def test_what_is_suggested_is_one_tap(world: World, client: Client) -> None:
    assert "Use what is suggested" in text(client.get(REACH))
    client.post(f"{REACH}rules/", {"suggested": "1"})
    assert rules(world) == {("sms", 0), ("voice", 0), ("voice", 5), ("voice", 15)}
    assert "Use what is suggested" not in text(client.get(REACH))


def test_the_preview_tells_what_is_ticked_and_saves_nothing(world: World, client: Client) -> None:
    shown = text(client.get(f"{REACH}preview/", {"sms": "0", "voice": "5"}))
    assert "On-call engineer" in shown
    assert "Blocker, Critical" in shown
    assert shown.index("At once") < shown.index("After 5 minutes")
    assert rules(world) == set()


# --- Messages -------------------------------------------------------------------------------------------------------


def test_a_test_page_goes_to_all_that_is_verified(world: World, client: Client) -> None:
    methods.add_method(world.oncall, Channel.SMS, NUMBER)
    shown = text(client.post(f"{REACH}test/", follow=True))
    assert "Your last test" in shown
    assert Delivery.objects.filter(kind="test").count() == 3
    assert "One test a minute" in text(client.post(f"{REACH}test/", follow=True))
    assert Delivery.objects.count() == 3


def test_what_became_of_messages_is_told(world: World, client: Client) -> None:
    client.post(f"{REACH}test/")
    Delivery.objects.filter(channel="voice").update(state="failed", error="no-answer")
    Delivery.objects.filter(channel="sms").update(state="delivered")
    part = text(client.get(REACH, headers={"HX-Request": "true"}))
    assert ("not answered" in part, "arrived" in part, "waits to be sent" in part) == (True, True, True)
    assert "<html" not in part
    assert "every 2s" in part
    Delivery.objects.filter(channel="email").update(state="delivered")
    assert "every 15s" in text(client.get(REACH, headers={"HX-Request": "true"}))


def test_an_unchanged_part_is_not_sent_again(world: World, client: Client) -> None:
    first = client.get(REACH, headers={"HX-Request": "true"})
    again = client.get(REACH, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_the_last_five_messages_are_shown_whatever_they_were(world: World, client: Client) -> None:
    assert "There were none yet" in text(client.get(REACH))
    client.post(f"{REACH}test/")
    Delivery.objects.update(created_at=clock.now() - timedelta(days=1))
    report(world.webshop, world.alice, source="monitoring")
    advance_due(now=clock.now())
    part = text(client.get(REACH, headers={"HX-Request": "true"}))
    assert (part.count("page · "), part.count("test · ")) == (2, 3)
    assert "Your last test" not in part


def test_the_page_takes_as_many_queries_however_much_there_is(world: World, client: Client) -> None:
    def count() -> int:
        return queries(lambda: client.get(REACH))

    count()  # what is read once per process is read
    few = count()
    for number in range(5):
        methods.add_method(world.oncall, Channel.SMS, f"{NUMBER[:-1]}{number}")
        report(world.webshop, world.alice, source="monitoring")
    ContactMethod.objects.filter(address__startswith=NUMBER[:-1]).update(disabled_at=clock.now())
    set_rules(world.oncall, [(Channel.VOICE, after) for after in (0, 5, 10, 15)])
    advance_due(now=clock.now())
    client.post(f"{REACH}test/")
    # Up to two more: why numbers are disabled, and what the test sent. Two of them all are the frame's.
    assert count() <= few + 2 <= 21


def test_it_is_found_from_the_profile_and_the_menu(world: World, client: Client) -> None:
    assert text(client.get("/profile/")).count(f'href="{REACH}"') == 2
    assert REACH not in text(as_person(world.alice).get("/profile/"))
