"""The desk: what it shows, in what order, and what it costs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence
from portal import clock
from portal.models import Person, Team
from portal.services import record
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.alarms import clear_alarms, raise_alarm
from routing.paging.escalating import advance_due
from tests.people import BERLIN, TUESDAY, World, make_person, make_project, make_rota, minutes
from tests.routing.pages.helpers import as_person, queries, report, text


def numbers(response: Any) -> list[int]:
    """The incidents of the answer in their order."""
    return [row.incident.pk for row in response.context["lines"]]


def away(person: Person, until: datetime, *, kind: str = "short", since: datetime | None = None) -> None:
    period = DateTimeTZRange(since or clock.now() - minutes(5), until)
    record(Absence, by=None, now=clock.now(), person=person, kind=kind, period=period)


def test_unacknowledged_first_then_by_what_is_due_next(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(TUESDAY)
    taken = report(world.webshop, world.alice)
    services.acknowledge(taken, by=world.desk, now=clock.now())
    # Its answer is due in four hours, but its chain goes on in five minutes.
    minor = report(world.webshop, world.alice, priority="minor")
    blocker = report(world.webshop, world.alice)
    frozen(TUESDAY + minutes(1))
    advance_due(now=clock.now())
    frozen(TUESDAY + minutes(2))
    late = report(world.kundenportal, world.charlie, reported_at=TUESDAY - minutes(90))
    shown = numbers(as_person(world.desk).get("/desk/"))
    assert shown == [late.pk, blocker.pk, minor.pk, taken.pk]
    assert blocker.pk > minor.pk  # of those due at the same instant the newer one


def test_a_clock_says_how_it_stands(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(TUESDAY)
    report(world.webshop, world.alice)
    client = as_person(world.desk)
    assert "answer due" in text(client.get("/desk/"))
    assert "dd-late" not in text(client.get("/desk/"))
    frozen(TUESDAY + minutes(45))
    assert "dd-late" in text(client.get("/desk/"))
    frozen(TUESDAY + minutes(61))
    assert "answer was due" in text(client.get("/desk/"))


def test_a_clock_of_support_hours_says_until_when_it_is_paused(
    world: World, frozen: Callable[[datetime], None]
) -> None:
    frozen(datetime(2026, 11, 27, 17, 0, tzinfo=BERLIN))  # a Friday: an hour of four is left today
    report(world.webshop, world.alice, priority="minor")
    client = as_person(world.desk)
    assert "paused" not in text(client.get("/desk/"))
    frozen(datetime(2026, 11, 28, 12, 0, tzinfo=BERLIN))
    shown = text(client.get("/desk/"))
    assert "paused until Mon 08:00" in shown
    assert "3 hours left" in shown


def test_whom_the_chain_calls_next_is_what_the_pager_does(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(TUESDAY)
    incident = report(world.webshop, world.alice)
    advance_due(now=clock.now())
    client = as_person(world.desk)
    (row,) = client.get("/desk/").context["lines"]
    assert (row.next.role, row.next.at) == ("service_desk", (TUESDAY + minutes(5)).astimezone(UTC))
    assert "Service Desk</span>" in text(client.get("/desk/"))
    frozen(TUESDAY + minutes(5))
    advance_due(now=clock.now())
    called = list(incident.escalation.pages.order_by("pk").values_list("role", flat=True))
    assert called == ["sdm", "service_desk"]
    (row,) = client.get("/desk/").context["lines"]
    assert (row.next.role, row.next.at) == ("project_team", (TUESDAY + minutes(15)).astimezone(UTC))


def test_what_waits_and_what_the_customer_answered(world: World) -> None:
    client = as_person(world.desk)
    incident = report(world.webshop, world.alice)
    services.acknowledge(incident, by=world.desk, now=clock.now())
    services.wait(incident, by=world.desk, now=clock.now(), question="Which browser?")
    assert "1 waits for a customer" in text(client.get("/desk/"))
    assert numbers(client.get("/desk/?status=waiting")) == [incident.pk]
    assert numbers(client.get("/desk/?status=answered")) == []
    services.add_note(incident, by=world.alice, now=clock.now(), text="All of them", public=True)
    shown = text(client.get("/desk/"))
    assert "customer answered" in shown
    assert "A customer has answered" in shown
    assert numbers(client.get("/desk/?status=answered")) == [incident.pk]
    services.add_note(incident, by=world.desk, now=clock.now(), text="Thanks", public=True)
    assert "customer answered" not in text(client.get("/desk/"))


def test_the_filter_stands_in_the_address(world: World) -> None:
    client = as_person(world.desk)
    mine = report(world.webshop, world.alice, title="Payment fails")
    services.acknowledge(mine, by=world.desk, now=clock.now())
    theirs = report(world.kundenportal, world.charlie, priority="minor", title="Typo on the start page")
    for question, found in {
        "?whose=mine": [mine],
        "?whose=nobody": [theirs],
        "?priority=minor": [theirs],
        "?project=webshop": [mine],
        "?customer=seeburg": [theirs],
        "?team=platform&whose=mine": [mine],
        "?rota=platform&priority=blocker": [mine],
        "?status=acknowledged": [mine],
        "?q=payment": [mine],
        f"?q=%23{theirs.pk}": [theirs],
        "?q=payment&priority=minor": [],
    }.items():
        assert numbers(client.get(f"/desk/{question}")) == [each.pk for each in found], question


def test_what_a_team_has_is_the_teams_and_not_nobodys(world: World) -> None:
    client = as_person(world.desk)
    storage = Team.objects.create(slug="storage", name="Team Storage", kind="project_team", hours=world.office)
    given = report(world.webshop, world.alice)
    services.assign(given, assignee=storage, by=world.desk, now=clock.now())
    free = report(world.webshop, world.alice)
    shown = text(client.get("/desk/"))
    assert shown.count("nobody yet") == 1
    assert "<strong>Team Storage</strong>" in shown
    assert numbers(client.get("/desk/?whose=nobody")) == [free.pk]
    assert numbers(client.get("/desk/?team=storage")) == [given.pk]
    assert sorted(numbers(client.get("/desk/?team=platform"))) == [given.pk, free.pk]


@pytest.mark.parametrize(
    "question", ["?priority=x&project=nowhere&team=%F0&page=99", "?q=%27%29%3A%2A&whose=%22", "?page=-1"]
)
def test_an_address_that_makes_no_sense_shows_what_it_can(world: World, question: str) -> None:
    report(world.webshop, world.alice)
    assert as_person(world.desk).get(f"/desk/{question}").status_code == 200


def test_nothing_to_show_is_said(world: World) -> None:
    client = as_person(world.desk)
    assert "All quiet" in text(client.get("/desk/"))
    shown = text(client.get("/desk/?q=nothing"))
    assert "Nothing of what is open matches" in shown
    assert "/incidents/?status=all&amp;q=nothing" in shown


def test_who_is_on_duty_and_which_sdm_is_away(world: World) -> None:
    client = as_person(world.desk)
    shown = text(client.get("/desk/"))
    assert "Marek Nightly" in shown
    assert "Elif Nightly" in shown
    assert "Nobody is entered as away." in shown
    away(world.sdm, clock.now() + timedelta(hours=2))
    away(world.oncall, clock.now() + timedelta(hours=2))
    (line,) = [each for each in client.get("/desk/").context["aside"].away if each.name != "Tobias Deputy"]
    assert (line.name, line.projects) == ("Jana Manager", ["kundenportal", "webshop"])


def test_absences_without_a_gap_are_one(world: World) -> None:
    now = clock.now()
    away(world.sdm, now + minutes(30))
    away(world.sdm, now + minutes(90), since=now + minutes(30))
    away(world.sdm, now + minutes(300), since=now + minutes(200))
    (line,) = as_person(world.desk).get("/desk/").context["aside"].away
    assert line.until == now + minutes(90)


def test_alarms_stand_on_the_desk_and_small_on_every_page_of_staff(world: World) -> None:
    now = clock.now()
    incident = report(world.webshop, world.alice)
    raise_alarm("chain_exhausted", str(incident.pk), now=now, project="webshop")
    raise_alarm("tick_late", "tick", now=now)
    shown = text(as_person(world.desk).get("/desk/"))
    assert "2 alarms of the portal" in shown
    assert "Nobody answered in any round of the chain (webshop)." in shown
    assert "2 alarms of the portal" in text(as_person(world.oncall).get("/on-call/"))
    assert "alarms of the portal" not in text(as_person(world.alice).get("/incidents/"))
    clear_alarms("tick", "tick_late", now=now)
    assert "1 alarm of the portal" in text(as_person(world.brm).get("/on-call/"))


def test_acknowledging_from_the_desk_leads_back_to_it(world: World) -> None:
    incident = report(world.webshop, world.alice)
    response = as_person(world.desk).post(f"/desk/{incident.pk}/acknowledge/", {"back": "/desk/?whose=nobody"})
    assert response["Location"] == "/desk/?whose=nobody"
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("acknowledged", world.desk)


@pytest.mark.parametrize("back", ["", "https://evil.example/desk/", "//evil.example", "/incidents/", "/desk/\\evil"])
def test_no_form_leads_elsewhere(world: World, back: str) -> None:
    incident = report(world.webshop, world.alice)
    response = as_person(world.desk).post(f"/desk/{incident.pk}/acknowledge/", {"back": back})
    assert response["Location"].startswith("/desk/")
    assert "evil.example" not in response["Location"]


def test_whoever_is_second_reads_who_was_faster(world: World) -> None:
    incident = report(world.webshop, world.alice)
    services.acknowledge(incident, by=world.oncall, now=clock.now())
    client = as_person(world.desk)
    shown = text(client.post(f"/desk/{incident.pk}/acknowledge/", follow=True))
    assert "Somebody was faster: Marek Nightly has" in shown
    services.resolve(incident, by=world.oncall, now=clock.now(), reason="Disk replaced")
    assert "is over" in text(client.post(f"/desk/{incident.pk}/acknowledge/", follow=True))
    incident.refresh_from_db()
    assert incident.assignee == world.oncall


def test_people_without_a_work_group_read_and_do_not_act(world: World) -> None:
    incident = report(world.webshop, world.alice)
    client = as_person(world.brm)
    shown = text(client.get("/desk/"))
    assert f"#{incident.pk}" in shown
    assert "desk-take" not in shown
    assert "/calls/new/" not in shown
    assert client.post(f"/desk/{incident.pk}/acknowledge/").status_code == 403
    incident.refresh_from_db()
    assert incident.status == "new"


def test_customers_have_no_desk(world: World) -> None:
    incident = report(world.webshop, world.alice)
    client = as_person(world.alice)
    assert client.get("/desk/").status_code == 404
    assert client.post(f"/desk/{incident.pk}/acknowledge/").status_code == 404


def test_queries_do_not_grow_with_what_is_open(world: World) -> None:
    client = as_person(world.desk)
    for project in (world.webshop, world.kundenportal):
        report(project, world.alice)
    raise_alarm("tick_late", "tick", now=clock.now())
    away(world.sdm, clock.now() + timedelta(hours=2))
    client.get("/desk/")
    few = queries(lambda: client.get("/desk/"))
    people = [make_person(f"p{n}@example.com", f"P {n}", 60 + n) for n in range(6)]
    for n, person in enumerate(people):
        project = make_project(world.office, world.alster, f"project-{n}", world.desk_team, world.platform)
        make_rota(f"rota-{n}", [person], [people[n - 1]])
        for _ in range(2):
            incident = report(project, world.alice)
        services.acknowledge(incident, by=person, now=clock.now())
        services.add_note(incident, by=world.alice, now=clock.now(), text="And?", public=True)
        raise_alarm("intake_rate", str(n), now=clock.now(), name="x", project="y")
    advance_due(now=clock.now())
    client.get("/desk/")  # what is kept between requests is read anew after a change
    assert queries(lambda: client.get("/desk/")) == few <= 20
    every = "?q=shop&whose=mine&status=answered&priority=blocker"
    every += "&project=webshop&customer=alster&team=platform&rota=platform"
    assert queries(lambda: client.get(f"/desk/{every}")) <= 24


def test_one_page_holds_fifty(world: World) -> None:
    Incident.objects.bulk_create(
        Incident(
            project=world.webshop,
            priority="minor",
            status="in_progress",
            title=f"Old {n}",
            source="phone",
            reported_at=clock.now(),
            created_at=clock.now(),
        )
        for n in range(51)
    )
    client = as_person(world.desk)
    assert len(numbers(client.get("/desk/"))) == 50
    assert len(numbers(client.get("/desk/?page=2"))) == 1
