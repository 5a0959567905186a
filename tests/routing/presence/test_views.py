"""Presence on the pages: one tap, confirmed where duty is concerned, and nobody's but one's own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence
from oncall.rotation import Line
from oncall.services import record_override
from portal.models import Person
from routing.paging.escalating import advance_due
from tests.people import BEGAN, TUESDAY, World, make_person, minutes
from tests.routing.pages.helpers import as_person, queries, report, text
from tests.routing.paging.chains import paged
from tests.routing.paging.chains import report as report_at

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
Stop = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def _tuesday(frozen: Stop) -> None:
    frozen(TUESDAY)


def do(actor: Person, person: Person, what: str, **given: Any) -> Any:
    return as_person(actor).post(f"/presence/{person.pk}/{what}/", given)


def absence_of(person: Person) -> Absence:
    row: Absence = Absence.objects.current().get(person=person)
    return row


@pytest.mark.parametrize(
    ("how", "until"),
    [
        ({"how": "30"}, TUESDAY + minutes(30)),
        ({"how": "60"}, TUESDAY + minutes(60)),
        ({"how": "day"}, TUESDAY + minutes(480)),
        ({"how": "time", "time": "14:00"}, TUESDAY + minutes(240)),
    ],
)
def test_in_a_meeting_with_one_tap(world: World, how: dict[str, str], until: datetime) -> None:
    response = do(world.sdm, world.sdm, "meeting", **how)
    assert (response.status_code, response["Location"]) == (302, "/my-projects/")
    row = absence_of(world.sdm)
    assert (row.kind, row.starts, row.ends, row.recorded_by, row.recorded_why) == (
        "short",
        TUESDAY,
        until,
        world.sdm,
        "",
    )


def test_the_tap_in_the_header_stays_where_it_was(world: World) -> None:
    client = as_person(world.sdm)
    page = text(client.get("/incidents/?status=all"))
    assert f'action="/presence/{world.sdm.pk}/meeting/"' in page
    response = client.post(f"/presence/{world.sdm.pk}/meeting/", {"how": "30", "next": "/incidents/?status=all"})
    assert response["Location"] == "/incidents/?status=all"
    page = text(client.get("/incidents/?status=all"))
    assert "In a meeting until 10:30" in page
    assert f'action="/presence/{world.sdm.pk}/back/"' in page


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_it_leads_nowhere_else(world: World, elsewhere: str) -> None:
    assert do(world.sdm, world.sdm, "meeting", how="30", next=elsewhere)["Location"] == "/my-projects/"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"how": "forever"},
        {"how": "time"},
        {"how": "time", "time": "25:61"},
        {"how": "time", "time": "09:00"},  # an hour ago
    ],
)
def test_garbage_changes_nothing_and_says_so(world: World, given: dict[str, str]) -> None:
    response = do(world.sdm, world.sdm, "meeting", **given)
    assert response.status_code == 400
    assert not Absence.objects.exists()


def test_the_end_of_a_day_that_is_over_has_passed(world: World, frozen: Stop) -> None:
    frozen(TUESDAY + minutes(500))
    response = do(world.sdm, world.sdm, "meeting", how="day")
    assert response.status_code == 400
    assert "The day is over" in text(response)


def test_back_and_back_again(world: World, frozen: Stop) -> None:
    do(world.sdm, world.sdm, "meeting", how="60")
    frozen(TUESDAY + minutes(5))
    for _tap in range(2):
        assert do(world.sdm, world.sdm, "back").status_code == 302
    assert absence_of(world.sdm).ends == TUESDAY + minutes(5)


def test_the_card_and_the_api_go_on_to_the_service_desk_at_once(world: World) -> None:
    customer = as_person(world.alice)
    card, api = "/projects/webshop/call/?priority=blocker", "/api/v1/projects/webshop/contacts/?priority=blocker"
    assert customer.get(api).json()["chain"][0]["people"][0]["name"] == "Jana Manager"
    do(world.sdm, world.sdm, "meeting", how="time", time="14:00")
    answer = customer.get(api).json()
    assert answer["chain"][0]["people"][0]["name"] == "Service Desk"
    assert answer["valid_until"] == "2026-11-24T14:00:00+01:00"
    (passed,) = answer["passed_over"]
    assert (passed["name"], passed["reason"]["code"], passed["until"]) == (
        "Jana Manager",
        "in_meeting",
        "2026-11-24T14:00:00+01:00",
    )
    assert "14:00" in text(customer.get(card))
    do(world.sdm, world.sdm, "back")
    assert customer.get(api).json()["chain"][0]["people"][0]["name"] == "Jana Manager"


def test_the_customer_never_reads_who_recorded_it(world: World) -> None:
    do(world.desk, world.sdm, "meeting", how="60", asked="on")
    shown = text(as_person(world.alice).get("/projects/webshop/call/?priority=blocker"))
    assert "Lukas" not in shown
    assert "recorded by" not in shown


def test_an_unanswered_page_goes_on_with_the_tap(world: World) -> None:
    incident = report_at(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    do(world.sdm, world.sdm, "meeting", how="30")
    advance_due(now=TUESDAY)
    assert paged(incident) == [("Jana Manager", 0), ("Service Desk", 0)]


# --- Away for days ----------------------------------------------------------------------------------------------


def test_away_is_recorded_only_once_it_was_confirmed(world: World) -> None:
    response = do(world.sdm, world.sdm, "away", last="2026-11-26")
    assert response.status_code == 200
    shown = text(response)
    assert "Nothing is recorded yet" in shown
    assert "No on-call duty lies in this time" in shown
    assert "Tobias Deputy" in shown
    assert not Absence.objects.exists()
    response = do(world.sdm, world.sdm, "away", last="2026-11-26", confirmed="yes")
    assert response.status_code == 302
    row = absence_of(world.sdm)
    assert (row.kind, row.starts, row.ends) == ("day", TUESDAY, datetime.fromisoformat("2026-11-27T00:00+01:00"))
    assert "Away up to and including Thu 26 Nov" in text(as_person(world.sdm).get("/my-projects/"))


def test_whose_duty_moves_reads_who_moves_up_before(world: World) -> None:
    shown = text(do(world.oncall, world.oncall, "away", last="2026-11-26"))
    assert "then Elif Nightly is primary and nobody backup" in shown
    assert "A line is left without anybody" in shown  # each line has one member alone
    assert not Absence.objects.exists()


def test_an_arrangement_keeps_somebody_on_duty_and_that_is_said(world: World) -> None:
    period = DateTimeTZRange(TUESDAY, TUESDAY + 2 * DAY)
    record_override(world.rota, Line.BACKUP, world.manager, period, by=world.admin, now=BEGAN)
    shown = text(do(world.manager, world.manager, "away", last="2026-11-24"))
    assert "an arrangement names exactly this person" in shown


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"last": "yesterday"},
        {"last": "2026-11-23"},
        {"first": "2026-11-20", "last": "2026-11-26"},
        {"first": "2026-11-28", "last": "2026-11-26"},
        {"last": "2029-11-26"},
        {"last": "9999-12-31"},
        {"first": "0001-01-01", "last": "0001-01-02"},
    ],
)
def test_days_that_make_no_sense_are_refused(world: World, given: dict[str, str]) -> None:
    assert do(world.sdm, world.sdm, "away", **given, confirmed="yes").status_code == 400
    assert not Absence.objects.exists()


def test_planned_ones_are_shown_and_taken_back(world: World) -> None:
    do(world.sdm, world.sdm, "away", first="2026-12-01", last="2026-12-04", confirmed="yes")
    row = absence_of(world.sdm)
    client = as_person(world.sdm)
    assert f'action="/presence/absences/{row.pk}/take-back/"' in text(client.get("/my-projects/"))
    overlapping = do(world.sdm, world.sdm, "away", first="2026-12-03", last="2026-12-08", confirmed="yes")
    assert overlapping.status_code == 409
    assert client.post(f"/presence/absences/{row.pk}/take-back/").status_code == 302
    assert client.post(f"/presence/absences/{row.pk}/take-back/").status_code == 409
    assert not Absence.objects.current().exists()


# --- Others -----------------------------------------------------------------------------------------------------


def test_the_service_desk_records_for_somebody_who_asked_and_that_stays_known(world: World) -> None:
    assert do(world.desk, world.brm, "meeting", how="30").status_code == 400
    assert not Absence.objects.exists()
    response = do(world.desk, world.brm, "meeting", how="30", asked="on")
    assert response["Location"] == f"/presence/{world.brm.pk}/"
    row = absence_of(world.brm)
    assert row.recorded_by == world.desk
    assert "recorded by Lukas Desk" in text(as_person(world.brm).get("/my-projects/"))


@pytest.mark.parametrize("what", ["meeting", "back", "away"])
@pytest.mark.parametrize("name", ["brm", "oncall", "backup"])
def test_nobody_else_sets_anothers_presence(world: World, name: str, what: str) -> None:
    given = {"how": "30", "last": "2026-11-26", "confirmed": "yes", "asked": "on"}
    assert do(getattr(world, name), world.sdm, what, **given).status_code == 403
    assert as_person(getattr(world, name)).get(f"/presence/{world.sdm.pk}/").status_code == 403
    assert not Absence.objects.exists()


def test_nobody_else_takes_back_anothers_absence(world: World) -> None:
    do(world.sdm, world.sdm, "away", first="2026-12-01", last="2026-12-04", confirmed="yes")
    path = f"/presence/absences/{absence_of(world.sdm).pk}/take-back/"
    assert as_person(world.brm).post(path, {"asked": "on"}).status_code == 403
    assert as_person(world.alice).post(path, {"asked": "on"}).status_code == 404
    assert as_person(world.desk).post(path).status_code == 400
    assert Absence.objects.current().count() == 1


@pytest.mark.parametrize("what", ["meeting", "back", "away"])
def test_a_customer_has_no_presence(world: World, what: str) -> None:
    for actor, person in ((world.alice, world.alice), (world.alice, world.sdm), (world.desk, world.alice)):
        assert do(actor, person, what, how="30", asked="on").status_code == 404
    assert not Absence.objects.exists()
    assert "presence" not in text(as_person(world.alice).get("/incidents/"))


def test_who_is_away_is_said_first(world: World) -> None:
    do(world.sdm, world.sdm, "meeting", how="30")
    shown = text(as_person(world.brm).get("/presence/")).partition("<main")[2]
    assert shown.index("In a meeting until 10:30") < shown.index("Everybody else")
    assert "Record for them" not in shown
    assert "Record for them" in text(as_person(world.desk).get("/presence/"))
    client = as_person(world.desk)
    few = queries(lambda: client.get("/presence/"))
    for number in range(5):
        make_person(f"more{number}@example.com", f"Moritz {number}")
    assert queries(lambda: client.get("/presence/")) == few <= 12


# --- My projects ------------------------------------------------------------------------------------------------


def test_my_projects_say_what_is_open_and_who_stands_in(world: World) -> None:
    report(world.webshop, world.alice, title="The shop is down", now=TUESDAY)
    shown = text(as_person(world.sdm).get("/my-projects/"))
    for said in ("webshop", "kundenportal", "The shop is down", "one unanswered", "Tobias Deputy", "Alice Alster"):
        assert said in shown, said
    assert "11:00" in shown  # an answer within an hour
    assert "deputy" not in shown.casefold().replace("tobias deputy", "")
    assert shown.index('id="project-webshop"') < shown.index(
        'id="project-kundenportal"'
    )  # what asks for something first
    assert "deputy</span>" in text(as_person(world.deputy).get("/my-projects/"))


def test_others_have_no_projects_but_presence(world: World) -> None:
    shown = text(as_person(world.oncall).get("/my-projects/"))
    assert "No project is assigned to you" in shown
    assert "My presence" in shown


def test_my_projects_need_as_many_queries_for_many_rows(world: World) -> None:
    report(world.webshop, world.alice)
    client = as_person(world.sdm)
    client.get("/my-projects/")
    few = queries(lambda: client.get("/my-projects/"))
    for project in (world.webshop, world.kundenportal):
        for number in range(8):
            report(project, world.alice, title=f"Another {number}")
    for _time in range(2):  # the second with facts that are kept
        many = queries(lambda: client.get("/my-projects/"))
    assert many == few <= 20
