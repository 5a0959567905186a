"""Search finds words of titles, descriptions and public notes, German and English, by index."""

from typing import Any

import pytest
from django.db import connection

from portal import clock
from routing.incidents.models import Incident, TimelineEntry
from routing.incidents.search import PUBLIC_NOTES, query_of
from routing.incidents.services import add_note, create_incident
from tests.people import World

pytestmark = pytest.mark.django_db


def made(world: World, title: str, description: str = "", **fields: Any) -> Incident:
    given = {"project": world.webshop, "priority": "blocker", "source": "portal", "by": world.alice, **fields}
    return create_incident(title=title, description=description, reporter=world.alice, now=clock.now(), **given)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Anmeldung", "Seit heute früh schlagen alle Anmeldungen fehl"),
        ("anmeldungen", "Die Anmeldung schlägt fehl"),
        ("Anmeldu", "Die Anmeldung schlägt fehl"),
        ("running", "The nightly job did not run"),
        ("nightl", "The nightly job did not run"),
        ("fronten", "HTTP 503 on all frontends"),
        ("503", "HTTP 503 on all frontends"),
        ("http all", "HTTP 503 on all frontends"),
        ("web-01", "web-01.example.com does not answer"),
        ("example", "web-01.example.com does not answer"),
        ("nginx", "/var/log/nginx/error.log is full"),
        ("order_id", "ORDER_ID is missing"),
        ("Straße", "Die Straße fehlt im Formular"),
        ("the login of the shop", "Login of the shop is slow"),
        ("die Anmeldung im Shop", "Anmeldung im Shop ist langsam"),
        ("'; DROP TABLE x; -- login", "drop the table x and login"),
        ("login & | ! ( :*", "Login is slow"),
    ],
)
def test_words_are_found(world: World, words: str, text: str) -> None:
    in_title, in_description = made(world, text), made(world, "Something", text)
    noted = made(world, "Something else")
    add_note(noted, by=world.desk, now=clock.now(), text=text, public=True)
    made(world, "Nothing of it")
    assert set(Incident.objects.matching(words)) == {in_title, in_description, noted}


@pytest.mark.parametrize("words", ["mailserver", "login mailserver", "", "   ", "!!!", "9" * 30, "#", "²", "٣"])
def test_what_is_not_there_is_not_found(world: World, words: str) -> None:
    made(world, "Login is slow")
    assert list(Incident.objects.matching(words)) == []


def test_a_number_names_its_incident(world: World) -> None:
    wanted, other = made(world, "First"), made(world, "Second")
    named = made(world, f"See {wanted.number} for the cause")
    assert set(Incident.objects.matching(f"#{wanted.number}")) == {wanted, named}
    assert set(Incident.objects.matching(f" {other.number}")) == {other}


def test_internal_notes_are_never_searched(world: World) -> None:
    incident = made(world, "Login is slow")
    add_note(incident, by=world.desk, now=clock.now(), text="The keys are in the safe", public=False)
    assert list(Incident.objects.matching("safe")) == []


def test_what_monitoring_found_is_not_found_by_customers_before_somebody_took_it(world: World) -> None:
    incident = made(world, "Queue stands still", priority="critical", source="monitoring", by=None)
    assert list(Incident.objects.visible_to(world.alice).matching("queue")) == []
    assert list(Incident.objects.visible_to(world.alice).matching(incident.number)) == []
    assert list(Incident.objects.visible_to(world.desk).matching("queue")) == [incident]


def test_another_customers_incident_is_not_found(world: World) -> None:
    made(world, "Queue stands still", project=world.kundenportal)
    assert list(Incident.objects.visible_to(world.alice).matching("queue")) == []


@pytest.mark.parametrize("index", ["incident_words", "timeline_public_words"])
def test_search_uses_its_indexes(world: World, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    plan = Incident.objects.matching("queue").explain()
    assert index in plan


def test_long_questions_are_cut(world: World) -> None:
    assert query_of("word " * 500) is not None
    assert TimelineEntry.objects.filter(PUBLIC_NOTES).count() == 0
    assert list(Incident.objects.matching("word " * 500)) == []
