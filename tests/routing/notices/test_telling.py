"""Who is told what of an incident: written with the change itself, and to nobody else."""

from typing import Any

import pytest
from django.db import transaction

from portal import clock
from portal.models import Person
from routing.incidents import services
from routing.incidents.models import Incident, Status
from routing.notices.forms import NoticeChoicesForm
from routing.notices.models import Kind, Notice
from routing.notices.services import choices_of, choose, wants_notice
from routing.paging.models import Delivery
from tests.people import World
from tests.routing.pages.helpers import as_person, text

pytestmark = pytest.mark.django_db


def report(world: World, **fields: Any) -> Incident:
    given: dict[str, Any] = {"priority": "blocker", "source": "portal", "by": world.alice, "reporter": world.alice}
    given |= {"project": world.webshop, "title": "The shop is down", "now": clock.now()}
    return services.create_incident(**{**given, **fields})


def told() -> list[tuple[str, str]]:
    """Kind and reader of every notice, oldest first."""
    return [(notice.kind, notice.person.name) for notice in Notice.objects.select_related("person").order_by("pk")]


def kinds(person: Person) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def act(world: World, incident: Incident, *actions: str) -> None:
    steps: dict[str, Any] = {
        "acknowledge": lambda now: services.acknowledge(incident, by=world.oncall, now=now),
        "start": lambda now: services.start(incident, by=world.oncall, now=now),
        "assign": lambda now: services.assign(incident, assignee=world.sdm, by=world.desk, now=now),
        "pass on": lambda now: services.pass_on(incident, by=world.oncall, now=now),
        "ask": lambda now: services.wait(incident, by=world.oncall, now=now, question="Since when?"),
        "note": lambda now: services.add_note(incident, by=world.oncall, now=now, text="Half way", public=True),
        "whisper": lambda now: services.add_note(incident, by=world.oncall, now=now, text="Secret", public=False),
        "answer": lambda now: services.add_note(incident, by=world.alice, now=now, text="Since nine", public=True),
        "resolve": lambda now: services.resolve(incident, by=world.oncall, now=now, reason="Restarted"),
        "reopen": lambda now: services.reopen(incident, by=world.alice, now=now, reason="Down again"),
        "close": lambda now: services.close(incident, by=world.desk, now=now),
    }
    for action in actions:
        steps[action](clock.now())


def test_the_reporter_is_told_from_receipt_to_resolution(world: World) -> None:
    incident = report(world)
    act(world, incident, "acknowledge", "start", "note", "ask", "answer", "resolve", "close")
    assert told() == [
        ("receipt", "Alice Alster"),
        ("acknowledged", "Alice Alster"),
        ("question", "Alice Alster"),
        ("question", "Alice Alster"),
        ("resolved", "Alice Alster"),
    ]
    rows = Delivery.objects.filter(notice__isnull=False)
    assert set(rows.values_list("kind", "channel", "to", "language", "state")) == {
        ("notice", "email", "alice@alster.example", "en", "queued")
    }


def test_internal_notes_are_told_to_nobody(world: World) -> None:
    incident = report(world)
    act(world, incident, "whisper")
    assert kinds(world.alice) == ["receipt"]


def test_waiting_for_a_date_asks_nothing(world: World) -> None:
    incident = report(world, take=True, by=world.desk)
    services.wait(incident, by=world.desk, now=clock.now(), until=clock.now())
    assert kinds(world.alice) == ["receipt"]
    services.start(incident, by=world.desk, now=clock.now())
    services.wait(incident, by=world.desk, now=clock.now())
    assert kinds(world.alice) == ["receipt", "question"]


def test_what_is_taken_when_it_is_logged_is_told_in_one_mail(world: World) -> None:
    report(world, by=world.desk, source="phone", take=True)
    assert told() == [("receipt", "Alice Alster")]


def test_who_takes_it_is_told_once(world: World) -> None:
    incident = report(world)
    act(world, incident, "acknowledge", "pass on", "acknowledge")
    assert kinds(world.alice) == ["receipt", "acknowledged"]
    act(world, incident, "resolve", "reopen", "acknowledge")
    assert kinds(world.alice) == ["receipt", "acknowledged", "resolved", "reopened", "acknowledged"]


def test_an_assignment_is_an_acknowledgement_to_the_customer(world: World) -> None:
    incident = report(world)
    act(world, incident, "assign")
    assert kinds(world.alice) == ["receipt", "acknowledged"]
    assert list(incident.timeline.filter(public=True).values_list("kind", flat=True)) == ["reported", "acknowledged"]


def test_colleagues_are_not_told_but_for_the_one_who_had_it_opened_again(world: World) -> None:
    incident = report(world)
    act(world, incident, "resolve")
    assert kinds(world.bob) == []
    services.reopen(incident, by=world.bob, now=clock.now(), reason="Down again")
    act(world, incident, "acknowledge")
    assert kinds(world.bob) == ["reopened", "acknowledged"]
    assert kinds(world.alice) == ["receipt", "resolved", "reopened", "acknowledged"]


def test_what_monitoring_found_is_told_to_who_had_it_opened_again(world: World) -> None:
    incident = report(world, source="monitoring", by=None, reporter=None)
    act(world, incident, "acknowledge", "resolve")
    assert told() == []
    act(world, incident, "reopen")
    assert told() == [("reopened", "Alice Alster")]


def test_nobody_of_the_provider_is_told(world: World) -> None:
    incident = report(world, by=world.desk, reporter=world.desk)
    act(world, incident, "acknowledge", "resolve")
    services.reopen(incident, by=world.sdm, now=clock.now())
    assert told() == []


def test_a_contact_that_left_is_told_nothing(world: World) -> None:
    incident = report(world)
    world.alice.contacts.update(left_at=clock.now())
    act(world, incident, "acknowledge")
    assert kinds(world.alice) == ["receipt"]


def test_a_change_that_is_undone_tells_nothing(world: World) -> None:
    incident = report(world)
    with transaction.atomic():
        act(world, incident, "acknowledge")
        transaction.set_rollback(True)
    assert kinds(world.alice) == ["receipt"]
    incident.refresh_from_db()
    assert incident.status == Status.NEW


# --- Choices --------------------------------------------------------------------------------------------------


def test_people_choose_what_they_are_told(world: World) -> None:
    assert set(choices_of(world.alice).values()) == {True}
    choose(by=world.alice, wanted={Kind.ACKNOWLEDGED: False, Kind.QUESTION: False})
    choose(by=world.alice, wanted={Kind.QUESTION: True})
    assert not wants_notice(world.alice, Kind.ACKNOWLEDGED)
    assert wants_notice(world.alice, Kind.QUESTION)
    assert wants_notice(world.bob, Kind.ACKNOWLEDGED)
    incident = report(world)
    act(world, incident, "acknowledge", "ask")
    assert kinds(world.alice) == ["receipt", "question"]


def test_the_form_shows_and_keeps_choices(world: World) -> None:
    form = NoticeChoicesForm({"receipt": "on", "question": "on"}, person=world.alice)
    assert form.is_valid()
    form.save()
    assert choices_of(world.alice) == {
        "receipt": True,
        "acknowledged": False,
        "question": True,
        "resolved": False,
        "reopened": False,
    }
    assert not NoticeChoicesForm(person=world.alice)["resolved"].initial


def test_customers_choose_on_a_page(world: World) -> None:
    client = as_person(world.alice)
    assert "profile/notices/" in text(client.get("/profile/"))
    shown = text(client.get("/profile/notices/"))
    assert shown.count("checked") == len(Kind)
    assert client.post("/profile/notices/", {"resolved": "on"})["Location"] == "/profile/"
    assert {kind for kind, wanted in choices_of(world.alice).items() if wanted} == {"resolved"}
    assert client.post("/profile/notices/", {})["Location"] == "/profile/"
    assert not any(choices_of(world.alice).values())
