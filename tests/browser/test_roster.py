"""The roster editor in a browser: dragging, the same by keyboard, and on a phone."""

import re
from typing import Literal

import pytest
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence, Override
from oncall.rotation import AbsenceKind, Line
from oncall.services import record_absence, record_override
from portal import clock
from tests.oncall.duty import WEEK
from tests.people import World

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

pytestmark = pytest.mark.browser
ROOT = "/administration/rosters/"


def test_somebody_is_covered_by_keyboard_and_by_dragging(live_world: World, visit: Visit) -> None:
    page = visit(f"{ROOT}platform/", live_world.admin)
    page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    page.get_by_role("link", name="Marek Nightly is away: who takes over?").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_label("Who takes over").focus()
    page.keyboard.type("Tobias")
    page.get_by_role("button", name="Show what changes").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("cell", name="Tobias Deputy").count() == 1
    page.get_by_label("Why is this changed?").focus()
    page.keyboard.type("by phone")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Override.objects.get().person == live_world.deputy
    assert Absence.objects.get().person == live_world.oncall
    assert page.locator(".roster-duty .roster-is-override", has_text="Tobias Deputy").count() >= 1

    row = page.locator(".roster-week").nth(1).locator(".roster-duty .roster-row").last
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    assert box
    day, middle = box["width"] / 7, box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 2 * day + 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 3 * day, middle, steps=4)
    with page.expect_navigation(url=re.compile("/override/")):
        page.mouse.move(box["x"] + 4 * day - 2, middle, steps=4)
        page.mouse.up()
    assert page.get_by_label("Line").input_value() == "backup"
    begins, ends = page.get_by_label("From").input_value(), page.get_by_label("Until").input_value()
    assert (begins[11:], ends[11:]) == ("00:00", "00:00")
    assert int(ends[8:10]) - int(begins[8:10]) in (2, -28, -29)


def test_the_editor_keeps_to_wcag_and_fits_the_screen(live_world: World, visit: Visit) -> None:
    now = clock.now()
    soon = DateTimeTZRange(now + WEEK, now + 2 * WEEK)
    record_absence(live_world.oncall, AbsenceKind.DAY, soon, by=None, now=now)
    record_override(live_world.rota, Line.BACKUP, live_world.oncall, soon, by=None, now=now)
    asked = f"line=primary&person={live_world.deputy.pk}&begins=2026-01-01T00:00&ends={(now + WEEK):%Y-%m-%dT%H:%M}"
    walks: tuple[tuple[dict[str, int], Literal["light", "dark"], list[str]], ...] = (
        (PHONE, "dark", ["platform/", f"platform/override/?preview=1&{asked}"]),
        (DESKTOP, "light", ["platform/", "platform/rotation/"]),
    )
    found = {}
    for size, theme, places in walks:
        for path in places:
            page = visit(ROOT + path, live_world.admin)
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            assert width_of(page) <= size["width"], path
            found[path, theme] = violations(page)
    assert {path: faults for path, faults in found.items() if faults} == {}
