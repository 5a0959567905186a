"""Coverage on a screen: every gap by text, icon and colour, and by keyboard from the gap to its course."""

from typing import Literal

import pytest

from oncall.models import Rotation
from portal.models import Project
from portal.services import retire
from routing.models import ContactMethod
from tests.people import BEGAN, World

from .conftest import Visit, violations, width_of

pytestmark = pytest.mark.browser

PAGE = "/administration/coverage/"
SCREENS: list[tuple[Literal["light", "dark"], int, int]] = [("light", 390, 844), ("dark", 1440, 900)]


def break_much(world: World) -> None:
    """A line that ends, a number that is not verified, a project without anything."""
    for rotation in Rotation.objects.current().filter(rota=world.rota):
        retire(rotation, by=None, now=BEGAN)
    ContactMethod.objects.filter(person=world.sdm).exclude(channel="email").delete()
    Project.objects.create(customer=world.seeburg, key="bare", name="Bare")


def test_the_page_keeps_to_wcag_and_leads_to_the_course_by_keyboard(live_world: World, visit: Visit) -> None:
    page = visit("/accounts/login/")
    found = {}
    for broken in (False, True):
        if broken:
            break_much(live_world)
        for theme, width, height in SCREENS if broken else SCREENS[:1]:
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": height})
            visit(PAGE, live_world.admin)
            assert width_of(page) <= width, theme
            found[broken, theme] = violations(page)
    assert {where: faults for where, faults in found.items() if faults} == {}

    page.get_by_label("Severity").focus()
    page.keyboard.type("gap")
    page.get_by_role("button", name="Show").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".cv-finding").count() == page.locator(".cv-gap").count() > 0
    page.get_by_role("link", name="See the course").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator(".dd-course", has_text="Last resort").wait_for()
