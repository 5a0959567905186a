"""The pages about support hours: shown before saved, recorded with who and why, and nothing of another editor lost."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

import pytest
from django.test import Client

from portal.hours import is_open
from portal.maintenance import announce
from portal.models import DatedOpening, EscalationManager, Installation, Maintenance, SupportHours, WeeklyOpening
from portal.queries import hours_facts
from tests.people import BERLIN, PRIVATE, TUESDAY, World
from tests.routing.pages.helpers import as_person, queries, text

pytestmark = pytest.mark.django_db

OFFICE = "/administration/support-hours/calendars/office/"
EVE = datetime(2026, 12, 24, 11, 0, tzinfo=BERLIN)


@pytest.fixture
def admin(world: World, frozen: Callable[[datetime], None]) -> Client:
    frozen(TUESDAY)
    SupportHours.objects.filter(pk=world.office.pk).update(slug="office", country="DE", subdivision="HE")
    world.office.refresh_from_db()
    return as_person(world.admin)


def seen(client: Client) -> str:
    return str(client.get(OFFICE).context["seen"])


def is_office_open(world: World, at: datetime) -> bool:
    world.office.refresh_from_db()
    return is_open(hours_facts([world.office], at=at, known_at=TUESDAY.replace(year=2027))[world.office.pk], at)


def christmas(client: Client, **more: Any) -> Any:
    sent = {"year": "2026", "christmas_eve": "half", "new_years_eve": "closed", "until": "12:00", "seen": seen(client)}
    return client.post(f"{OFFICE}year-end/", {**sent, **more})


def test_christmas_is_planned_in_two_steps_and_seen_afterwards(world: World, admin: Client) -> None:
    assert is_office_open(world, EVE.replace(hour=13))
    shown = christmas(admin)
    assert shown.status_code == 200
    assert "Thu 24 Dec 2026" in text(shown)
    assert "closes: on-call answers instead of the office" in text(shown)
    assert world.webshop.name in text(shown)
    assert not DatedOpening.objects.exists()
    assert christmas(admin, confirm="yes").status_code == 400, "a reason is needed"
    saved = christmas(admin, confirm="yes", why="as every year")
    assert saved["Location"] == f"{OFFICE}?year=2026&from=2026-12-24#turns"
    rows = DatedOpening.objects.current().order_by("day")
    assert [(row.day.day, row.opens, row.closes) for row in rows] == [(24, time(8), time(12)), (31, None, None)]
    assert {(row.recorded_by, row.recorded_why) for row in rows} == {(world.admin, "as every year")}
    assert [is_office_open(world, EVE.replace(hour=hour)) for hour in (11, 13)] == [True, False]
    page = text(admin.get(saved["Location"]))
    for words in ("Thu 24 Dec 2026, 12:00", "Christmas Eve: 08:00–12:00", "Mon 28 Dec 2026, 08:00", "as every year"):
        assert words in page, words
    assert "Nothing would change" in text(admin.get(christmas(admin, confirm="yes", why="again")["Location"]))


def test_a_holiday_is_switched_and_switched_back(world: World, admin: Client) -> None:
    friday = datetime(2026, 12, 25, 10, tzinfo=BERLIN)
    for how, opened in (("worked", True), ("usual", False)):
        sent = {"first": "2026-12-25", "how": how, "label": "", "seen": seen(admin), "confirm": "yes", "why": "x"}
        assert admin.post(f"{OFFICE}days/", sent).status_code == 302
        assert is_office_open(world, friday) is opened
    assert not DatedOpening.objects.current().exists()
    assert DatedOpening.objects.count() == 1, "what was believed stays recorded"


def test_what_makes_no_sense_is_refused_with_a_sentence(world: World, admin: Client) -> None:
    state = seen(admin)
    for path, sent, words in [
        ("days/", {"first": "2026-11-23", "how": "closed"}, "That day has passed"),
        ("days/", {"first": "2029-01-01", "how": "closed"}, "until the end of 2028"),
        ("days/", {"first": "2026-12-01", "last": "2027-12-01", "how": "closed"}, "at most 62 days"),
        ("days/", {"first": "2026-12-01", "last": "2026-11-30", "how": "closed"}, "not before the first"),
        ("days/", {"first": "2026-12-01", "how": "own", "hours": ""}, "Write the hours"),
        ("days/", {"first": "2026-12-01", "how": "own", "hours": "8 o'clock"}, "is no time"),
        ("days/", {"first": "2026-12-01", "how": "own", "hours": "08:00-12:00, 11:00-13:00"}, "overlap"),
        ("days/", {"first": "tomorrow", "how": "party"}, "Enter a valid date"),
        ("year-end/", {"year": "1900"}, "Select a valid choice"),
        ("year-end/", {"year": "2026"}, "Choose something for 24 or 31 December"),
        ("week/", {"day_0": "25-26", "was_0": ""}, "is no time"),
        ("site/", {"name": "X", "zone": "Mars/Base", "country": "DE"}, "Select a valid choice"),
        ("site/", {"name": "X", "zone": "Europe/Vienna", "country": "AT", "subdivision": "HE"}, "choose again"),
    ]:
        response = admin.post(OFFICE + path, {**sent, "seen": state, "confirm": "yes", "why": "x"})
        assert response.status_code == 400, sent
        assert words in text(response), words
    assert WeeklyOpening.objects.filter(hours=world.office).count() == 5
    assert not DatedOpening.objects.exists()
    for path in ("?year=abc&from=never", "?year=9999&from=9999-12-31", "?year=0001"):
        assert admin.get(OFFICE + path).status_code == 200, path
    assert admin.get("/administration/support-hours/calendars/guessed/").status_code == 404
    desk = as_person(world.desk)
    for path in ("week/", "days/", "year-end/", "site/"):
        assert admin.get(OFFICE + path).status_code == (200 if path == "site/" else 405)
        assert desk.post(OFFICE + path).status_code == 404


def test_a_second_editor_sees_what_the_first_did_and_loses_nothing(world: World, admin: Client) -> None:
    first = seen(admin)
    was = {f"{kind}_{day}": "08:00-18:00" if day < 5 else "" for day in range(7) for kind in ("day", "was")}
    monday = {**was, "day_0": "07:00-12:00, 13:00-18:00", "seen": first, "confirm": "yes", "why": "early Mondays"}
    assert admin.post(f"{OFFICE}week/", monday).status_code == 302
    friday = {**was, "day_4": "08:00-16:00", "day_5": "22:00-06:00", "seen": first, "confirm": "yes", "why": "Fridays"}
    refused = admin.post(f"{OFFICE}week/", friday)
    assert refused.status_code == 409
    assert "early Mondays" in text(refused)
    assert "Fridays" in text(refused)
    again = {**friday, "seen": refused.context["seen"]}
    assert admin.post(f"{OFFICE}week/", again).status_code == 302
    rows = WeeklyOpening.objects.current().filter(hours=world.office).order_by("weekday", "opens")
    assert [(row.weekday, f"{row.opens:%H:%M}", f"{row.closes:%H:%M}") for row in rows] == [
        (0, "07:00", "12:00"),
        (0, "13:00", "18:00"),
        (1, "08:00", "18:00"),
        (2, "08:00", "18:00"),
        (3, "08:00", "18:00"),
        (4, "08:00", "16:00"),
        (5, "22:00", "06:00"),
    ]


def test_another_place_counts_from_now_on_and_the_past_keeps_its_own(world: World, admin: Client) -> None:
    corpus_christi = datetime(2027, 5, 27, 10, tzinfo=BERLIN)  # a holiday in Hesse, none in Berlin
    sent = {"name": "Berlin", "zone": "Europe/Berlin", "country": "DE", "subdivision": "BE", "seen": seen(admin)}
    shown = admin.post(f"{OFFICE}site/", sent)
    assert shown.status_code == 200
    assert admin.post(f"{OFFICE}site/", {**sent, "confirm": "yes", "why": "moved"}).status_code == 302
    assert is_office_open(world, corpus_christi)
    before = hours_facts([world.office], at=TUESDAY, known_at=TUESDAY.replace(hour=9))[world.office.pk]
    assert not is_open(before, corpus_christi)
    assert "moved" in text(admin.get(OFFICE))


def test_the_number_of_queries_does_not_grow(world: World, admin: Client) -> None:
    admin.get(OFFICE)
    few = queries(lambda: admin.get(OFFICE)), queries(lambda: admin.get("/administration/support-hours/"))
    for day in range(1, 8):
        sent = {"first": f"2027-02-{day:02}", "how": "closed", "seen": seen(admin), "confirm": "yes", "why": "x"}
        admin.post(f"{OFFICE}days/", sent)
        SupportHours.objects.create(slug=f"more-{day}", name="More", zone="Europe/Berlin")
    many = queries(lambda: admin.get(OFFICE)), queries(lambda: admin.get("/administration/support-hours/"))
    assert few == many
    assert max(many) <= 20


def test_new_hours_are_made_and_a_contacts_own_are_left_alone(world: World, admin: Client) -> None:
    sent = {"name": "Vienna", "slug": "vienna", "zone": "Europe/Vienna", "country": "AT", "subdivision": "9"}
    wanted = {**sent, "working": "9-17", "why": "new site"}
    path = "/administration/support-hours/new/"
    assert admin.post(path, {**wanted, "slug": "office"}).status_code == 400
    assert admin.post(path, wanted).status_code == 302
    made = SupportHours.objects.get(slug="vienna")
    assert WeeklyOpening.objects.filter(hours=made, opens=time(9), closes=time(17)).count() == 5
    own = SupportHours.objects.create(slug="contact-1", name="Alice", zone="Europe/Berlin")
    world.alster.contacts.filter(person=world.alice).update(reachable=own)
    assert admin.get("/administration/support-hours/calendars/contact-1/").status_code == 404


# --- Maintenance --------------------------------------------------------------------------------------------------


def announcement(**more: Any) -> dict[str, Any]:
    return {
        "projects": ["webshop"],
        "starts": "2026-12-01T22:00",
        "ends": "2026-12-02T02:00",
        "text_de": "Der Shop steht kurz still.",
        "text_en": "The shop stands still.",
        "why": "new database",
        **more,
    }


def test_maintenance_is_announced_changed_and_called_off(world: World, admin: Client) -> None:
    path = "/administration/support-hours/maintenance/"
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"projects": []}, "Choose at least one project"),
        ({"projects": ["guessed"]}, "Select a valid choice"),
        ({"starts": "2026-11-01T22:00"}, "has passed"),
        ({"ends": "2026-12-01T21:00"}, "ends after it begins"),
        ({"ends": "9999-12-31T23:59"}, "ends after it begins"),
        ({"starts": "soon"}, "Enter a valid date"),
        ({"why": ""}, "required"),
    ]
    for wrong, words in mistakes:
        response = admin.post(f"{path}new/", announcement(confirm="yes", **wrong))
        assert response.status_code == 400, wrong
        assert words in text(response), words
    assert "The shop stands still." in text(admin.post(f"{path}new/", announcement()))
    assert not Maintenance.objects.exists()
    assert admin.post(f"{path}new/", announcement(confirm="yes")).status_code == 302
    row = Maintenance.objects.get()
    assert (row.recorded_by, row.recorded_why, list(row.projects.all())) == (
        world.admin,
        "new database",
        [world.webshop],
    )
    own = f"{path}{row.uid}/"
    later = announcement(ends="2026-12-02T03:00", why="takes longer", confirm="yes")
    assert admin.post(own, {**later, "seen": row.pk}).status_code == 302
    refused = admin.post(own, {**later, "text_en": "Mine.", "seen": row.pk})
    assert refused.status_code == 409
    assert "Mine." in text(refused)
    current = Maintenance.objects.current().get()
    assert (current.sequence, current.text_en) == (1, "The shop stands still.")
    for name in ("alice", "charlie", "desk", "sdm", "brm", "oncall"):
        client = as_person(getattr(world, name))
        for address in (own, f"{own}cancel/", f"{path}new/", OFFICE, f"{OFFICE}site/"):
            assert client.get(address).status_code == 404, (name, address)
    assert admin.post(f"{own}cancel/", {"why": "", "seen": current.pk}).status_code == 400
    assert admin.post(f"{own}cancel/", {"why": "not needed", "seen": row.pk}).status_code == 409
    assert admin.post(f"{own}cancel/", {"why": "not needed", "seen": current.pk}).status_code == 302
    assert Maintenance.objects.current().get().cancelled_at is not None
    assert "called off" in text(admin.get(path))
    assert admin.get(own).status_code == 404, "what is over is not changed"


def test_the_list_of_maintenance_needs_the_same_queries_for_any_number(world: World, admin: Client) -> None:
    path = "/administration/support-hours/maintenance/"

    def plan(day: int) -> None:
        starts = TUESDAY.replace(month=12, day=day)
        announce(
            projects=[world.webshop, world.kundenportal], starts=starts, ends=starts.replace(hour=12), text_de="a",
            text_en="b", by=world.admin, now=TUESDAY,
        )  # fmt: skip

    plan(1)
    few = queries(lambda: admin.get(path))
    for day in range(2, 12):
        plan(day)
    assert queries(lambda: admin.get(path)) == few <= 12


# --- The installation ---------------------------------------------------------------------------------------------


def sent_of(client: Client) -> dict[str, Any]:
    """What the browser sends of the untouched form, with a reason."""
    form = client.get("/administration/support-hours/installation/").context["form"]
    sent = {}
    for field in form:
        value = field.value()
        sent[field.html_name] = sent[field.html_initial_name] = "" if value is None else str(value)
    return {**sent, "why": "agreed"}


def test_settings_are_shown_saved_and_merged(world: World, admin: Client) -> None:
    path = "/administration/support-hours/installation/"
    page = admin.get(path)
    assert PRIVATE not in text(page)
    untouched = sent_of(admin)
    assert "Nothing would change" in text(admin.post(path, untouched, follow=True))
    mistakes: tuple[dict[str, Any], ...] = (
        {"answer_margin": "-1"},
        {"answer_margin": "9999"},
        {"last_resort_phone": ""},
        {"last_resort_phone": "call me"},
        {"manager_0": ""},
        {"manager_1": untouched["manager_0"]},
        {"manager_1": str(world.alice.pk)},
        {"zone": "Mars/Base"},
        {"why": ""},
    )
    for wrong in mistakes:
        assert admin.post(path, {**untouched, **wrong, "confirm": "yes"}).status_code == 400, wrong
    wanted = {**untouched, "answer_margin": "20", "manager_0": str(world.desk.pk), "manager_1": str(world.manager.pk)}
    shown = text(admin.post(path, wanted))
    assert "15" in shown
    assert "Lukas Desk, Georg Operations" in shown
    assert Installation.objects.get().answer_margin == 15
    assert admin.post(path, {**wanted, "confirm": "yes"}).status_code == 302
    standing = EscalationManager.objects.current().values_list("order", "person__name", "recorded_why")
    assert list(standing.order_by("order")) == [(1, "Lukas Desk", "agreed"), (2, "Georg Operations", "agreed")]
    # The second editor had opened the page before: sees it, and changes the name alone.
    second = {**untouched, "last_resort_name": "Night porter", "confirm": "yes"}
    refused = admin.post(path, second)
    assert refused.status_code == 409
    assert "20" in text(refused)
    assert admin.post(path, {**second, "seen": refused.context["seen"]}).status_code == 302
    row = Installation.objects.get()
    assert (row.last_resort_name, row.answer_margin) == ("Night porter", 20)
    assert EscalationManager.objects.current().count() == 2
