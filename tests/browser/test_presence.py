"""An SDM's day in a browser: presence with one tap, the night taken over, every page readable for everybody."""

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from oncall.models import Absence
from portal import clock
from portal.hours import next_opening
from portal.queries import hours_facts
from routing.incidents.models import Incident
from routing.paging.escalating import advance_due
from routing.presence.services import go_away, into_meeting
from tests.people import World
from tests.routing.pages.helpers import report
from tests.routing.paging.chains import alert

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser


def a_night(world: World) -> Incident:
    """Something that monitoring found an hour before the next opening."""
    now = clock.now()
    opening = next_opening(hours_facts([world.office], at=now, known_at=now)[world.office.pk], now + timedelta(days=1))
    assert opening is not None
    incident = alert(world, at=opening - timedelta(hours=1))
    advance_due(now=opening - timedelta(hours=1))
    return incident


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_pages_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    now = clock.now()
    report(live_world.webshop, live_world.alice)
    into_meeting(live_world.sdm, until=now + timedelta(hours=1), by=live_world.desk, now=now)
    start = now + timedelta(days=3)
    go_away(live_world.sdm, start=start, end=start + timedelta(days=2), by=live_world.sdm, now=now)
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {}
    for path, person in [
        ("/my-projects/", live_world.sdm),
        ("/my-projects/night/", live_world.sdm),
        ("/presence/", live_world.desk),
        (f"/presence/{live_world.sdm.pk}/", live_world.desk),
        ("/my-projects/", live_world.oncall),
    ]:
        page = visit(path, person)
        page.locator("details.dd-menu > summary", has=page.locator(".dd-avatar")).click()
        assert width_of(page) <= size["width"], path
        found[path] = violations(page)
    page.locator("details.dd-menu > summary", has=page.locator(".dd-avatar")).press("Escape")
    page.get_by_text("Away for days", exact=True).click()
    page.get_by_label("Away up to and including").fill((now + timedelta(days=2)).date().isoformat())
    page.get_by_role("button", name="See what this means").click()
    page.get_by_text("Nothing is recorded yet").wait_for()
    found["confirm"] = violations(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_presence_with_one_tap_in_the_header_and_by_keyboard(live_world: World, visit: Visit) -> None:
    page = visit("/incidents/", live_world.sdm)
    page.locator("details.dd-menu > summary", has=page.locator(".dd-avatar")).press("Enter")
    page.get_by_role("button", name="30 min").press("Enter")
    page.get_by_text("In a meeting until", exact=False).first.wait_for(state="attached")
    assert page.url.endswith("/incidents/")
    assert Absence.objects.current().get().person == live_world.sdm
    page.locator("details.dd-menu > summary", has=page.locator(".dd-avatar")).click()
    page.get_by_role("button", name="I am back").click()
    page.get_by_text("Back: not away any more.").wait_for()
    assert not Absence.objects.current().filter(period__endswith__gt=clock.now()).exists()


def test_the_night_is_taken_over_without_the_script(
    live_world: World, live_server: "LiveServer", browser: "Browser", frozen: "Callable[[datetime], None]"
) -> None:
    incident = a_night(live_world)
    frozen(incident.reported_at + timedelta(hours=1, minutes=5))
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/my-projects/night/")
    page.get_by_label("Email").fill("sdm@example.com")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="I take it over").click()
    page.get_by_text(f"#{incident.pk} is yours now.").wait_for()
    context.close()
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("acknowledged", live_world.sdm)
