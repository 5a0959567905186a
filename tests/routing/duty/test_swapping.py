"""Swaps as their people see and do them, and the letters that tell of them."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from psycopg2.extras import DateTimeTZRange

from oncall.models import Override, Swap
from oncall.rotation import Line
from oncall.services import record_override
from oncall.turns import Turn
from portal.models import Person
from routing.duty import services
from routing.duty.services import expire_due
from routing.duty.shifts import key_of
from routing.paging.models import MailText
from tests.oncall.duty import NOW, Crew, duty, next_turn, period
from tests.people import BERLIN, World
from tests.routing.pages.helpers import as_person, queries, text

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def local(at: Any) -> str:
    return str(at.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M"))


def ask_page(crew: Crew, turn: Turn) -> str:
    return "/duty/swaps/new/?" + urlencode({"shift": key_of(crew.rota, turn, NOW)})


def given(turn: Turn, **other: str) -> dict[str, str]:
    return {"begins": local(turn.start), "ends": local(turn.end), "of": "all", "takes": "", "note": "", **other}


def post(crew: Crew, person: Person | None = None, **other: str) -> Any:
    """Ole gives his next turn away."""
    turn = next_turn(crew.rota, crew.ole)
    return as_person(person or crew.ole).post(ask_page(crew, turn), given(turn, **other), follow=True)


def asked(crew: Crew, **other: str) -> Swap:
    response = post(crew, **other)
    assert response.status_code == 200, text(response)
    return Swap.objects.latest("pk")


def letters() -> set[tuple[str, str]]:
    rows = MailText.objects.values_list("delivery__to", "subject")
    return {(to.partition("@")[0], subject) for to, subject in rows}


def answer(person: Person, swap: Swap, action: str) -> str:
    return text(as_person(person).post(f"/duty/swaps/{swap.pk}/{action}/", follow=True))


def test_everybody_who_could_is_asked_and_told(crew: Crew) -> None:
    swap = asked(crew, note="My sister marries")
    could = {"nora", "pia", "quirin", "sven"}
    assert {request.person.email.partition("@")[0] for request in swap.requests.all()} == could
    assert letters() == {(name, "Ole Night asks you to take a duty") for name in could}
    body = MailText.objects.filter(delivery__to=crew.pia.email).get().body
    for words in ("My sister marries", "Wed 25 Nov 2026, 10:00 – Wed 2 Dec 2026, 10:00", f"/duty/swaps/{swap.pk}/"):
        assert words in body


def test_the_letter_is_in_its_reader_s_language_and_zone(crew: Crew) -> None:
    Person.objects.filter(pk=crew.pia.pk).update(language="de", zone="Europe/London")
    asked(crew, of=str(crew.pia.pk))
    mail = MailText.objects.get()
    assert mail.delivery.language == "de"
    assert "Mi 25.11.2026, 09:00" in mail.body
    assert "Europe/London" in mail.body


def test_before_accepting_one_reads_what_changes(crew: Crew) -> None:
    back = next_turn(crew.rota, crew.pia)
    swap = asked(crew, takes=key_of(crew.rota, back, NOW))
    assert [request.person for request in swap.requests.all()] == [crew.pia]
    client = as_person(crew.pia)
    shown = text(client.get(f"/duty/swaps/{swap.pk}/"))
    for words in ("These duties change", "Wed 25 Nov, 10:00", "Wed 2 Dec, 10:00", "Accept the exchange"):
        assert words in shown
    assert not Override.objects.exists()
    assert "You are asked" in text(client.get("/duty/"))


def test_the_roster_follows_and_both_sides_and_the_others_are_told(crew: Crew) -> None:
    swap = asked(crew)
    MailText.objects.all().delete()
    assert "The duty is yours" in answer(crew.pia, swap, "accept")
    assert letters() == {
        ("ole", "Pia Night takes your duty"),
        ("pia", "You have taken a duty of Ole Night"),
        *((name, "The duty of Ole Night is taken") for name in ("nora", "quirin", "sven")),
    }
    assert Override.objects.get().person == crew.pia
    assert "Nothing was changed. Somebody was faster" in answer(crew.nora, swap, "accept")
    shown = text(as_person(crew.pia).get("/duty/"))
    assert "Wed 25 Nov, 10:00" in shown


def test_administrators_see_it(crew: Crew, world: World) -> None:
    swap = asked(crew)
    answer(crew.pia, swap, "accept")
    world.admin.is_superuser = True
    world.admin.save()
    client = as_person(world.admin)
    assert "Pia Night" in text(client.get(f"/admin/oncall/swap/{swap.pk}/change/"))
    assert "asked by Ole Night, accepted by Pia Night" in text(client.get("/admin/oncall/override/"))


def test_a_part_for_a_part(crew: Crew) -> None:
    turn, back = next_turn(crew.rota, crew.ole), next_turn(crew.rota, crew.pia)
    swap = asked(
        crew,
        begins=local(turn.start + 3 * DAY),
        ends=local(turn.start + 4 * DAY),
        takes=key_of(crew.rota, back, NOW),
        takes_from=local(back.end - DAY),
    )
    answer(crew.pia, swap, "accept")
    found = {row.person: row.period for row in Override.objects.all()}
    assert found == {
        crew.pia: DateTimeTZRange(turn.start + 3 * DAY, turn.start + 4 * DAY),
        crew.ole: DateTimeTZRange(back.end - DAY, back.end),
    }


def test_the_rest_of_a_running_shift_is_given_from_the_next_hour_on(crew: Crew) -> None:
    turn = next(each for each in duty(crew.rota, crew.nora) if each.start < NOW < each.end)
    path = ask_page(crew, turn)
    assert 'value="2026-11-24T11:00"' in text(as_person(crew.nora).get(path))
    response = as_person(crew.nora).post(path, given(turn, begins="2026-11-24T11:00"), follow=True)
    assert response.status_code == 200
    assert Swap.objects.get().gives == DateTimeTZRange(NOW + timedelta(hours=1), turn.end)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"begins": ""}, "This field is required."),
        ({"begins": "yesterday"}, "Enter a date and a time."),
        ({"begins": "2026-11-25T09:00"}, "Choose times within"),
        ({"ends": "2026-12-02T10:01"}, "Choose times within"),
        ({"ends": "2026-11-25T10:00"}, "The end has to be after the beginning."),
        ({"of": "999999"}, "Select a valid choice"),
        ({"takes": "media.primary.1"}, "Select a valid choice"),
        ({"takes_from": "2026-12-03T10:00"}, "Choose the shift of which you would take a part."),
        ({"note": "x" * 301}, "at most 300 characters"),
    ],
)
def test_what_cannot_be_asked_is_said(crew: Crew, fields: dict[str, str], said: str) -> None:
    response = post(crew, **fields)
    assert response.status_code == 400
    assert said in text(response)
    assert not Swap.objects.exists()
    assert not MailText.objects.exists()


def test_who_cannot_take_it_is_named_with_the_reason(crew: Crew) -> None:
    response = post(crew, of=str(crew.romy.pk))
    assert response.status_code == 400
    assert "Nobody can hold both lines at once." in text(response)


def test_a_return_is_asked_of_whose_it_is(crew: Crew) -> None:
    back = next_turn(crew.rota, crew.pia)
    response = post(crew, takes=key_of(crew.rota, back, NOW), of=str(crew.nora.pk))
    assert response.status_code == 400
    assert "ask them" in text(response)


def test_the_same_again_is_refused(crew: Crew) -> None:
    asked(crew)
    response = post(crew)
    assert response.status_code == 400
    assert "You have asked about this duty already" in text(response)


@pytest.mark.parametrize("shift", ["", "x", "media.primary.0", "media.primary.99999999999999999999"])
def test_a_shift_that_is_not_mine_is_not_found(crew: Crew, shift: str) -> None:
    assert as_person(crew.ole).get(f"/duty/swaps/new/?shift={shift}").status_code == 404
    theirs = ask_page(crew, next_turn(crew.rota, crew.pia))
    assert as_person(crew.ole).get(theirs).status_code == 404


def test_all_decline(crew: Crew) -> None:
    swap = asked(crew, of=str(crew.pia.pk))
    MailText.objects.all().delete()
    assert "You have declined." in answer(crew.pia, swap, "decline")
    assert letters() == {("ole", "Nobody takes your duty")}
    assert "You are asked" not in text(as_person(crew.pia).get("/duty/"))


def test_withdrawing_tells_those_who_were_asked(crew: Crew) -> None:
    swap = asked(crew, of=str(crew.pia.pk))
    MailText.objects.all().delete()
    assert "You keep the duty" in answer(crew.ole, swap, "withdraw")
    assert letters() == {("pia", "Ole Night keeps the duty")}
    assert "The request was withdrawn." in answer(crew.pia, swap, "accept")


def test_it_expires_when_the_duty_begins_and_both_are_told_once(crew: Crew) -> None:
    swap = asked(crew, of=str(crew.pia.pk))
    MailText.objects.all().delete()
    assert expire_due(now=swap.expires_at - timedelta(seconds=1)) == 0
    assert expire_due(now=swap.expires_at) == 1
    assert expire_due(now=swap.expires_at) == 0
    assert letters() == {(name, "Nobody has taken the duty in time") for name in ("ole", "pia")}
    swap.refresh_from_db()
    assert swap.state == "expired"


def test_the_page_warns_where_it_is_not_possible_any_more(crew: Crew, world: World) -> None:
    swap = asked(crew, of=str(crew.pia.pk))
    record_override(crew.rota, Line.PRIMARY, crew.tom, swap.gives, by=world.admin, now=NOW)
    shown = text(as_person(crew.pia).get(f"/duty/swaps/{swap.pk}/"))
    assert "The roster has changed" in shown
    assert "I take the duty" not in shown
    assert "Nothing was changed. The roster has changed" in answer(crew.pia, swap, "accept")


def test_others_find_no_swap(crew: Crew, world: World) -> None:
    swap = asked(crew, of=str(crew.pia.pk))
    for person in (crew.nora, crew.tom, world.desk, world.admin, world.alice):
        client = as_person(person)
        assert client.get(f"/duty/swaps/{swap.pk}/").status_code == 404
        for action in ("accept", "decline", "withdraw"):
            assert client.post(f"/duty/swaps/{swap.pk}/{action}/").status_code == 404
    assert as_person(crew.pia).post(f"/duty/swaps/{swap.pk}/withdraw/").status_code == 404
    assert "Nothing was changed" in answer(crew.ole, swap, "accept")
    swap.refresh_from_db()
    assert swap.state == "asked"


def test_answers_are_posted_with_the_token_of_a_form(crew: Crew) -> None:
    swap = asked(crew, of=str(crew.pia.pk))
    assert as_person(crew.pia).get(f"/duty/swaps/{swap.pk}/accept/").status_code == 405
    client = Client(enforce_csrf_checks=True)
    client.force_login(crew.pia)
    assert client.post(f"/duty/swaps/{swap.pk}/accept/").status_code == 403


def test_queries_do_not_grow_with_swaps_and_people(crew: Crew) -> None:
    swap = asked(crew, of=str(crew.pia.pk))
    client = as_person(crew.pia)
    path, turn = f"/duty/swaps/{swap.pk}/", next_turn(crew.rota, crew.ole)
    pages = ("/duty/", path, ask_page(crew, next_turn(crew.rota, crew.pia)))
    few = [queries(lambda page=page: client.get(page)) for page in pages]  # type: ignore[misc]
    assert max(few) <= 20
    for week in (1, 2, 3):
        later = DateTimeTZRange(turn.start + week * 3 * 7 * DAY, turn.end + week * 3 * 7 * DAY)
        services.ask(
            crew.rota, Line.PRIMARY, later, of=[crew.pia, crew.nora, crew.quirin, crew.sven], by=crew.ole, now=NOW
        )
    assert [queries(lambda page=page: client.get(page)) for page in pages] == few  # type: ignore[misc]


def test_asking_everybody_needs_as_many_queries_as_asking_one(crew: Crew) -> None:
    """But for the letters."""
    turn = next_turn(crew.rota, crew.ole)

    def ask(*people: Person) -> int:
        Swap.objects.all().delete()
        return queries(lambda: services.ask(crew.rota, Line.PRIMARY, period(turn), of=people, by=crew.ole, now=NOW))

    one, two, three = ask(crew.pia), ask(crew.pia, crew.nora), ask(crew.pia, crew.nora, crew.sven)
    assert three - two == two - one <= 6
