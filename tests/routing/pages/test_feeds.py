"""Calendar feeds: their owner's page, and the calendar behind the secret address."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from oncall.models import CalendarFeed
from portal import clock
from portal.contacts import services
from portal.maintenance import announce
from portal.models import Contact, Person
from routing.pages.feeds import MOST
from tests.people import PRIVATE, World

from .helpers import as_person, queries, text

PAGE = "/projects/webshop/calendar/"
HOUR = timedelta(hours=1)


def make_feed(person: Person) -> str:
    """The address of a new feed, as its owner reads it."""
    page = text(as_person(person).post(PAGE))
    found = re.search(r'value="https?://[^/]+(/ical/[\w-]+\.ics)"', page)
    assert found
    return found[1]


def test_the_address_is_shown_once(world: World) -> None:
    address = make_feed(world.alice)
    token = address.removeprefix("/ical/").removesuffix(".ics")
    again = text(as_person(world.alice).get(PAGE))
    assert token not in again
    assert token[:6] in again
    assert "no-store" in as_person(world.alice).post(PAGE)["Cache-Control"]


def test_the_address_is_read_without_signing_in(world: World) -> None:
    response = Client().get(make_feed(world.alice))
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "private" in response["Cache-Control"]
    assert "sessionid" not in response.cookies
    calendar = text(response)
    assert calendar.startswith("BEGIN:VCALENDAR")
    assert "webshop: support hours" in calendar


def test_the_roster_and_private_numbers_are_never_in_it(world: World) -> None:
    for person in (world.alice, world.desk):
        calendar = text(Client().get(make_feed(person)))
        for marker in ("Nightly", "Jana", PRIVATE, "Seeburg", "kundenportal"):
            assert marker not in calendar


def test_it_speaks_its_person_s_language(world: World) -> None:
    Person.objects.filter(pk=world.alice.pk).update(language="de")
    world.alice.refresh_from_db()
    calendar = text(Client().get(make_feed(world.alice), headers={"Accept-Language": "en"}))
    assert "Geschäftszeiten" in calendar
    assert "Neujahr" in calendar


def test_unchanged_is_not_sent_again(world: World) -> None:
    address = make_feed(world.alice)
    first = Client().get(address)
    by_tag = Client().get(address, headers={"If-None-Match": first["ETag"]})
    by_time = Client().get(address, headers={"If-Modified-Since": first["Last-Modified"]})
    assert (by_tag.status_code, by_time.status_code, by_tag.content) == (304, 304, b"")


def test_what_is_announced_changes_it(world: World) -> None:
    address = make_feed(world.alice)
    first = Client().get(address)
    now = clock.now()
    announce(
        projects=[world.webshop],
        starts=now + HOUR,
        ends=now + 2 * HOUR,
        text_de="x",
        text_en="The shop stands still.",
        by=None,
        now=now + timedelta(seconds=2),
    )
    headers = {"If-None-Match": first["ETag"]}
    again = Client().get(address, headers=headers)
    assert again.status_code == 200
    assert "The shop stands still." in text(again)
    assert again["Last-Modified"] != first["Last-Modified"]
    assert Client().get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 200


def left(world: World) -> None:
    Contact.objects.filter(person=world.alice).update(left_at=clock.now())


def switched_off(world: World) -> None:
    Person.objects.filter(pk=world.alice.pk).update(is_active=False)


def limited_elsewhere(world: World) -> None:
    Contact.objects.get(person=world.alice).limited_to.add(world.kundenportal)


@pytest.mark.parametrize("lost", [left, switched_off, limited_elsewhere])
def test_it_ends_with_the_right_to_see_the_project(world: World, lost: object) -> None:
    address = make_feed(world.alice)
    assert Client().get(address).status_code == 200
    lost(world)  # type: ignore[operator]
    assert Client().get(address).status_code == 404


def test_it_does_not_come_back_with_whoever_left(world: World) -> None:
    before = make_feed(world.bob)
    contact = Contact.objects.get(person=world.bob)
    services.leave(contact, by=world.alice, now=clock.now())
    services.come_back(contact, by=world.alice, now=clock.now())
    assert Client().get(before).status_code == 404
    assert before[6:12] not in text(as_person(Person.objects.get(pk=world.bob.pk)).get(PAGE))
    assert Client().get(make_feed(world.bob)).status_code == 200


def test_its_owner_revokes_it(world: World) -> None:
    address = make_feed(world.alice)
    feed = CalendarFeed.objects.get()
    client = as_person(world.alice)
    response = client.post(f"{PAGE}{feed.pk}/revoke/", follow=True)
    assert "does not work any more" in text(response)
    assert Client().get(address).status_code == 404
    assert feed.token_start not in text(client.get(PAGE))


@pytest.mark.parametrize("person", ["bob", "charlie", "admin"])
def test_nobody_else_sees_or_revokes_it(world: World, person: str) -> None:
    address = make_feed(world.alice)
    feed = CalendarFeed.objects.get()
    client = as_person(getattr(world, person))
    assert feed.token_start not in text(client.get(PAGE))
    assert client.post(f"{PAGE}{feed.pk}/revoke/").status_code == 404
    assert Client().get(address).status_code == 200


def test_the_customer_next_door_makes_none(world: World) -> None:
    assert as_person(world.charlie).post(PAGE).status_code == 404
    assert not CalendarFeed.objects.exists()


def test_reading_makes_and_revokes_nothing(world: World) -> None:
    client = as_person(world.alice)
    client.get(PAGE)
    assert not CalendarFeed.objects.exists()
    make_feed(world.alice)
    assert client.get(f"{PAGE}{CalendarFeed.objects.get().pk}/revoke/").status_code == 405


def test_there_is_a_limit(world: World) -> None:
    client = as_person(world.alice)
    for _number in range(MOST):
        assert client.post(PAGE).status_code == 200
    response = client.post(PAGE)
    assert response.status_code == 400
    assert "as many addresses as there may be" in text(response)
    assert CalendarFeed.objects.count() == MOST


@pytest.mark.parametrize("token", ["x", "x" * 200, "%00", "..", "%ED%A0%80"])
def test_an_unknown_address_is_not_found(world: World, token: str) -> None:
    assert Client().get(f"/ical/{token}.ics").status_code in (400, 404)


def test_it_is_only_read(world: World) -> None:
    address = make_feed(world.alice)
    assert Client().post(address).status_code == 405
    assert Client().head(address).status_code == 200


def test_queries_are_few_and_do_not_grow(world: World) -> None:
    address = make_feed(world.alice)
    few = queries(lambda: Client().get(address))
    assert few < 15
    now = clock.now()
    for number in range(10):
        announce(
            projects=[world.webshop],
            starts=now + number * HOUR,
            ends=now + (number + 1) * HOUR,
            text_de="x",
            text_en="x",
            by=None,
            now=now,
        )
    assert queries(lambda: Client().get(address)) == few
    client = as_person(world.alice)
    assert queries(lambda: client.get(PAGE)) < 15
