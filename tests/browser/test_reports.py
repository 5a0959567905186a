"""A report on a screen: contrast of its drawings too, nothing wider than the page, everything by keyboard."""

from typing import Literal

import pytest

from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.escalating import advance_due
from tests.people import World
from tests.routing.pages.helpers import report

from .conftest import Visit, violations, width_of

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


def a_month(world: World) -> None:
    """One that is over, one that is late, one that runs."""
    now = clock.now()
    done = report(world.webshop, world.alice, now=now)
    services.resolve(done, by=world.desk, now=now, reason="Restarted")
    late = report(world.webshop, world.alice, priority="critical", source=Incident.Source.MONITORING, now=now)
    Incident.objects.filter(pk=late.pk).update(respond_by=now)
    advance_due(now=now)
    report(world.webshop, world.alice, priority="minor", now=now)


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_reports_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    a_month(live_world)
    now = clock.now()
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {}
    here = f"/reports/alster/{now:%Y-%m}/"
    for path in ("/reports/", here, f"/reports/alster/{now:%Y}/", f"{here}incidents/", "/reports/alster/2099-12/"):
        page = visit(path, live_world.brm)
        assert width_of(page) <= size["width"], path
        found[path] = violations(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_from_the_customer_to_the_incident_by_keyboard(live_world: World, visit: Visit) -> None:
    a_month(live_world)
    page = visit("/reports/", live_world.brm)
    page.get_by_role("link", name="This month (Alster").focus()
    page.keyboard.press("Enter")
    drawing = page.get_by_role("img", name="Response targets")
    assert "Blocker: 1 in time" in (drawing.locator("desc").text_content() or "")
    page.locator(".rp-tile", has_text="Response in time").get_by_role("link").focus()
    page.keyboard.press("Enter")
    page.get_by_text("1 incident", exact=True).wait_for()
    page.get_by_role("link", name="The shop is down").click()
    page.get_by_role("heading", name="The shop is down").wait_for()
