"""Confirming a duty, keeping a rest and importing a roster in a browser: for every eye, and by keyboard alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from oncall.models import Override
from routing.duty.confirmations import ask_and_warn
from routing.models import DutyConfirmation
from tests.oncall.duty import NOW, Crew, make_crew
from tests.people import World
from tests.routing.duty.test_call_outs import worked

from .conftest import Visit, violations, width_of

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
REST, IMPORT = "/administration/rosters/rest/", "/administration/rosters/media/import/"
CHRISTMAS = "line,person,start,end\nprimary,Tom Night,2026-12-24 10:00,2026-12-26 10:00\nbackup,Nobody,x,y\n"


@pytest.fixture
def crew(live_world: World, frozen: Callable[[datetime], None]) -> Crew:
    frozen(NOW)
    return make_crew(live_world)


def test_the_pages_keep_to_wcag_and_fit_the_screen(
    crew: Crew, live_world: World, visit: Visit, live_server: "LiveServer"
) -> None:
    worked(live_world, at=NOW - timedelta(hours=6))
    ask_and_warn(now=NOW)
    asked = DutyConfirmation.objects.get(person=crew.ole)
    for person, theme, paths in (
        (live_world.admin, "light", [REST, IMPORT]),
        (live_world.admin, "dark", [REST, IMPORT]),
        (live_world.oncall, "light", ["/duty/"]),
        (crew.ole, "dark", ["/duty/", f"/duty/c/{asked.token}/"]),
    ):
        page = visit(paths[0], person)
        page.emulate_media(color_scheme=theme)
        for path in paths:
            page.goto(live_server.url + path)
            if path == IMPORT:
                page.fill("textarea[name=text]", CHRISTMAS)
                page.fill("[name=why]", "Christmas")
                assert violations(page) == []
                with page.expect_navigation():
                    page.get_by_role("button", name="Show what would happen").click()
            for screen in (PHONE, DESKTOP):
                page.set_viewport_size(screen)
                assert width_of(page) <= screen["width"], path
                assert violations(page) == [], (path, theme)


def test_by_keyboard_a_roster_is_imported_and_a_duty_confirmed(crew: Crew, live_world: World, visit: Visit) -> None:
    page = visit(IMPORT, live_world.admin)
    page.locator("textarea[name=text]").focus()
    page.keyboard.insert_text(CHRISTMAS)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Christmas")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_text("One row would be imported.").is_visible()
    page.get_by_role("button", name="Import one row").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_text("One override recorded.").is_visible()
    assert Override.objects.get().person == crew.tom
    ask_and_warn(now=NOW)
    page = visit("/duty/", crew.ole)
    page.get_by_role("button", name="I take over").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_text("Thank you. You take over.").is_visible()
    assert DutyConfirmation.objects.get(person=crew.ole).confirmed_at == NOW
