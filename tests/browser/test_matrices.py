"""The matrix editor in a browser: a target is tightened by mouse and by keyboard, and its pages keep to WCAG."""

from typing import Literal

import pytest

from matrix.drafts import begin
from matrix.models import MatrixVersion
from portal import clock
from tests.people import World

from .conftest import Visit, violations, width_of

pytestmark = pytest.mark.browser

HOME = "/administration/matrices/"


def test_a_tightened_target_is_told_of_and_mended_by_mouse_and_by_keyboard(live_world: World, visit: Visit) -> None:
    page = visit(HOME, live_world.admin)
    page.set_viewport_size({"width": 1440, "height": 1000})
    with page.expect_navigation():
        page.get_by_role("link", name="webshop", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("button", name="Begin a draft").click()
    with page.expect_navigation():
        page.get_by_role("link", name="Targets and chains Blocker").click()
    beside = page.locator("#beside")
    beside.get_by_text("Every chain holds its target").wait_for()
    # Live, while it is typed.
    page.get_by_label("Response within (minutes)").fill("30")
    beside.get_by_text("on-call engineer (backup) comes too late").first.wait_for()
    for route in ("after_hours", "monitoring"):
        with page.expect_navigation():
            beside.locator(f"button[value='take:{route}']").press("Enter")
    beside.get_by_text("Every chain holds its target").wait_for()
    assert page.locator("[name=after_hours-0-wait]").input_value() == "15"
    # By keyboard alone: the first step goes down, and the focus with it.
    page.locator("#business_hours-0-down").focus()
    with page.expect_response("**/preview/"):
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "business_hours-0-down"
    assert page.locator("#moved").inner_text() == "Now at place 2."
    # By dragging: back to the top.
    grips = page.locator("#business_hours [data-grip]")
    with page.expect_response("**/preview/"):
        grips.nth(1).drag_to(grips.nth(0), target_position={"x": 5, "y": 1})
    rows = page.locator("[name=business_hours-row]")
    assert [rows.nth(place).input_value() for place in range(rows.count())] == ["0", "1", "2", "3"]
    with page.expect_navigation():
        page.get_by_role("button", name="Save in the draft").click()
    with page.expect_navigation():
        page.get_by_role("link", name="Overview").first.click()
    with page.expect_navigation():
        page.get_by_role("link", name="Publish …").click()
    page.get_by_label("Why is it changed?").fill("The customer asked for it")
    with page.expect_navigation():
        page.get_by_role("button", name="Publish").press("Enter")
    assert page.get_by_text("Version 2 is published and in force").is_visible()
    published = MatrixVersion.objects.get(number=2)
    assert published.terms.get(priority="blocker").response_minutes == 30
    assert published.accepted_findings == []


def test_the_pages_keep_to_wcag_and_fit_the_screen(live_world: World, visit: Visit) -> None:
    version = live_world.versions["webshop"]
    draft = begin(version.matrix, source=version, by=live_world.admin, now=clock.now())
    draft.terms.filter(priority="blocker").update(response_minutes=30)
    parts = [f"drafts/{draft.pk}/{part}" for part in ("", "blocker/", "major/words/", "publish/", "discard/")]
    compare = f"compare/?one={version.pk}&other={draft.pk}"
    places = ["", "new/", f"{version.matrix_id}/", f"versions/{version.pk}/", compare, *parts]
    page = visit(HOME, live_world.admin)
    found = {}
    looks: list[tuple[Literal["light", "dark"], int, int, list[str]]] = [
        ("light", 1440, 900, places),
        ("dark", 390, 844, ["", compare, *parts]),
    ]
    for theme, width, height, shown in looks:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": height})
        for path in shown:
            page = visit(HOME + path)
            assert width_of(page) <= width, path
            found[path, theme] = violations(page)
    assert {place: faults for place, faults in found.items() if faults} == {}
