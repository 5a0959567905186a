"""Rotas and who is on duty."""

from datetime import timedelta

from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence, Override, Rota
from portal.services import record
from tests.people import BEGAN, PRIVATE, SUNDAY_NIGHT, World, make_rota

from .conftest import Login

NIGHT = {"at": SUNDAY_NIGHT.isoformat()}
ON_CALL = "/api/v1/rotas/platform/on-call/"
HOUR = timedelta(hours=1)


def test_staff_read_every_rota_and_who_is_on_duty(world: World, api: Login) -> None:
    make_rota("network", [world.backup], [world.oncall])
    rotas = api(world.desk).get("/api/v1/rotas/").json()
    assert [(rota["slug"], rota["projects"]) for rota in rotas] == [
        ("network", []),
        ("platform", ["kundenportal", "webshop"]),
    ]
    assert api(world.desk).get(ON_CALL, NIGHT).json() == {
        "rota": "platform",
        "at": "2026-11-29T03:00:00+01:00",
        "primary": {"name": "Marek Nightly", "email": "oncall@example.com", "phone": "+496990009200"},
        "backup": {"name": "Elif Nightly", "email": "backup@example.com", "phone": "+496990009200"},
        "until": None,
        "warnings": [],
    }


def test_customers_read_the_public_name_of_rotas_that_cover_their_projects(world: World, api: Login) -> None:
    make_rota("network", [world.backup], [world.oncall])
    client = api(world.alice)
    assert client.get("/api/v1/rotas/").json() == [
        {
            "slug": "platform",
            "name": "On-call engineer, platform",
            "public_name": {"de": "Rufbereitschaft Plattform", "en": "On-call engineer, platform"},
            "zone": "Europe/Berlin",
            "duty_number": "+496990009200",
            "projects": ["webshop"],
        }
    ]
    answer = client.get(ON_CALL, NIGHT)
    assert answer.json()["primary"] == {"name": "On-call engineer, platform", "phone": "+496990009200"}
    assert "Nightly" not in answer.content.decode()
    assert PRIVATE not in answer.content.decode()
    assert client.get("/api/v1/rotas/network/on-call/").status_code == 404


def test_nobody_on_duty_is_null_and_a_warning(world: World, api: Login) -> None:
    Rota.objects.create(slug="empty", name="Empty", zone="Europe/Berlin")
    answer = api(world.desk).get("/api/v1/rotas/empty/on-call/").json()
    assert (answer["primary"], answer["backup"]) == (None, None)
    assert [warning["code"] for warning in answer["warnings"]] == ["nobody_on_duty_primary", "nobody_on_duty_backup"]


def test_duty_ends_with_an_override(world: World, api: Login) -> None:
    period = DateTimeTZRange(SUNDAY_NIGHT - HOUR, SUNDAY_NIGHT + HOUR)
    record(Override, by=None, now=BEGAN, rota=world.rota, line="primary", person=world.manager, period=period)
    answer = api(world.desk).get(ON_CALL, NIGHT).json()
    assert answer["primary"]["name"] == "Georg Operations"
    assert answer["until"] == "2026-11-29T04:00:00+01:00"


def test_customers_do_not_read_who_is_away(world: World, api: Login) -> None:
    period = DateTimeTZRange(SUNDAY_NIGHT - HOUR, SUNDAY_NIGHT + HOUR)
    record(Absence, by=None, now=BEGAN, person=world.oncall, kind="day", period=period)
    codes = [warning["code"] for warning in api(world.desk).get(ON_CALL, NIGHT).json()["warnings"]]
    assert codes == ["primary_absent", "nobody_on_duty_backup"]
    codes = [warning["code"] for warning in api(world.alice).get(ON_CALL, NIGHT).json()["warnings"]]
    assert codes == ["nobody_on_duty_backup"]


def test_an_instant_without_offset_is_refused(world: World, api: Login) -> None:
    answer = api(world.desk).get(ON_CALL, {"at": "2026-11-29T03:00:00"})
    assert answer.status_code == 400
    assert "offset" in answer.json()["errors"]["at"][0]
