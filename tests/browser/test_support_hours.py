"""Christmas planned in a browser, by mouse and by keyboard, and every page of it readable for everybody."""

from typing import TYPE_CHECKING

import pytest

from portal.maintenance import announce
from portal.models import DatedOpening, SupportHours
from tests.people import BERLIN, TUESDAY, World

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

pytestmark = pytest.mark.browser

OFFICE = "/administration/support-hours/calendars/office/"


@pytest.fixture
def office(live_world: World, frozen: "Callable[[datetime], None]") -> World:
    frozen(TUESDAY)
    SupportHours.objects.filter(pk=live_world.office.pk).update(slug="office", country="DE", subdivision="HE")
    return live_world


def test_christmas_is_planned_by_mouse_and_a_bridge_day_by_keyboard(office: World, visit: Visit) -> None:
    page = visit(OFFICE, office.admin)
    page.get_by_role("link", name="Plan Christmas").click()
    plan = page.get_by_role("region", name="24 and 31 December")
    plan.get_by_label("24 December").select_option("half")
    plan.get_by_label("31 December").select_option("closed")
    with page.expect_navigation():
        plan.get_by_role("button", name="See what changes").click()
    page.get_by_text("Thu 24 Dec 2026").wait_for()
    page.get_by_label("Why?").fill("as every year")
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    turns = page.get_by_role("region", name="The ten changes from Thu 24 Dec 2026 on")
    turns.get_by_text("Thu 24 Dec 2026, 12:00").wait_for()
    assert page.get_by_role("table", name="December").get_by_text("other hours by exception").count() == 1

    days = page.get_by_role("region", name="Set special days")
    days.get_by_label("Day, or the first of several").fill("2026-12-28")
    days.get_by_label("Last day").fill("2026-12-30")
    days.get_by_label("Name of the day").press_sequentially("Company holidays")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_label("Why?").press_sequentially("between the years")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_text("Saved. It counts from now on.").wait_for()
    assert DatedOpening.objects.current().count() == 5


def test_pages_keep_to_wcag_and_fit_the_screen(office: World, visit: Visit) -> None:
    starts = TUESDAY.replace(month=12, day=1, hour=22)
    row = announce(
        projects=[office.webshop], starts=starts, ends=starts.replace(hour=23), text_de="Steht still.",
        text_en="Stands still.", by=office.admin, now=TUESDAY.astimezone(BERLIN),
    )  # fmt: skip
    found = {}
    for theme, size in (("light", DESKTOP), ("dark", PHONE)):
        page = visit("/administration/support-hours/", office.admin)
        page.emulate_media(color_scheme="light" if theme == "light" else "dark")
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for path in (
            "/administration/support-hours/",
            "/administration/support-hours/new/",
            "/administration/support-hours/maintenance/",
            f"/administration/support-hours/maintenance/{row.uid}/",
            f"/administration/support-hours/maintenance/{row.uid}/cancel/",
            "/administration/support-hours/installation/",
            f"{OFFICE}site/",
            OFFICE,
        ):
            page = visit(path)
            assert width_of(page) <= size["width"], path
            if theme == "light" or path == OFFICE:
                found[path, theme] = violations(page)
        page.get_by_label("24 December").select_option("half")
        with page.expect_navigation():
            page.get_by_role("region", name="24 and 31 December").get_by_role("button").click()
        assert width_of(page) <= size["width"]
        found["preview", theme] = violations(page)
    assert {place: faults for place, faults in found.items() if faults} == {}
