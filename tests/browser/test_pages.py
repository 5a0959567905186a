"""What only a browser can tell: contrast and names, the script's conveniences, and that nothing needs it."""

from typing import TYPE_CHECKING, Literal

import pytest

from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.escalating import advance_due
from routing.paging.models import Page as PersonPage
from tests.people import World
from tests.routing.pages.helpers import report

from .conftest import Visit, violations, width_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


def a_busy_day(world: World) -> Incident:
    """An open incident with pages and notes, and one that is over."""
    done = report(world.webshop, world.alice, title="A report shows a wrong date", priority="minor")
    services.resolve(done, by=world.desk, now=clock.now(), reason="Corrected")
    incident = report(world.webshop, world.alice, description="Since nine.\nCall back 040.")
    advance_due(now=clock.now(), limit=10)
    services.add_note(incident, by=world.desk, now=clock.now(), text="Looking into it", public=True)
    services.add_note(incident, by=world.desk, now=clock.now(), text="Keys are in the safe", public=False)
    return incident


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_pages_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    incident = a_busy_day(live_world)
    link = PersonPage.objects.filter(state="open").first()
    assert link is not None
    places = [
        ("/accounts/login/", None),
        ("/accounts/password/reset/", None),
        (f"/a/{link.token}/", None),
        ("/projects/webshop/call/?at=2026-11-29T03:00", live_world.alice),
        ("/projects/webshop/call/?priority=minor", live_world.desk),
        (f"/incidents/{incident.pk}/", live_world.alice),
        (f"/incidents/{incident.pk}/", live_world.desk),
        (f"/incidents/{incident.pk}/record/", live_world.desk),
        ("/incidents/?status=all", live_world.desk),
        ("/incidents/new/?project=webshop", live_world.desk),
        ("/incidents/new/", live_world.desk),
        ("/projects/", live_world.desk),
        ("/on-call/", live_world.desk),
        ("/accounts/password/change/", live_world.admin),
    ]
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {}
    for path, person in places:
        page = visit(path, person)
        assert page.locator("html").get_attribute("data-bs-theme") == theme
        assert width_of(page) <= size["width"], path
        found[path] = violations(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_theme_is_kept(live_world: World, visit: Visit) -> None:
    page = visit("/incidents/", live_world.desk)
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_the_first_tab_skips_to_the_content(live_world: World, visit: Visit) -> None:
    page = visit("/incidents/", live_world.desk)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_menu_closes_on_escape_and_gives_the_focus_back(live_world: World, visit: Visit) -> None:
    page = visit("/incidents/", live_world.desk)
    page.locator("details.dd-menu > summary", has=page.locator(".dd-avatar")).click()
    assert page.get_by_role("button", name="Sign out").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Sign out").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_list_shows_what_is_new_and_keeps_the_focus(live_world: World, visit: Visit) -> None:
    first = report(live_world.webshop, live_world.alice, title="The first one")
    page = visit("/incidents/", live_world.desk)
    page.locator(f"#incident-{first.pk}").focus()
    report(live_world.webshop, live_world.alice, title="The second one")
    page.evaluate("htmx.ajax('GET', '/incidents/', {target: '#rows', swap: 'outerHTML'})")
    page.get_by_text("The second one").wait_for()
    assert page.evaluate("document.activeElement.id") == f"incident-{first.pk}"
    assert page.locator("#summary").inner_text() == "2 incidents"


def test_an_unchanged_list_is_not_drawn_again(live_world: World, visit: Visit) -> None:
    report(live_world.webshop, live_world.alice)
    page = visit("/incidents/", live_world.desk)
    ask = "htmx.ajax('GET', '/incidents/', {target: '#rows', swap: 'outerHTML'})"
    page.evaluate(ask)
    page.evaluate("document.querySelector('#rows').dataset.mark = 'here'")
    with page.expect_response("**/incidents/") as answer:
        page.evaluate(ask)
    assert answer.value.status == 304
    assert page.locator("#rows").get_attribute("data-mark") == "here"


def test_a_change_of_state_is_announced(live_world: World, visit: Visit) -> None:
    incident = report(live_world.webshop, live_world.alice)
    page = visit(f"/incidents/{incident.pk}/", live_world.desk)
    services.acknowledge(incident, by=live_world.oncall, now=clock.now())
    page.evaluate(f"htmx.ajax('GET', '/incidents/{incident.pk}/', {{target: '#live', swap: 'outerHTML'}})")
    page.locator("#announced", has_text="acknowledged: Marek Nightly").wait_for(state="attached")


def test_clocks_count(live_world: World, visit: Visit) -> None:
    report(live_world.webshop, live_world.alice)
    page = visit("/incidents/", live_world.desk)
    clock_shown = page.locator("[data-clock]").first
    before = clock_shown.inner_text()
    assert before.startswith("in 59:")
    page.wait_for_timeout(1500)
    assert clock_shown.inner_text() != before


def test_nothing_needs_the_script(live_world: World, live_server: "LiveServer", browser: "Browser") -> None:
    """From signing in over reporting to resolving, with scripts switched off."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/incidents/new/?project=webshop")
    page.get_by_label("Email").fill("desk@example.com")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("What is wrong?").fill("The shop is down")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Report").click()
    page.get_by_role("button", name="Acknowledge: I take it").click()
    page.locator("summary", has_text="Resolve").click()
    page.get_by_label("What was the cause, and what was done?").fill("Disk replaced")
    page.get_by_role("button", name="Resolve").click()
    page.get_by_text("Resolved: Disk replaced").wait_for()
    context.close()
    incident = Incident.objects.get()
    assert (incident.status, incident.assignee) == ("resolved", live_world.desk)


def test_one_tap_from_a_message(live_world: World, visit: Visit) -> None:
    a_busy_day(live_world)
    link = PersonPage.objects.filter(state="open").first()
    assert link is not None
    page = visit(f"/a/{link.token}/")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("status").get_by_text("took it").wait_for()
    link.refresh_from_db()
    assert link.state == "acknowledged"
