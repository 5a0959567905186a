"""The roster editor: what it shows, what it says before it changes anything, and what it writes."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence, Override, Rota, RotaCoverage, Rotation
from oncall.queries import duty_now, rota_facts
from oncall.rotation import AbsenceKind, Line
from oncall.services import record_absence, record_override
from oncall.timeline import differences
from routing.duty.models import DutyConfirmation
from tests.oncall.duty import NOW, WEEK, Crew, make_crew, next_turn
from tests.people import BERLIN, PRIVATE, World
from tests.routing.pages.helpers import as_person, queries, text

pytestmark = pytest.mark.django_db
ROOT = "/administration/rosters/"


@pytest.fixture
def crew(world: World, frozen: Callable[[datetime], None]) -> Crew:
    frozen(NOW)
    return make_crew(world)


@pytest.fixture
def admin(world: World) -> Client:
    return as_person(world.admin)


def wall(at: datetime) -> str:
    return timezone.localtime(at, BERLIN).strftime("%Y-%m-%dT%H:%M")


def preview(admin: Client, path: str, **asked: Any) -> Any:
    return admin.get(f"{ROOT}{path}?{urlencode({**asked, 'preview': 1}, doseq=True)}")


def seen_in(response: Any) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', text(response))
    assert found
    return found[1]


def confirm(admin: Client, path: str, shown: Any, reason: str = "agreed by phone", **asked: Any) -> Any:
    return admin.post(ROOT + path, {**asked, "seen": seen_in(shown), "reason": reason})


def primary(rota: Rota, at: datetime, known_at: datetime = NOW) -> Any:
    [duty] = duty_now([rota], at=at, known_at=known_at + timedelta(seconds=1))
    return duty.primary


def test_a_sick_colleague_is_covered_in_one_step(crew: Crew, admin: Client) -> None:
    turn = next_turn(crew.rota, crew.ole)
    asked = {
        "person": crew.nora.pk,
        "instead": crew.tom.pk,
        "begins": wall(NOW),
        "ends": wall(NOW + timedelta(hours=22)),
    }
    start = text(admin.get(f"{ROOT}media/"))
    assert f"cover/?rota=media&amp;person={crew.nora.pk}" in start
    form = text(admin.get(f"{ROOT}cover/?rota=media&person={crew.nora.pk}"))
    assert f'<option value="{crew.nora.pk}" selected>' in form

    shown = preview(admin, "cover/", **asked)
    assert "This duty changes" in text(shown)
    assert re.search(r">Nora Night</td><td[^>]*><strong>Tom Night</strong>", text(shown))
    assert not Override.objects.exists(), "a preview writes nothing"

    assert confirm(admin, "cover/", shown, reason="", **asked).status_code == 400
    assert not Absence.objects.exists(), "without a reason nothing is written"
    assert confirm(admin, "cover/", shown, **asked).status_code == 302
    made = Override.objects.current().get()
    assert (made.person, made.recorded_why, made.recorded_by.email) == (
        crew.tom,
        "agreed by phone",
        "admin@example.com",
    )
    assert made.period == DateTimeTZRange(NOW, NOW + timedelta(hours=22))
    assert Absence.objects.current().get().person == crew.nora
    assert primary(crew.rota, NOW + timedelta(hours=1)) == crew.tom
    assert primary(crew.rota, turn.start + timedelta(hours=1)) == crew.ole


def test_what_is_saved_is_what_was_shown_and_nothing_beside_it(crew: Crew, admin: Client) -> None:
    """Override, its withdrawal, a rotation, its end: outside of the changed period the roster is as it was."""
    end = NOW + 9 * WEEK

    def facts(seconds: int) -> Any:
        at = NOW + timedelta(seconds=seconds)
        return rota_facts([crew.rota], at=NOW, known_at=at, horizon=9 * WEEK)[crew.rota.pk]

    before = facts(0)
    asked: dict[str, Any] = {
        "line": "primary",
        "person": crew.tom.pk,
        "begins": wall(NOW + WEEK),
        "ends": wall(NOW + 2 * WEEK),
    }
    shown = preview(admin, "media/override/", **asked)
    assert "These 2 duties change" in text(shown)
    confirm(admin, "media/override/", shown, **asked)
    found = differences(before, facts(1), NOW, end)
    assert [(each.before, each.after) for each in found] == [(crew.ole.pk, crew.tom.pk), (crew.pia.pk, crew.tom.pk)]
    assert (found[0].start, found[-1].end) == (NOW + WEEK, NOW + 2 * WEEK)

    row = Override.objects.current().get()
    confirm(admin, f"overrides/{row.pk}/", admin.get(f"{ROOT}overrides/{row.pk}/"))
    assert differences(before, facts(1), NOW, end) == ()
    again = admin.get(f"{ROOT}overrides/{row.pk}/", follow=True)
    assert "changed already by Henrike Admin" in text(again)

    change = {
        "line": "primary",
        "begins": "2026-12-16",
        "period_days": 1,
        "handover_weekday": 2,
        "handover_time": "09:00",
    }
    members = {"member1": crew.tom.pk, "member2": crew.nora.pk}
    shown = preview(admin, "media/rotation/", **change, **members)
    assert "it goes on after that" in text(shown)
    confirm(admin, "media/rotation/", shown, **change, **members)
    begins = datetime(2026, 12, 16, 9, tzinfo=BERLIN)
    assert differences(before, facts(1), NOW, begins) == ()
    assert primary(crew.rota, begins) == crew.tom
    assert primary(crew.rota, begins + timedelta(days=1)) == crew.nora
    old, new = Rotation.objects.current().filter(rota=crew.rota, line="primary").order_by("valid")
    assert (old.valid.upper, new.valid.lower, new.period_days) == (begins, begins, 1)

    shown = preview(admin, "media/rotation/end/", line="backup", at="2026-12-20T10:00")
    assert "Nobody is on duty as backup" in text(shown)
    confirm(admin, "media/rotation/end/", shown, line="backup", at="2026-12-20T10:00")
    page = text(admin.get(f"{ROOT}media/"))
    assert "roster-is-gap" in page
    assert "Nobody is on duty as backup from Sun 20 Dec, 10:00" in page


def test_the_second_of_two_administrators_sees_what_the_first_did(crew: Crew, world: World, admin: Client) -> None:
    asked = {"line": "primary", "person": crew.tom.pk, "begins": wall(NOW + WEEK), "ends": wall(NOW + 2 * WEEK)}
    shown = preview(admin, "media/override/", **asked)
    period = DateTimeTZRange(NOW + WEEK, NOW + 3 * WEEK)
    from portal import clock

    later = clock.now() + timedelta(days=400)  # the stamp bears the database's own time, which no test stops
    record_override(crew.rota, Line.PRIMARY, crew.pia, period, by=world.deputy, now=later, why="asked to")
    refused = confirm(admin, "media/override/", shown, reason="my own words", **asked)
    assert refused.status_code == 409
    assert Override.objects.get().person == crew.pia
    for words in ("Nothing of yours was saved", "Pia Night holds primary", "Tobias Deputy", "asked to", "my own words"):
        assert words in text(refused), words
    for garbage in ("", "x", "1.2", "9" * 40, "٣.٣"):
        answer = admin.post(f"{ROOT}media/override/", {**asked, "seen": garbage, "reason": "because"})
        assert answer.status_code == 409
    assert Override.objects.count() == 1


def test_the_timeline_shows_everything_in_few_queries(crew: Crew, world: World, admin: Client) -> None:
    record_absence(crew.ole, AbsenceKind.DAY, DateTimeTZRange(NOW + WEEK, NOW + 2 * WEEK), by=None, now=NOW)
    record_override(crew.rota, Line.BACKUP, crew.tom, DateTimeTZRange(NOW, NOW + WEEK), by=None, now=NOW)
    soon = NOW + timedelta(hours=1)
    DutyConfirmation.objects.create(rota=crew.rota, line="primary", person=crew.tom, begins_at=soon, asked_at=NOW)
    page = text(admin.get(f"{ROOT}platform/?from=2026-12-21&weeks=4"))
    assert "Christmas Day" in page
    page = text(admin.get(f"{ROOT}media/?weeks=8"))
    assert page.count("data-monday=") == 8
    assert "Ole Night is away" in page
    assert f"{crew.tom.name} has not confirmed to take over" in page
    assert "roster-away" in page
    assert PRIVATE not in page
    assert "clocks go back" in text(admin.get(f"{ROOT}media/?from=2026-10-20"))
    assert "clocks go forward" in text(admin.get(f"{ROOT}media/?from=2027-03-24"))
    for garbage in ("x", "0001-01-01", "9999-12-31", "2026-13-40", "2026-02-30", "ü" * 2000):
        assert admin.get(f"{ROOT}media/", {"from": garbage, "weeks": garbage}).status_code == 200
    one = queries(lambda: admin.get(f"{ROOT}media/?weeks=4"))
    for number in range(5):
        start = NOW + (number + 2) * WEEK
        record_override(crew.rota, Line.PRIMARY, crew.tom, DateTimeTZRange(start, start + WEEK), by=None, now=NOW)
    assert queries(lambda: admin.get(f"{ROOT}media/?weeks=8")) == one <= 28
    make_crew(world, "shops")
    admin.get(ROOT)
    every = queries(lambda: admin.get(ROOT))
    make_crew(world, "films")
    admin.get(ROOT)
    assert queries(lambda: admin.get(ROOT)) == every <= 20


def test_what_cannot_be_is_refused_with_a_sentence(crew: Crew, admin: Client) -> None:
    right = {"line": "primary", "person": crew.tom.pk, "begins": wall(NOW + WEEK), "ends": wall(NOW + 2 * WEEK)}
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("override/", {"ends": wall(NOW)}, "end has to be after"),
        ("override/", {"begins": wall(NOW - WEEK), "ends": wall(NOW - timedelta(days=1))}, "has passed already"),
        ("override/", {"ends": "2099-01-01T00:00"}, "more than a year"),
        ("override/", {"person": 999999}, "Select a valid choice"),
        ("override/", {"person": "x' or 1"}, "Select a valid choice"),
        ("override/", {"line": "third"}, "Select a valid choice"),
        ("override/", {"begins": "soon"}, "Enter a date and a time"),
        ("rotation/", {"begins": "2020-01-01"}, "has passed already"),
        ("rotation/", {"begins": "2026-12-16", "period_days": 0}, "greater than or equal to 1"),
    ]
    rotation = {"period_days": 7, "handover_weekday": 2, "handover_time": "10:00", "member1": crew.tom.pk}
    for path, change, words in wrong:
        answer = preview(admin, f"media/{path}", **{**right, **rotation, **change})
        assert answer.status_code == 400, change
        assert words in text(answer), change
    twice = {**rotation, "line": "primary", "begins": "2026-12-16", "member2": crew.tom.pk}
    assert "in the list twice" in text(preview(admin, "media/rotation/", **twice))
    for path in ("overrides/999999/", "absences/999999/", "none/", "none/override/", "none/retire/"):
        assert admin.get(ROOT + path).status_code == 404


def test_a_rota_is_created_covers_projects_and_is_retired(world: World, crew: Crew, admin: Client) -> None:
    given = {"name": "Night crew", "slug": "night", "public_name_de": "Nacht", "public_name_en": "Night"}
    given |= {"zone": "Europe/Berlin", "duty_number": "", "reason": "more projects"}
    assert admin.post(f"{ROOT}new/", {**given, "slug": "cover"}).status_code == 400
    assert admin.post(f"{ROOT}new/", {**given, "reason": ""}).status_code == 400
    assert admin.post(f"{ROOT}new/", given)["Location"] == f"{ROOT}night/rotation/"
    night = Rota.objects.get(slug="night")
    members = {"line": "primary", "begins": "2026-11-24", "period_days": 7, "handover_weekday": 2}
    members |= {"handover_time": "09:00", "member1": crew.tom.pk}
    confirm(admin, "night/rotation/", preview(admin, "night/rotation/", **members), **members)
    assert primary(night, NOW + timedelta(seconds=1)) == crew.tom, "the handover of today has passed: it begins at once"

    asked = {"projects": "webshop", "begins": wall(NOW + WEEK)}
    shown = preview(admin, "night/projects/", **asked)
    assert "This project moves" in text(shown)
    assert confirm(admin, "night/projects/", shown, **asked).status_code == 302
    rows = RotaCoverage.objects.current().filter(project=world.webshop).order_by("valid")
    assert [(row.rota.slug, row.valid.upper) for row in rows] == [("platform", NOW + WEEK), ("night", None)]

    assert "Projects rely on this rota" in text(admin.get(f"{ROOT}night/retire/"))
    assert admin.post(f"{ROOT}night/retire/", {"reason": "no longer"}).status_code == 409
    back = {"projects": "webshop", "begins": wall(NOW)}
    confirm(admin, "platform/projects/", preview(admin, "platform/projects/", **back), **back)
    assert admin.post(f"{ROOT}night/retire/", {"reason": "no longer"}).status_code == 302
    assert primary(night, NOW + timedelta(days=1)) is None
    assert primary(night, NOW + timedelta(days=1), NOW - timedelta(seconds=2)) is None
    assert "Night crew" not in text(admin.get("/on-call/"))
    assert admin.get(f"{ROOT}night/override/").status_code == 404
    assert "This rota is retired" in text(admin.get(f"{ROOT}night/"))


def test_nobody_else_finds_any_of_it(world: World, crew: Crew) -> None:
    period = DateTimeTZRange(NOW, NOW + WEEK)
    override = record_override(crew.rota, Line.PRIMARY, crew.tom, period, by=None, now=NOW)
    absence = record_absence(crew.ole, AbsenceKind.DAY, period, by=None, now=NOW)
    paths = [
        "media/",
        "media/override/",
        "media/rotation/",
        "media/rotation/end/",
        "media/projects/",
        "media/settings/",
    ]
    paths += ["media/retire/", f"overrides/{override.pk}/", f"absences/{absence.pk}/"]
    for name in ("alice", "charlie", "desk", "sdm", "brm", "oncall"):
        client = as_person(getattr(world, name))
        for path in paths:
            assert client.get(ROOT + path).status_code == 404, (name, path)
            assert client.post(ROOT + path, {"reason": "x", "seen": "1.x"}).status_code == 404, (name, path)
    admin = as_person(world.admin)
    for path in paths:
        assert admin.get(ROOT + path).status_code == 200, path
    assert Override.objects.current().get().pk == override.pk
