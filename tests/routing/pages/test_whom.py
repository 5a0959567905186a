"""Whom do I call? The contact card."""

import re

from matrix.models import Topic
from tests.people import SUNDAY_NIGHT, TUESDAY, World, make_matrix, make_project

from .helpers import as_person, iso, queries, text

CARD = "/projects/webshop/call/"


def card(world: World, person: str = "alice", **query: str) -> str:
    return text(as_person(getattr(world, person)).get(CARD, query))


def test_on_sunday_night_customers_read_the_duty_and_its_number(world: World) -> None:
    shown = card(world, at=iso(SUNDAY_NIGHT), priority="blocker")
    assert '<a class="dd-call" href="tel:+496990009200"' in shown
    assert "+49 69 90009200" in shown
    assert "On-call engineer, platform" in shown
    assert "Sunday 03:00, outside business hours: on duty according to the roster" in shown
    assert "at the latest Sun 29 Nov 2026, 04:00" in shown
    assert "Please call." in shown
    assert "after 30 minutes" in shown
    assert "Nightly" not in shown


def test_staff_read_the_persons(world: World) -> None:
    shown = card(world, "desk", at=iso(SUNDAY_NIGHT))
    assert "Marek Nightly" in shown
    assert "Elif Nightly" in shown


def test_in_business_hours_the_sdm_is_first_and_who_follows_is_named_in_order(world: World) -> None:
    shown = card(world, at=iso(TUESDAY))
    order = [shown.index(name) for name in ("Jana Manager", "Service Desk", "Team Platform", "Georg Operations")]
    assert order == sorted(order)
    assert "is informed, does not answer" in shown


def test_a_deferred_priority_says_when_we_start_and_offers_no_call(world: World) -> None:
    shown = card(world, at=iso(SUNDAY_NIGHT), priority="minor")
    assert "We start Mon 30 Nov 2026, 08:00" in shown
    assert "dd-call" not in shown


def test_the_priorities_carry_the_project_s_own_examples_in_the_reader_s_language(world: World) -> None:
    assert "Example one" in card(world)
    world.alice.language = "de"
    world.alice.save()
    assert "Beispiel eins" in card(world)


def test_without_a_priority_it_is_a_blocker(world: World) -> None:
    assert re.search(r'href="\?priority=blocker" aria-current="true"', card(world))
    assert re.search(r'href="\?priority=blocker" aria-current="true"', card(world, priority="nonsense"))


def test_a_topic_reaches_its_own_roles(world: World) -> None:
    Topic.objects.create(key="offer", name_de="Angebot", name_en="Offer", hint_en="No hurry.", roles=["brm"])
    shown = card(world, at=iso(TUESDAY), topic="offer")
    assert "Katharina Business" in shown
    assert "No hurry." in shown
    assert "Jana Manager" not in shown


def test_an_instant_may_be_local_to_the_reader(world: World) -> None:
    assert "outside business hours" in card(world, at="2026-11-29T03:00")


def test_an_instant_that_is_none_is_answered_for_now_and_said(world: World) -> None:
    for nonsense in ("yesterday", "2026-13-01T00:00", "9999-01-01T00:00"):
        assert "was not understood" in card(world, at=nonsense)


def test_only_the_card_for_now_asks_again(world: World) -> None:
    assert 'hx-trigger="load delay:' in card(world)
    assert "hx-trigger" not in card(world, at=iso(TUESDAY))


def test_the_card_alone_is_sent_to_htmx_and_not_twice(world: World) -> None:
    client = as_person(world.alice)
    first = client.get(CARD, {"at": iso(TUESDAY)}, headers={"HX-Request": "true"})
    assert text(first).lstrip().startswith('<div id="card"')
    assert "HX-Request" in first["Vary"]
    again = client.get(CARD, {"at": iso(TUESDAY)}, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_warnings_are_for_staff(world: World) -> None:
    world.rota.coverage.all().delete()
    assert "No rota covers this project" in card(world, "desk", at=iso(SUNDAY_NIGHT))
    assert "No rota covers this project" not in card(world, at=iso(SUNDAY_NIGHT))


def test_without_a_matrix_the_hotline_is_named(world: World) -> None:
    make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    shown = text(as_person(world.alice).get("/projects/bare/call/"))
    assert "No communication matrix is in force" in shown
    assert "tel:+496990009301" in shown


def test_the_choice_of_a_project_is_skipped_with_only_one(world: World) -> None:
    assert as_person(world.alice).get("/projects/")["Location"] == CARD
    make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    assert "/projects/erp/call/" in text(as_person(world.alice).get("/projects/"))
    assert as_person(world.bob).get("/projects/")["Location"] == CARD


def test_queries_do_not_grow_with_projects(world: World) -> None:
    client = as_person(world.alice)
    client.get(CARD)
    few = queries(lambda: client.get(CARD))
    for number in range(20):
        make_matrix(make_project(world.office, world.alster, f"p{number}", world.desk_team, world.platform))
    client.get(CARD)
    assert queries(lambda: client.get(CARD)) == few
