"""The simulator's page: every call with its reason, from the address alone, and nobody is called."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from oncall.rotation import AbsenceKind
from oncall.services import record_absence
from portal import clock
from routing.incidents.models import Incident
from routing.paging.models import Delivery, Page
from tests.people import PRIVATE, World
from tests.routing.pages.helpers import as_person, text

SUNDAY = "2026-11-29T03:00:00+01:00"


def ask(world: World, **given: object) -> str:
    parameters = {"project": "webshop", "priority": "blocker", "source": "customer", "at": SUNDAY} | given
    response = as_person(world.admin).get("/what-if/", parameters)
    assert response.status_code == 200
    return text(response)


def test_it_shows_who_is_called_and_calls_nobody(world: World) -> None:
    shown = ask(world)
    assert world.oncall.name in shown
    assert world.backup.name in shown
    assert "after 30 min" in shown
    assert "The response target is missed" in shown
    assert "round 3 begins" in shown
    assert PRIVATE not in shown
    assert not any(model.objects.exists() for model in (Incident, Page, Delivery))  # type: ignore[attr-defined]


def test_an_answer_ends_the_course(world: World) -> None:
    shown = ask(world, call=1, after=7)
    assert f"{world.oncall.name} answers: nobody else is called" in shown
    assert "The response target holds." in shown
    assert "round 2" not in shown


def test_somebody_is_assumed_away(world: World) -> None:
    shown = ask(world, absent=world.oncall.pk)
    assert "moved up from backup because the primary is away" in shown


def test_the_link_fixes_the_instant(world: World) -> None:
    response = as_person(world.admin).get("/what-if/", {"project": "webshop", "call": 1})
    link = response.context["link"]
    assert "at=20" in link
    again = as_person(world.admin).get(f"/what-if/{link}")
    assert again.context["at"] == response.context["at"]
    assert again.context["simulation"].answered == response.context["simulation"].answered


def test_the_past_answers_as_it_was_known(world: World) -> None:
    now = clock.now()
    before = now - timedelta(minutes=1)
    record_absence(
        world.sdm,
        AbsenceKind.DAY,
        (before - timedelta(days=1), now + timedelta(days=20)),
        by=world.sdm,
        now=now,  # type: ignore[arg-type]
    )
    response = as_person(world.admin).get("/what-if/", {"project": "webshop", "at": before.isoformat()})
    assert "away" not in {text for row in response.context["rows"] for text in row["reason"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"project": "nowhere"},
        {"priority": "urgent"},
        {"source": "rumour"},
        {"at": "yesterday"},
        {"call": "999"},
        {"call": "x"},
        {"after": "-1"},
        {"after": "9" * 30},
        {"absent": "0"},
    ],
)
def test_garbage_is_answered_with_the_form(world: World, wrong: dict[str, str]) -> None:
    ask(world, **wrong)


def test_without_a_matrix_it_says_so(world: World) -> None:
    assert "no matrix was in force" in ask(world, at="2001-01-01T00:00:00Z")


def test_its_queries_do_not_grow_with_the_calls(world: World) -> None:
    client = as_person(world.admin)
    client.get("/what-if/", {"project": "webshop", "at": SUNDAY})
    with CaptureQueriesContext(connection) as queries:
        client.get("/what-if/", {"project": "webshop", "at": SUNDAY})
    assert len(queries) <= 20, [query["sql"][:80] for query in queries]


def test_a_dst_night_has_both_hours(world: World) -> None:
    shown = as_person(world.admin).get(
        "/what-if/", {"project": "webshop", "at": datetime(2026, 10, 25, 0, 50, tzinfo=UTC).isoformat()}
    )
    minutes = [row["minutes"] for row in shown.context["rows"]]
    assert minutes == sorted(minutes)
    assert minutes[0] == 0
