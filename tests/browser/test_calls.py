"""Taking a call by keyboard, and what only a browser can tell of it."""

import time
from typing import TYPE_CHECKING, Literal

import pytest

from portal import clock
from portal.contacts.services import new_pin
from portal.models import Contact
from routing.incidents import services
from routing.incidents.models import Incident, IncidentLink
from routing.models import Call
from tests.people import World
from tests.routing.pages.helpers import report

from .conftest import Visit, violations, width_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
QUICK = 20
"""Seconds that a call may take to log."""


def type_in(page: "Page", *keys: str) -> int:
    """Press keys one after the other, wherever the focus is; how many those were."""
    pressed = 0
    for each in keys:
        if each in ("Enter", "Tab"):
            page.keyboard.press(each)
            pressed += 1
        else:
            page.keyboard.type(each)
            pressed += len(each)
    return pressed


def test_a_call_is_logged_by_keyboard_in_a_few_seconds(live_world: World, visit: Visit) -> None:
    page = visit("/calls/new/", live_world.desk)
    begun = time.monotonic()
    to_find = type_in(page, "ali", "Enter")
    page.locator("#id_title:focus").wait_for()
    title = "The checkout is empty"
    type_in(page, title)
    to_log = type_in(page, "Enter", "1", "Enter")
    assert page.evaluate("document.activeElement.id") == "act-take"
    to_log += type_in(page, "Enter")
    page.get_by_text("Logged as incident").wait_for()
    assert time.monotonic() - begun < QUICK
    assert to_find + to_log <= 8  # beside the title itself
    incident = Incident.objects.get()
    assert (incident.title, incident.priority) == (title, "blocker")
    assert (incident.reporter, incident.assignee) == (live_world.alice, live_world.desk)


def test_what_was_found_is_walked_with_the_arrows(live_world: World, visit: Visit) -> None:
    page = visit("/calls/new/", live_world.desk)
    field = page.get_by_role("combobox")
    field.press_sequentially("alster")
    page.get_by_role("option").nth(2).wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    assert field.get_attribute("aria-activedescendant") == page.get_by_role("option").first.get_attribute("id")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    chosen = page.locator("[aria-selected=true]")
    assert chosen.count() == 1
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    assert page.evaluate("document.activeElement.id") == "who"
    page.keyboard.press("Escape")
    assert page.get_by_role("option").count() == 0
    assert field.input_value() == ""
    assert field.get_attribute("aria-expanded") == "false"


def test_a_caller_is_connected_by_keyboard(live_world: World, visit: Visit) -> None:
    page = visit("/calls/new/?project=webshop", live_world.desk)
    type_in(page, "Down", "Enter", "2", "Enter", "Tab", "Tab", "Enter")
    assert str(page.evaluate("document.activeElement.id")).startswith("connect-")
    page.locator(f"#connect-{live_world.oncall.pk}").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Connect the caller to Marek Nightly").wait_for()
    assert Incident.objects.get().assignee == live_world.oncall


def test_alike_ones_appear_as_one_types_and_can_be_linked(live_world: World, visit: Visit) -> None:
    first = report(live_world.webshop, live_world.alice, title="Basket stays empty")
    page = visit("/calls/new/?project=webshop", live_world.desk)
    assert page.get_by_text("may be the same").count() == 0
    type_in(page, "Something with the basket")
    page.get_by_text("may be the same").wait_for(timeout=30_000)
    page.locator(f"#related-{first.pk}").check()
    with page.expect_response("**/calls/around/**"):
        page.evaluate("htmx.trigger('#around', 'outdated')")
    page.wait_for_timeout(200)
    assert page.locator(f"#related-{first.pk}").is_checked()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Start the chain").click()
    page.get_by_text("Logged as incident").wait_for()
    assert IncidentLink.objects.count() == 1


def test_what_is_written_survives_a_reload_but_not_its_sending(live_world: World, visit: Visit) -> None:
    page = visit("/calls/new/?project=webshop", live_world.desk)
    type_in(page, "Half a sentence", "Enter", "3")
    page.get_by_label("Who is calling?").fill("Somebody")
    page.get_by_label("Call began at").fill("2026-11-24T07:00:00")
    page.reload()
    page.get_by_text("What was written before is here again").wait_for()
    assert page.get_by_label("What is wrong?").input_value() == "Half a sentence"
    assert page.get_by_label("Who is calling?").input_value() == "Somebody"
    assert page.locator("[name=priority]:checked").input_value() == "major"
    assert page.get_by_label("Call began at").input_value().startswith("2026-11-24T07:00")
    page.get_by_role("button", name="Begin anew").click()
    assert page.get_by_label("What is wrong?").input_value() == ""
    assert page.locator("[name=priority]:checked").count() == 0
    page.get_by_label("What is wrong?").fill("The whole sentence")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="I take it").click()
    page.get_by_text("Logged as incident").wait_for()
    page = visit("/calls/new/?project=webshop")
    assert page.get_by_label("What is wrong?").input_value() == ""
    assert not page.get_by_text("What was written before").is_visible()


def test_what_moves_leaves_the_form_and_the_focus_alone(live_world: World, visit: Visit) -> None:
    page = visit("/calls/new/?project=webshop", live_world.desk)
    type_in(page, "Down", "Enter", "2")
    page.locator(f"#connect-{live_world.oncall.pk}").focus()
    report(live_world.webshop, live_world.alice, title="Reported meanwhile")
    page.evaluate("htmx.trigger('#around', 'outdated')")
    page.get_by_text("Reported meanwhile").wait_for()
    assert page.evaluate("document.activeElement.id") == f"connect-{live_world.oncall.pk}"
    assert page.locator("[name=priority]:checked").input_value() == "critical"
    assert page.locator(".dd-whom[data-for=critical]").is_visible()
    assert not page.locator(".dd-whom[data-for=blocker]").is_visible()


def test_a_pin_is_checked_beside_the_form(live_world: World, visit: Visit) -> None:
    contact = Contact.objects.get(person=live_world.alice)
    pin = new_pin(contact, now=clock.now())
    page = visit(f"/calls/new/?project=webshop&contact={contact.pk}", live_world.desk)
    page.get_by_label("PIN of the caller").fill(pin)
    page.keyboard.press("Enter")
    page.get_by_text("Proven: the caller knows the PIN").wait_for()
    page.get_by_label("What is wrong?").fill("Down")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="I take it").click()
    page.get_by_text("Logged as incident").wait_for()
    assert Call.objects.get().proven


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_the_pages_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    contact = Contact.objects.get(person=live_world.alice)
    contact.phones, contact.call_back_order = ["+494066969100"], 1
    contact.save()
    new_pin(contact, now=clock.now())
    incident = report(live_world.webshop, live_world.alice, title="The basket stays empty, and so does the till")
    services.acknowledge(incident, by=live_world.oncall, now=clock.now())
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found: dict[str, list[str]] = {}

    def look(what: str) -> None:
        assert width_of(page) <= size["width"], what
        found[what] = violations(page)

    page = visit("/calls/new/", live_world.desk)
    page.get_by_role("combobox").press_sequentially("alster")
    page.get_by_role("option").first.wait_for()
    look("found")
    page = visit(f"/calls/new/?project=webshop&contact={contact.pk}")
    type_in(page, "basket", "Enter", "2")
    page.get_by_text("may be the same").wait_for(timeout=30_000)  # by the page's own round where one ask was lost
    look("form")
    page.evaluate("document.querySelector('#call').noValidate = true")
    page.get_by_label("Number for call-back").fill("nonsense")
    page.get_by_role("button", name="I take it").click()
    page.get_by_text("This is no phone number").wait_for()
    look("refused")
    assert {what: faults for what, faults in found.items() if faults} == {}


def test_nothing_of_it_needs_the_script(live_world: World, live_server: "LiveServer", browser: "Browser") -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/calls/new/")
    page.get_by_label("Email").fill("desk@example.com")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Customer, project, person or phone number").fill("bob alster")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Bob Alster").click()
    page.get_by_label("What is wrong?").fill("The shop is down")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Connect to Jana Manager").click()
    page.get_by_text("Connect the caller to Jana Manager").wait_for()
    context.close()
    assert Incident.objects.get().assignee == live_world.sdm
