"""Duty in calendar programs: one's own, and a rota's."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar
from psycopg2.extras import DateTimeTZRange

from oncall.models import CalendarFeed
from oncall.rotation import Line
from oncall.services import record_override
from portal.models import Person
from routing.pages.feeds import MOST
from tests.oncall.duty import NOW, Crew, next_turn, period
from tests.people import PRIVATE, World
from tests.routing.pages.helpers import as_person, queries, text

pytestmark = pytest.mark.django_db

PAGE = "/duty/calendar/"
Freeze = Callable[[datetime], None]


def make_feed(person: Person, rota: str = "") -> str:
    page = text(as_person(person).post(PAGE, {"rota": rota}))
    found = re.search(r'value="https?://[^/]+(/ical/[\w-]+\.ics)"', page)
    assert found, page
    return found[1]


def events(address: str) -> dict[str, Any]:
    response = Client().get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(response.content)
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def test_one_s_own_duty_and_nobody_else_s(crew: Crew) -> None:
    found = events(make_feed(crew.ole))
    turn = next_turn(crew.rota, crew.ole)
    first = min((each for each in found.values()), key=lambda each: abs(each["dtstart"].dt - turn.start))
    assert (first["dtstart"].dt, first["dtend"].dt) == (turn.start, turn.end)
    assert str(first["summary"]) == "On duty: media, primary"
    assert "Backup: Romy Night" in first["description"]
    assert "+49 69 90009201" in first["description"]
    assert all("primary" in event["summary"] for event in found.values())
    assert all(event["dtstart"].dt.tzinfo is not None for event in found.values())


def test_a_rota_s_duty_names_everybody(crew: Crew) -> None:
    address = make_feed(crew.tom, "media")
    found = events(address)
    names = {str(event["summary"]) for event in found.values()}
    assert names == {
        *(f"{name} Night: media, primary" for name in ("Nora", "Ole", "Pia")),
        *(f"{name} Night: media, backup" for name in ("Quirin", "Romy", "Sven")),
    }
    body = text(Client().get(address))
    assert PRIVATE not in body
    assert "Nightly" not in body  # of the other rota


def test_who_has_no_duty_has_an_empty_calendar(world: World) -> None:
    assert events(make_feed(world.desk)) == {}


def test_a_swap_keeps_the_names_of_events_and_raises_their_sequence(crew: Crew, world: World, frozen: Freeze) -> None:
    address = make_feed(crew.ole)
    before = events(address)
    turn = next_turn(crew.rota, crew.ole)
    part = DateTimeTZRange(turn.start + timedelta(days=3), turn.end)
    record_override(crew.rota, Line.PRIMARY, crew.tom, part, by=world.admin, now=NOW + timedelta(minutes=5))
    frozen(NOW + timedelta(minutes=6))
    after = events(address)
    [uid] = [uid for uid, event in before.items() if event["dtstart"].dt == turn.start]
    assert after[uid]["dtend"].dt == part.lower
    assert int(after[uid]["sequence"]) > int(before[uid]["sequence"])
    assert after[uid]["last-modified"].dt == NOW.astimezone(UTC) + timedelta(minutes=5)


def test_unchanged_is_not_sent_again(crew: Crew, world: World, frozen: Freeze) -> None:
    address = make_feed(crew.ole)
    first = Client().get(address)
    same = Client().get(address, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    by_time = Client().get(address, headers={"If-Modified-Since": first["Last-Modified"]})
    assert by_time.status_code == 304
    turn = next_turn(crew.rota, crew.ole)
    record_override(crew.rota, Line.PRIMARY, crew.tom, period(turn), by=world.admin, now=NOW + timedelta(minutes=5))
    frozen(NOW + timedelta(minutes=6))
    assert Client().get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert Client().get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 200


def test_handovers_stay_at_ten_when_clocks_change(crew: Crew) -> None:
    """Events are in UTC: at nine in winter, at eight in summer."""
    starts = {event["dtstart"].dt for event in events(make_feed(crew.tom, "media")).values()}
    assert {at.hour for at in starts if at < datetime(2027, 3, 28, tzinfo=UTC)} >= {9}
    assert {at.hour for at in starts if at > datetime(2027, 3, 28, tzinfo=UTC)} == {8}


def test_it_speaks_its_person_s_language(crew: Crew) -> None:
    Person.objects.filter(pk=crew.ole.pk).update(language="de")
    crew.ole.refresh_from_db()
    found = events(make_feed(crew.ole))
    assert {str(event["summary"]) for event in found.values()} == {"Dienst: media, Hauptdienst"}


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_it_ends_with_working_for_the_provider(crew: Crew, change: dict[str, bool]) -> None:
    for address in (make_feed(crew.ole), make_feed(crew.ole, "media")):
        assert Client().get(address).status_code == 200
        Person.objects.filter(pk=crew.ole.pk).update(**change)
        assert Client().get(address).status_code == 404
        Person.objects.filter(pk=crew.ole.pk).update(is_active=True, is_staff=True)


def test_its_owner_alone_sees_and_revokes_it(crew: Crew, world: World) -> None:
    address = make_feed(crew.ole)
    feed = CalendarFeed.objects.get()
    for person in (crew.pia, world.admin, world.alice):
        assert as_person(person).post(f"{PAGE}{feed.pk}/revoke/").status_code == 404
    assert feed.token_start not in text(as_person(crew.pia).get(PAGE))
    client = as_person(crew.ole)
    assert feed.token_start in text(client.get("/duty/"))
    assert "does not work any more" in text(client.post(f"{PAGE}{feed.pk}/revoke/", follow=True))
    assert Client().get(address).status_code == 404


def test_the_address_is_shown_once(crew: Crew) -> None:
    response = as_person(crew.ole).post(PAGE, {"rota": ""})
    assert "no-store" in response["Cache-Control"]
    token = re.search(r"/ical/([\w-]+)\.ics", text(response))
    assert token
    assert token[1] not in text(as_person(crew.ole).get(PAGE))


def test_garbage_makes_none(crew: Crew, world: World) -> None:
    assert as_person(crew.ole).post(PAGE, {"rota": "nowhere"}).status_code == 400
    assert as_person(world.alice).post(PAGE, {"rota": ""}).status_code == 404
    assert not CalendarFeed.objects.exists()


def test_there_is_a_limit(crew: Crew) -> None:
    for _number in range(MOST):
        make_feed(crew.ole)
    response = as_person(crew.ole).post(PAGE, {"rota": ""})
    assert response.status_code == 400
    assert CalendarFeed.objects.count() == MOST


def test_queries_are_few(crew: Crew) -> None:
    own, whole = make_feed(crew.ole), make_feed(crew.ole, "media")
    assert queries(lambda: Client().get(own)) <= 12
    assert queries(lambda: Client().get(whole)) <= 12
