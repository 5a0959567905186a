"""Whom do I call? The contact card."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from django.test import Client
from psycopg2.extras import DateTimeTZRange

from matrix.models import Topic
from oncall.rotation import AbsenceKind
from oncall.services import record_absence
from portal import clock
from portal.maintenance import announce
from portal.models import Contact, DatedOpening, EscalationManager, Installation, Maintenance, Project
from portal.services import record
from routing.incidents import services
from routing.incidents.models import Incident, Status
from tests.people import BEGAN, BERLIN, SUNDAY_NIGHT, TUESDAY, World, make_matrix, make_project
from tests.statistics import analyze

from .helpers import PASSWORD, as_person, iso, queries, report, text

Freeze = Callable[[datetime], None]

CARD = "/projects/webshop/call/"


def card(world: World, person: str = "alice", **query: str) -> str:
    return text(as_person(getattr(world, person)).get(CARD, query))


def test_on_sunday_night_customers_read_the_duty_and_its_number(world: World) -> None:
    shown = card(world, at=iso(SUNDAY_NIGHT), priority="blocker")
    assert '<a class="dd-call" id="call-1" href="tel:+496990009200"' in shown
    assert "+49 69 90009200" in shown
    assert "On-call engineer, platform" in shown
    assert "Sunday 03:00, outside business hours: on duty according to the roster" in shown
    assert "An answer by 04:00" in shown
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
    assert "An answer by Mon 30 Nov, 12:00" in shown
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


def test_only_the_card_for_now_asks_again(world: World, frozen: Freeze) -> None:
    frozen(TUESDAY)
    shown = card(world)
    assert 'hx-trigger="every 10s, outdated' in shown
    assert 'data-valid-until="2026-11-24T17:00:00+01:00"' in shown
    assert "hx-trigger" not in card(world, at=iso(TUESDAY))


def test_within_a_minute_an_unchanged_card_is_not_sent_again(world: World, frozen: Freeze) -> None:
    client = as_person(world.alice)
    frozen(TUESDAY)
    first = client.get(CARD, headers={"HX-Request": "true"})
    frozen(TUESDAY + timedelta(seconds=50))
    again = client.get(CARD, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_after_the_session_has_ended_the_card_leads_to_the_login_page(world: World) -> None:
    response = Client().get(CARD, {"priority": "major"}, headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == f"/accounts/login/?next={CARD}%3Fpriority%3Dmajor"
    assert (response.status_code, response.content, response.has_header("Location")) == (200, b"", False)


def test_the_card_alone_is_sent_to_htmx_and_not_twice(world: World) -> None:
    client = as_person(world.alice)
    first = client.get(CARD, {"at": iso(TUESDAY)}, headers={"HX-Request": "true"})
    assert text(first).lstrip().startswith('<div id="card"')
    assert "HX-Request" in first["Vary"]
    again = client.get(CARD, {"at": iso(TUESDAY)}, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert again.status_code == 304


def away(world: World, kind: AbsenceKind, until: datetime) -> None:
    record_absence(world.sdm, kind, DateTimeTZRange(TUESDAY - timedelta(hours=1), until), by=None, now=BEGAN)


def test_an_sdm_in_a_meeting_is_shown_as_such_and_the_service_desk_steps_forward(world: World) -> None:
    away(world, AbsenceKind.SHORT, TUESDAY + timedelta(minutes=45))
    shown = card(world, at=iso(TUESDAY))
    assert "<strong>Jana Manager</strong> (Service Delivery Manager) is in a meeting" in shown
    assert "on a break until 10:45." in shown
    assert "Service Desk steps forward." in shown
    assert 'id="call-1" href="tel:+496990009100"' in shown


def test_a_deputy_is_shown_as_standing_in_until_a_date(world: World) -> None:
    away(world, AbsenceKind.DAY, datetime(2026, 11, 27, tzinfo=BERLIN))
    shown = card(world, at=iso(TUESDAY))
    assert "is away until Thu 26 Nov." in shown
    assert "Tobias Deputy stands in as deputy." in shown
    assert 'id="call-1" href="tel:+496990009131"' in shown


def test_who_is_away_behind_the_first_does_not_make_anybody_step_forward(world: World) -> None:
    Topic.objects.create(key="offer", name_de="Angebot", name_en="Offer", roles=["brm", "sdm"])
    away(world, AbsenceKind.SHORT, TUESDAY + timedelta(minutes=45))
    shown = card(world, at=iso(TUESDAY), topic="offer")
    assert "Katharina Business" in shown
    assert "steps forward" not in shown


def test_an_open_incident_is_announced_to_whoever_may_see_it(world: World, frozen: Freeze) -> None:
    frozen(TUESDAY)
    incident = report(world.webshop, world.alice, title="The shop is down")
    assert "known since 10:00, not taken up yet" in card(world)
    services.acknowledge(incident, by=world.desk, now=TUESDAY)
    shown = card(world)
    assert f'href="/incidents/{incident.pk}/">#{incident.pk} The shop is down</a>' in shown
    assert "known since 10:00, being worked on" in shown
    assert "Known already" not in card(world, at=iso(TUESDAY))
    assert "Known already" not in text(as_person(world.charlie).get("/projects/kundenportal/call/"))
    services.resolve(incident, by=world.desk, now=TUESDAY, reason="Restarted")
    assert "Known already" not in card(world)


def test_what_monitoring_found_is_announced_once_somebody_took_it(world: World) -> None:
    found = report(world.webshop, world.desk, title="Disk is full", priority="major", source=Incident.Source.MONITORING)
    assert "Disk is full" not in card(world)
    assert "Disk is full" in card(world, "desk")
    services.acknowledge(found, by=world.desk, now=clock.now())
    assert "Disk is full" in card(world)


def test_a_request_is_no_incident_to_announce(world: World) -> None:
    topic = Topic.objects.create(key="offer", name_de="Angebot", name_en="Offer", roles=["brm"])
    report(world.webshop, world.alice, title="More disks", kind=Incident.Kind.REQUEST, topic=topic)
    assert "More disks" not in card(world)


def test_the_most_urgent_incidents_are_named_and_that_there_are_more(world: World) -> None:
    for number in range(4):
        report(world.webshop, world.alice, title=f"Small fault {number}", priority="minor")
    report(world.webshop, world.alice, title="The shop is down")
    shown = card(world)
    assert shown.index("The shop is down") < shown.index("Small fault 3")
    assert "Small fault 1" not in shown
    assert 'href="/incidents/?project=webshop">and more' in shown


def test_holidays_of_the_next_four_weeks_are_shown_in_the_readers_language(world: World) -> None:
    record(DatedOpening, by=None, now=BEGAN, hours=world.office, day=date(2026, 12, 24), label="Betriebsruhe")
    record(DatedOpening, by=None, now=BEGAN, hours=world.office, day=date(2026, 12, 31), opens=time(9), closes=time(12))
    before = datetime(2026, 12, 5, 12, 0, tzinfo=BERLIN)
    shown = card(world, at=iso(before))
    assert re.search(r"Thu 24 Dec</time> <span>Betriebsruhe: closed", shown)
    assert re.search(r"Fri 25 Dec</time> <span>Christmas Day: closed", shown)
    assert re.search(r"Thu 31 Dec</time> <span>open 09:00–12:00", shown)
    assert re.search(r"Fri 1 Jan</time> <span>New Year&#x27;s Day: closed", shown)
    world.alice.language = "de"
    world.alice.save()
    assert re.search(r"Fr 25.12.</time> <span>Erster Weihnachtstag: geschlossen", card(world, at=iso(before)))


def test_without_holidays_ahead_none_are_mentioned(world: World) -> None:
    assert "next four weeks" not in card(world, at="2026-09-01T10:00")


def test_warnings_are_for_staff(world: World) -> None:
    world.rota.coverage.all().delete()
    assert "No rota covers this project" in card(world, "desk", at=iso(SUNDAY_NIGHT))
    assert "No rota covers this project" not in card(world, at=iso(SUNDAY_NIGHT))


def test_without_a_matrix_the_hotline_is_named(world: World) -> None:
    make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    shown = text(as_person(world.alice).get("/projects/bare/call/"))
    assert "No communication matrix is in force" in shown
    assert "tel:+496990009301" in shown
    assert "What has happened?" not in shown


def test_with_nobody_reachable_there_is_a_number_all_the_same(world: World) -> None:
    world.rota.coverage.all().delete()
    EscalationManager.objects.all().delete()
    Installation.objects.update(last_resort_phone="")
    shown = card(world, at=iso(SUNDAY_NIGHT))
    assert "finds nobody who could be reached" in shown
    assert 'id="call-hotline" href="tel:+496990009301"' in shown
    Project.objects.update(hotline="")
    assert 'id="call-switchboard" href="tel:+496990009000"' in card(world, at=iso(SUNDAY_NIGHT))


def test_where_the_first_has_no_published_number_the_hotline_is_named(world: World) -> None:
    world.sdm.direct_line = ""
    world.sdm.save()
    shown = card(world, at=iso(TUESDAY))
    assert "Jana Manager" in shown
    assert 'id="call-hotline" href="tel:+496990009301"' in shown


def test_a_contact_of_no_project_reads_what_to_do(world: World) -> None:
    Contact.objects.filter(person=world.alice).update(left_at=TUESDAY)
    shown = text(as_person(world.alice).get("/projects/"))
    assert "No project is assigned to your account yet" in shown
    assert "tel:+496990009000" in shown


def test_the_choice_of_a_project_is_skipped_with_only_one(world: World) -> None:
    assert as_person(world.alice).get("/projects/")["Location"] == CARD
    make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    assert "/projects/erp/call/" in text(as_person(world.alice).get("/projects/"))
    assert as_person(world.bob).get("/projects/")["Location"] == CARD


def test_the_project_looked_at_last_is_remembered_for_customers(world: World) -> None:
    make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    client = as_person(world.alice)
    client.get("/projects/erp/call/")
    assert client.get("/projects/")["Location"] == "/projects/erp/call/"
    assert "/projects/webshop/call/" in text(client.get("/projects/?all"))
    Project.objects.filter(key="erp").update(retired_at=BEGAN)
    assert client.get("/projects/")["Location"] == CARD
    desk = as_person(world.desk)
    desk.get(CARD)
    assert desk.get("/projects/").status_code == 200


def test_two_taps_from_logging_in_to_ringing(world: World) -> None:
    make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    client = Client()
    entered = client.post("/accounts/login/", {"login": world.alice.email, "password": PASSWORD}, follow=True)
    assert f'href="{CARD}"' in text(entered)
    assert 'class="dd-call" id="call-' in text(client.get(CARD))
    entered = client.post("/accounts/login/", {"login": world.alice.email, "password": PASSWORD}, follow=True)
    assert 'class="dd-call" id="call-' in text(entered)


def many_incidents(world: World, number: int) -> None:
    Incident.objects.bulk_create(
        Incident(
            project=world.webshop,
            priority="minor",
            status=Status.CLOSED if place % 10 else Status.ACKNOWLEDGED,
            source=Incident.Source.PORTAL,
            title=f"Fault {place}",
            reported_at=BEGAN,
            created_at=BEGAN,
        )
        for place in range(number)
    )
    analyze()


@pytest.mark.parametrize("path", [CARD, "/projects/webshop/matrix/"])
def test_queries_and_size_do_not_grow(world: World, path: str) -> None:
    client = as_person(world.alice)
    client.get(path)
    few = queries(lambda: client.get(path))
    assert few < 15
    many_incidents(world, 10_000)
    for number in range(20):
        make_matrix(make_project(world.office, world.alster, f"p{number}", world.desk_team, world.platform))
    client.get(path)
    assert queries(lambda: client.get(path)) == few
    assert len(client.get(path).content) < 50_000


def test_who_follows_only_the_next_day_is_named_with_the_time_not_with_minutes(world: World) -> None:
    slow = make_project(world.office, world.alster, "slow", world.desk_team, world.platform)
    make_matrix(
        slow,
        chains={"business_hours": [("service_desk", 120, False), ("project_team", 0, False)], "after_hours": []},
        targets={"minor": 6000},
    )
    evening = TUESDAY.replace(hour=17)
    shown = text(as_person(world.alice).get("/projects/slow/call/", {"at": iso(evening), "priority": "minor"}))
    assert "from Wed 25 Nov, 08:00" in shown
    assert "after 900 minutes" not in shown


def test_maintenance_is_above_the_card_only_while_it_is_under_way(world: World) -> None:
    now, hour = clock.now(), timedelta(hours=1)
    for starts, name in ((now + hour, "Ahead"), (now + hour / 60, "Running")):
        announce(
            projects=[world.webshop],
            starts=starts,
            ends=now + 3 * hour,
            text_de=name,
            text_en=name,
            by=world.sdm,
            now=now,
        )
    Maintenance.objects.filter(text_en="Running").update(period=DateTimeTZRange(now - hour, now + hour))
    shown = card(world)
    assert shown.index("Running") < shown.index('id="card"') < shown.index("Ahead")
