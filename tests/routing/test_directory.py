"""The contacts of a project, and how each stands."""

from datetime import datetime, timedelta

import pytest
from django.utils import translation
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence
from portal.models import Assignment, Project
from portal.services import record, supersede
from routing.directory import Entry, directory
from routing.gather import gather
from tests.people import BEGAN, SUNDAY_NIGHT, TUESDAY, World, make_person, make_project

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def entries(project: Project, at: datetime = TUESDAY) -> dict[str, Entry]:
    return {entry.key: entry for entry in directory(gather([project], at=at)[project.pk], at=at)}


def test_everybody_is_there_in_order_with_a_number(world: World) -> None:
    found = entries(world.webshop)
    assert [(entry.key, entry.name, entry.phone, entry.title) for entry in found.values()] == [
        ("hotline", "Hotline", "+496990009301", ""),
        ("on-call", "On-call engineer, platform", "+496990009200", "On-call"),
        ("sdm-1", "Jana Manager", "+496990009130", "Service Delivery Manager"),
        ("sdm-2", "Tobias Deputy", "+496990009131", "Service Delivery Manager, deputy"),
        ("service-desk", "Service Desk", "+496990009100", ""),
        ("project-team", "Team Platform", "+496990009101", "project team"),
        ("brm-1", "Katharina Business", "+496990009140", "Business Relationship Manager"),
    ]


def test_the_on_call_service_has_its_public_name_in_the_reader_s_language(world: World) -> None:
    with translation.override("de"):
        assert entries(world.webshop)["on-call"].name == "Rufbereitschaft Plattform"


def standing(world: World, key: str, at: datetime) -> tuple[bool, str, datetime | None] | None:
    found = entries(world.webshop, at)[key].standing
    return (found.reachable, found.text, found.until) if found else None


def test_in_hours_the_sdm_is_there_and_the_deputy_is_not_needed(world: World) -> None:
    assert standing(world, "sdm-1", TUESDAY) == (True, "can be reached now", None)
    assert standing(world, "sdm-2", TUESDAY) is None
    assert standing(world, "service-desk", TUESDAY) == (True, "the team is at its desk", None)


def test_outside_hours_it_says_until_when(world: World) -> None:
    opening = SUNDAY_NIGHT.replace(day=30, hour=8)
    assert standing(world, "sdm-1", SUNDAY_NIGHT) == (False, "outside working hours", opening)
    assert standing(world, "service-desk", SUNDAY_NIGHT) == (False, "outside working hours", opening)


@pytest.mark.parametrize(
    ("kind", "text", "deputy"), [("short", "in a meeting or on a break", None), ("day", "away", True)]
)
def test_an_absence_is_told_as_the_resolver_takes_it(world: World, kind: str, text: str, deputy: object) -> None:
    until = TUESDAY + timedelta(hours=1)
    period = DateTimeTZRange(TUESDAY - timedelta(hours=1), until)
    record(Absence, by=world.sdm, now=TUESDAY - DAY, person=world.sdm, kind=kind, period=period)
    assert standing(world, "sdm-1", TUESDAY) == (False, text, until)
    assert standing(world, "sdm-2", TUESDAY) == ((True, "standing in as deputy", None) if deputy else None)


def test_who_comes_and_who_goes_is_shown_with_the_day(world: World) -> None:
    change = TUESDAY + 5 * DAY
    first = Assignment.objects.current().get(project=world.webshop, role="sdm", order=1)
    supersede(first, by=None, now=BEGAN, valid=DateTimeTZRange(BEGAN, change))
    new = make_person("new@example.com", "Nora Newcomer", 32)
    valid = DateTimeTZRange(change, None)
    record(Assignment, by=None, now=BEGAN, project=world.webshop, role="sdm", person=new, order=1, valid=valid)
    found = [entry for entry in entries(world.webshop).values() if entry.role == "sdm"]
    assert [(entry.name, entry.deputy, entry.since, entry.until) for entry in found] == [
        ("Jana Manager", False, None, change),
        ("Nora Newcomer", False, change, None),
        ("Tobias Deputy", True, None, None),
    ]


def test_a_project_with_next_to_nothing_has_what_there_is(world: World) -> None:
    bare = make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    assert list(entries(bare)) == ["hotline", "service-desk", "project-team"]
    lonely = Project.objects.create(customer=world.alster, key="lonely", name="Lonely")
    assert entries(lonely) == {}
