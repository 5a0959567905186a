"""A new administrator takes on a customer by keyboard alone; every page of it is readable for everybody."""

from typing import TYPE_CHECKING, Any

import pytest

from portal.models import Project
from tests.people import World

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
ADMIN = "/administration"


def press(page: "Page", role: Any, name: str) -> None:
    """Reaches it by the keyboard, and opens the page it leads to."""
    target = page.get_by_role(role, name=name).first
    target.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_customer_with_two_projects_is_taken_on_by_keyboard(live_world: World, visit: Visit) -> None:
    page = visit(f"{ADMIN}/", live_world.admin)
    press(page, "link", "Customers and projects")
    press(page, "link", "New customer")
    page.get_by_label("Name").focus()
    page.keyboard.type("Möwe Reisen")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    for number, name in enumerate(("Booking", "Intranet")):
        press(page, "link", "Add another project" if number else "Add the first project")
        page.get_by_label("Name", exact=True).fill(name)
        if not number:
            for label, person in (
                ("Service Delivery Manager", live_world.sdm),
                ("Deputy of the SDM", live_world.deputy),
                ("Business Relationship Manager", live_world.brm),
            ):
                page.get_by_label(label, exact=True).select_option(str(person.pk))
        press(page, "button", "Take on the project")
        assert page.get_by_text("1 thing is missing").is_visible()
    # The second was asked nothing but its name.
    intranet = Project.objects.get(key="intranet")
    assert intranet.assignments.get(role="sdm", order=1).person == live_world.sdm


def test_pages_keep_to_wcag_and_fit_the_screen(live_world: World, visit: Visit) -> None:
    page = visit("/accounts/login/")
    found = {}
    paths = [
        *("customers/", "customers/alster/", "customers/alster/change/", "customers/alster/projects/new/"),
        *("projects/webshop/", "projects/webshop/assign/", "people/", f"people/{live_world.sdm.pk}/"),
        *(f"people/{live_world.sdm.pk}/change/", f"departures/{live_world.oncall.pk}/", "teams/", "teams/platform/"),
    ]
    for number, path in enumerate(paths):
        for size in (PHONE, DESKTOP):
            theme = "dark" if (number + (size is PHONE)) % 2 else "light"
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            page = visit(f"{ADMIN}/{path}", live_world.admin)
            assert width_of(page) <= size["width"], path
            found[path, size["width"]] = violations(page)
    assert {path: faults for path, faults in found.items() if faults} == {}
