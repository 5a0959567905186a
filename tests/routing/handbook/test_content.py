"""What a handbook says: the customer's view, the resolver's chains, and the minutes of this very matrix."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from matrix.models import Matrix, MatrixVersion, Step, Topic
from matrix.services import copy_version, publish
from oncall.models import Absence
from oncall.rotation import AbsenceKind
from portal.models import Contact, DatedOpening, Project, SupportHours, WeeklyOpening
from portal.services import record, retire
from routing.handbook.blocks import Chains, Facts, Handbook, Section, Table, Text
from routing.handbook.content import handbook_for
from tests.people import BEGAN, PRIVATE, TUESDAY, World, make_project
from tests.routing.pages.helpers import queries


def made(project: Project, *, at: datetime = TUESDAY, language: str = "en") -> Handbook:
    found = handbook_for(Project.objects.select_related("customer").get(pk=project.pk), at=at, language=language)
    assert found is not None
    return found


def section(book: Handbook, key: str) -> Section:
    return next(each for each in book.sections if each.key == key)


def table(book: Handbook, key: str, number: int = 0) -> list[list[str]]:
    """A table of a section as plain texts."""
    tables = [block for block in section(book, key).blocks if isinstance(block, Table)]
    return [[" | ".join(line.text for line in cell) for cell in row] for row in tables[number].rows]


def text(book: Handbook | Section) -> str:
    return json.dumps(asdict(book), ensure_ascii=False)


def flows(book: Handbook) -> dict[tuple[str, str], str]:
    chains = [block for block in section(book, "escalation").blocks if isinstance(block, Chains)]
    return {(each.title, flow.title): flow.words for each in chains for flow in each.flows}


def test_it_names_what_it_is(world: World) -> None:
    book = made(world.webshop)
    assert (book.title, book.version, book.issued_on) == ("Operations handbook", 1, "2026-11-24")
    assert book.running == "Operations handbook webshop, version 1"
    assert [each.key for each in book.sections] == [
        "contacts",
        "hours",
        "priorities",
        "targets",
        "matrix",
        "escalation",
        "on-call",
        "management",
        "topics",
        "customer-contacts",
        "glossary",
        "changes",
    ]


def test_without_a_matrix_in_force_there_is_none(world: World) -> None:
    bare = make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    assert handbook_for(bare, at=TUESDAY, language="en") is None
    empty = MatrixVersion.objects.create(matrix=Matrix.objects.create(project=bare, name="bare"))
    # Such a version can no longer be published; an older installation may hold one.
    MatrixVersion.objects.filter(pk=empty.pk).update(number=1, published_at=TUESDAY, effective_from=TUESDAY)
    assert handbook_for(bare, at=TUESDAY + timedelta(minutes=1), language="en") is None


def test_it_holds_nothing_that_a_customer_may_not_read(world: World) -> None:
    for language in ("de", "en"):
        shown = text(made(world.webshop, language=language))
        for hidden in (PRIVATE, "Nightly", "Seeburg", "Charlie", "Last resort", "@example.com"):
            assert hidden not in shown


def test_contacts_are_read_by_role(world: World) -> None:
    rows = table(made(world.webshop), "contacts")
    assert [row[1].split(" | ")[0] for row in rows] == [
        "Jana Manager",
        "Tobias Deputy",
        "Service Desk",
        "Team Platform",
        "On-call engineer, platform",
        "Katharina Business",
        "Georg Operations",
    ]
    assert rows[0][2] == "+49 69 90009130"
    assert rows[4][2] == "+49 69 90009200"


def test_chains_are_the_resolver_s(world: World) -> None:
    found = flows(made(world.webshop))
    assert found["Blocker", "Business hours"] == (
        "At once Jana Manager (SDM); after 5 minutes Service Desk; after 15 minutes Team Platform; "
        "after 30 minutes Georg Operations (escalation manager) is informed."
    )
    assert found["Blocker", "Outside business hours"] == (
        "At once On-call engineer, platform; after 30 minutes On-call engineer, platform (backup); "
        "after 45 minutes Georg Operations (escalation manager) is informed."
    )
    assert found["Major", "Outside business hours"].startswith("Waits for the next opening")
    assert ("Major", "Reported by monitoring") not in found


def test_it_tells_of_an_ordinary_day_whoever_is_away_just_now(world: World) -> None:
    week = (TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=20))
    for person in (world.sdm, world.oncall):
        record(Absence, by=None, now=BEGAN, person=person, kind=AbsenceKind.DAY.value, period=week)
    found = flows(made(world.webshop))
    assert found["Blocker", "Business hours"].startswith("At once Jana Manager (SDM)")


def test_an_ordinary_day_is_one_on_which_the_sdm_works(world: World) -> None:
    """Her week has one day less than the office's, and its hours begin later."""
    hours = SupportHours.objects.create(slug="jana", name="Jana", zone="Europe/Berlin")
    record(WeeklyOpening, by=None, now=BEGAN, hours=hours, weekday=3, opens=time(10), closes=time(15))
    world.sdm.working_hours = hours
    world.sdm.save()
    book = made(world.webshop)
    assert flows(book)["Blocker", "Business hours"].startswith("At once Jana Manager (SDM)")
    assert table(book, "contacts")[0][1] == "Jana Manager | Thu 10:00–15:00"


@pytest.mark.parametrize("minutes", [15, 25])
def test_on_call_is_told_with_the_real_minutes(world: World, minutes: int) -> None:
    draft = copy_version(world.versions["webshop"], matrix=world.versions["webshop"].matrix)
    steps = Step.objects.filter(cell__version=draft, role="on_call_primary", cell__route="after_hours")
    steps.update(wait=minutes)
    publish(draft, by=None, now=TUESDAY, reason="quicker")
    book = made(world.webshop, at=TUESDAY + timedelta(minutes=1))
    assert table(book, "on-call")[0] == ["Blocker", f"backup after {minutes} minutes", "backup after 30 minutes"]
    assert table(book, "on-call")[3] == ["Minor", "waits for the next opening", "waits for the next opening"]


def test_the_change_log_says_what_a_version_changed(world: World) -> None:
    draft = copy_version(world.versions["webshop"], matrix=world.versions["webshop"].matrix)
    draft.terms.filter(priority="blocker").update(response_minutes=90, definition_de="Alles steht")
    publish(draft, by=world.admin, now=TUESDAY, reason="renegotiated in secret")
    book = made(world.webshop, at=TUESDAY + timedelta(minutes=1))
    assert table(book, "changes") == [
        ["Version 2", "Tue 24 Nov 2026", "Blocker: response 1 hour 30 minutes instead of 1 hour"],
        ["Version 1", "Thu 1 Jan 2026", "First version"],
    ]
    assert "secret" not in text(book)
    assert "bedeutet „Alles steht“ statt „Bedeutung von blocker“" in text(
        made(world.webshop, at=TUESDAY + timedelta(minutes=1), language="de")
    )


def test_a_version_to_come_is_announced_and_not_yet_told(world: World) -> None:
    draft = copy_version(world.versions["webshop"], matrix=world.versions["webshop"].matrix)
    publish(draft, by=None, now=TUESDAY, reason="later", effective_from=TUESDAY + timedelta(days=10))
    book = made(world.webshop, at=TUESDAY + timedelta(minutes=1))
    assert book.version == 1
    first = section(book, "changes").blocks[0]
    assert isinstance(first, Text)
    assert "Fri 4 Dec 2026" in first.text
    assert first.note


def test_hours_and_the_special_days_of_a_year(world: World) -> None:
    record(DatedOpening, by=None, now=BEGAN, hours=world.office, day=date(2026, 12, 24), label="House closed")
    record(
        DatedOpening,
        by=None,
        now=BEGAN,
        hours=world.office,
        day=date(2026, 12, 31),
        opens=time(8),
        closes=time(12),
        label="Half a day",
    )
    book = made(world.webshop)
    assert table(book, "hours") == [["Mon–Fri", "08:00–18:00"]]
    days = table(book, "hours", 1)
    assert days[:3] == [
        ["Thu 24 Dec 2026", "House closed", "closed"],
        ["Fri 25 Dec 2026", "Christmas Day", "closed"],
        ["Thu 31 Dec 2026", "Half a day", "08:00–12:00"],
    ]
    assert "Sat 26 Dec 2026" not in [day for day, _name, _office in days]
    assert days[-1][0] == "Thu 27 May 2027"


def test_names_of_holidays_are_in_the_reader_s_language(world: World) -> None:
    assert "Fronleichnam" in text(made(world.webshop, language="de"))
    assert "Corpus Christi" in text(made(world.webshop, language="en"))


def test_only_the_project_s_own_contacts_stand_in_it_in_the_order_of_call_back(world: World) -> None:
    erp = make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    other = Contact.objects.get(person=world.bob)
    other.limited_to.set([erp])
    Contact.objects.filter(person=world.alice).update(call_back_order=1)
    rows = table(made(world.webshop), "customer-contacts")
    assert rows == [
        [
            "Alice Alster",
            "report incidents, place orders, manage contacts",
            "as number 1 | at any time",
            "alice@alster.example",
        ]
    ]
    other.limited_to.set([world.webshop])
    assert [row[0] for row in table(made(world.webshop), "customer-contacts")] == ["Alice Alster", "Bob Alster"]
    Contact.objects.filter(person=world.alice).update(left_at=TUESDAY)
    assert [row[0] for row in table(made(world.webshop), "customer-contacts")] == ["Bob Alster"]


def test_topics_name_who_answers_and_which_right_they_need(world: World) -> None:
    Topic.objects.create(
        key="offer",
        name_de="Angebot",
        name_en="Offer",
        hint_en="No hurry.",
        roles=["brm", "sdm"],
        answer_minutes=960,
        needs_right="order",
    )
    Topic.objects.create(key="break-in", position=1, name_de="Einbruch", name_en="Break-in", becomes_incident="blocker")
    assert table(made(world.webshop), "topics") == [
        ["Offer | No hurry. | needs the right to order", "Katharina Business | Jana Manager", "16 hours"],
        ["Break-in", "is reported as an incident: Blocker", "–"],
    ]


def test_a_complaint_is_led_to_the_management(world: World) -> None:
    Topic.objects.create(
        key="complaint", name_de="Beschwerde", name_en="Complaint", roles=["sdm", "escalation_manager"]
    )
    shown = text(section(made(world.webshop), "management"))
    assert "Jana Manager (SDM), Georg Operations (escalation manager)" in shown


def test_clocks_are_explained_as_far_as_they_are_used(world: World) -> None:
    facts = [block for block in section(made(world.webshop), "targets").blocks if isinstance(block, Facts)]
    terms = [term for term, _cell in facts[0].rows]
    assert terms == ["Start", "Response", "Restoration", "Round the clock", "Support hours", "Pause"]


@pytest.mark.parametrize("left", ["office", "rota", "assignments", "managers"])
def test_a_project_that_lacks_something_has_a_handbook_all_the_same(world: World, left: str) -> None:
    rows: dict[str, Any] = {
        "office": world.office.weekly.all(),
        "rota": world.rota.coverage.all(),
        "assignments": world.webshop.assignments.all(),
    }
    if left == "managers":
        from portal.models import EscalationManager

        rows["managers"] = EscalationManager.objects.all()
    for row in rows[left]:
        retire(row, by=None, now=TUESDAY - timedelta(days=1))
    book = made(world.webshop)
    assert book.sections
    if left == "office":
        assert "Business hours" not in {title for _priority, title in flows(book)}


def test_an_office_that_never_closes_has_one_window(world: World) -> None:
    for row in world.office.weekly.all():
        retire(row, by=None, now=BEGAN + timedelta(days=1))
    for weekday in range(7):
        record(
            WeeklyOpening,
            by=None,
            now=BEGAN + timedelta(days=1),
            hours=world.office,
            weekday=weekday,
            opens=time(0),
            closes=time(0),
        )
    SupportHours.objects.filter(pk=world.office.pk).update(country="", subdivision="")
    book = made(world.webshop)
    assert table(book, "hours") == [["Mon–Sun", "00:00–24:00"]]
    assert {title for _priority, title in flows(book)} == {"Business hours", "Reported by monitoring"}


def test_queries_do_not_grow(world: World) -> None:
    project = Project.objects.select_related("customer").get(pk=world.webshop.pk)

    def read() -> object:
        return handbook_for(project, at=datetime(2026, 11, 24, 9, tzinfo=UTC), language="de")

    Contact.objects.filter(person=world.alice).update(reachable=world.office)
    read()
    few = queries(read)
    for number in range(20):
        Topic.objects.create(key=f"t{number}", name_de="x", name_en="x", roles=["sdm"])
        person = type(world.alice).objects.create_user(f"c{number}@alster.example", None, name=f"C {number}")
        Contact.objects.create(customer=world.alster, person=person, call_back_order=number, reachable=world.office)
    for minutes in range(8):
        draft = copy_version(world.versions["webshop"], matrix=world.versions["webshop"].matrix)
        draft.terms.update(update_minutes=minutes + 1)
        publish(draft, by=None, now=BEGAN + timedelta(days=minutes + 1), reason="again")
    read()
    assert queries(read) == few < 10
