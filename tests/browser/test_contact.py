"""Whom do I call? As a customer meets it: at ten on a Tuesday, at three on a Sunday, and while the answer changes."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest
from psycopg2.extras import DateTimeTZRange

from matrix.services import copy_version, publish
from oncall.rotation import AbsenceKind
from oncall.services import record_absence
from portal.models import Person
from routing.incidents import services
from tests.people import SUNDAY_NIGHT, TUESDAY, World, make_project
from tests.routing.pages.helpers import PASSWORD, report

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

Freeze = Callable[[datetime], None]
CARD = "/projects/webshop/call/"
MATRIX = "/projects/webshop/matrix/"


def sign_in(page: "Page", url: str) -> None:
    page.goto(f"{url}/")
    page.get_by_label("Email").fill("alice@alster.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def on_a_phone(page: "Page") -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})


def is_in_view(page: "Page", selector: str) -> bool:
    """Whether it is seen without scrolling, above the bar at the bottom."""
    box = page.locator(selector).bounding_box()
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= PHONE["height"] - 60


def test_on_tuesday_at_ten_signing_in_leads_to_the_sdm_one_tap_from_ringing(
    live_world: World, live_server: "LiveServer", page: "Page", frozen: Freeze
) -> None:
    frozen(TUESDAY)
    on_a_phone(page)
    sign_in(page, live_server.url)
    page.get_by_role("heading", name="Jana Manager").wait_for()
    call = page.get_by_role("link", name=re.compile("Call Jana Manager"))
    assert call.get_attribute("href") == "tel:+496990009130"
    assert "+49 69 90009130" in call.inner_text()
    assert is_in_view(page, ".dd-call")
    assert page.get_by_text("An answer by 11:00").is_visible()


def test_on_sunday_at_three_it_is_the_duty_and_two_taps_with_two_projects(
    live_world: World, live_server: "LiveServer", page: "Page", frozen: Freeze
) -> None:
    frozen(SUNDAY_NIGHT)
    make_project(live_world.office, live_world.alster, "erp", live_world.desk_team, live_world.platform)
    on_a_phone(page)
    sign_in(page, live_server.url)
    page.get_by_role("link", name=re.compile("^webshop")).click()
    call = page.get_by_role("link", name=re.compile("Call On-call engineer, platform"))
    assert call.get_attribute("href") == "tel:+496990009200"
    assert is_in_view(page, ".dd-call")
    assert page.get_by_text("An answer by 04:00").is_visible()
    assert page.get_by_text("Sunday 03:00, outside business hours").is_visible()


def test_the_open_page_changes_by_itself_when_the_sdm_goes_into_a_meeting(
    live_world: World, visit: Visit, frozen: Freeze
) -> None:
    frozen(TUESDAY)
    page = visit(CARD, live_world.alice)
    page.get_by_role("heading", name="Jana Manager").wait_for()
    meeting = DateTimeTZRange(TUESDAY, TUESDAY + timedelta(minutes=45))
    record_absence(live_world.sdm, AbsenceKind.SHORT, meeting, by=live_world.sdm, now=TUESDAY)
    frozen(TUESDAY + timedelta(seconds=5))
    page.locator("#who", has_text="Service Desk").wait_for(timeout=15_000)
    assert page.get_by_text("is in a meeting or on a break until 10:45").is_visible()
    assert page.locator("#announced").inner_text() == "Call now: Service Desk"


def test_the_open_page_asks_again_the_second_its_answer_expires(
    live_world: World, visit: Visit, frozen: Freeze
) -> None:
    closing = TUESDAY.replace(hour=18)
    frozen(closing - timedelta(seconds=3))
    page = visit(CARD, live_world.alice)
    page.get_by_role("heading", name="Jana Manager").wait_for()
    frozen(closing)
    page.locator("#who", has_text="On-call engineer, platform").wait_for(timeout=6_000)


def ask_again(page: "Page") -> int:
    """Ask as the script does when an answer expires; the status of what came, once it is drawn and listens again."""
    from playwright.sync_api import expect

    under_way = page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")
    expect(under_way).to_have_count(0)
    with page.expect_response(f"**{CARD}") as answer:
        page.evaluate("document.querySelector('#card').dispatchEvent(new Event('outdated'))")
    expect(under_way).to_have_count(0)
    return answer.value.status


def test_what_stays_the_same_is_not_drawn_again_nor_announced(live_world: World, visit: Visit, frozen: Freeze) -> None:
    frozen(TUESDAY)
    page = visit(CARD, live_world.alice)
    ask_again(page)
    page.evaluate("document.querySelector('#announced').firstChild.kept = true")
    page.locator("#call-1").focus()
    frozen(TUESDAY + timedelta(minutes=1))
    ask_again(page)
    page.get_by_text("An answer by 11:01").wait_for()
    assert page.evaluate("document.activeElement.id") == "call-1"
    assert page.evaluate("document.querySelector('#announced').firstChild.kept")
    assert ask_again(page) == 304


def test_after_the_session_has_ended_the_open_page_becomes_the_login_page_and_leads_back(
    live_world: World, live_server: "LiveServer", visit: Visit, frozen: Freeze
) -> None:
    frozen(TUESDAY)
    page = visit(f"{CARD}?priority=major", live_world.alice)
    page.get_by_role("heading", name="Jana Manager").wait_for()
    page.context.clear_cookies()
    page.get_by_role("button", name="Sign in", exact=True).wait_for(timeout=15_000)
    assert page.locator("#card").count() == 0
    page.get_by_label("Email").fill("alice@alster.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Jana Manager").wait_for()
    assert page.url == f"{live_server.url}{CARD}?priority=major"


def test_an_open_page_says_so_while_the_portal_cannot_be_reached(
    live_world: World, visit: Visit, frozen: Freeze
) -> None:
    frozen(TUESDAY)
    page = visit(CARD, live_world.alice)
    ask = "document.querySelector('#card').dispatchEvent(new Event('outdated'))"
    note = page.get_by_text("The portal cannot be reached at the moment")
    assert not note.is_visible()
    page.context.set_offline(True)
    page.evaluate(ask)
    note.wait_for()
    assert page.get_by_role("heading", name="Jana Manager").is_visible()
    page.context.set_offline(False)
    page.evaluate(ask)
    note.wait_for(state="hidden")


def test_the_language_and_the_theme_are_switched_on_the_card(live_world: World, visit: Visit, frozen: Freeze) -> None:
    frozen(SUNDAY_NIGHT)
    page = visit(f"{CARD}?priority=minor", live_world.alice)
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="DE Deutsch").click()
    page.get_by_role("heading", name="Wen rufe ich an?").wait_for()
    assert page.url.endswith("?priority=minor")
    assert page.get_by_text("Bedeutung von minor").is_visible()
    page.get_by_role("button", name="Zwischen hell und dunkel wechseln").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.get_by_role("link", name="Matrix").click()
    page.get_by_role("heading", name="Kommunikationsmatrix").wait_for()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def an_eventful_day(world: World) -> None:
    """An SDM in a meeting, and an incident that is being worked on."""
    meeting = DateTimeTZRange(TUESDAY, TUESDAY + timedelta(minutes=45))
    record_absence(world.sdm, AbsenceKind.SHORT, meeting, by=world.sdm, now=TUESDAY)
    incident = report(world.webshop, world.alice, now=TUESDAY)
    services.acknowledge(incident, by=world.desk, now=TUESDAY)


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_card_and_matrix_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, frozen: Freeze, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    frozen(TUESDAY)
    an_eventful_day(live_world)
    make_project(live_world.office, live_world.alster, "bare", live_world.desk_team, live_world.platform)
    page = visit(CARD, live_world.alice)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {}
    for path in (CARD, f"{CARD}?at=2026-12-20T03:00", MATRIX, "/projects/bare/call/", "/projects/bare/matrix/"):
        page = visit(path)
        assert width_of(page) <= size["width"], path
        found[path] = violations(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_on_a_phone_each_priority_is_a_card_of_its_own(live_world: World, visit: Visit) -> None:
    page = visit(MATRIX, live_world.alice)
    assert page.locator(".dd-matrix thead").bounding_box()["height"] > 10  # type: ignore[index]
    on_a_phone(page)
    labels = page.locator(".dd-matrix-label")
    assert labels.count() == 12
    assert all(label.is_visible() for label in labels.all())
    row = page.locator(".dd-matrix tbody tr").first
    widths = {round(cell.bounding_box()["width"]) for cell in row.locator("td").all()}  # type: ignore[index]
    assert len(widths) == 1


def publish_with_long_texts(world: World) -> None:
    """A version whose texts are as long as those of a real contract."""
    draft = copy_version(world.versions["webshop"], matrix=world.versions["webshop"].matrix)
    definition = "Der Dienst steht oder ist für die meisten Nutzer nicht verwendbar, Daten gehen verloren. " * 2
    examples = ["Die Schnittstelle zur Warenwirtschaft steht, und die Bestellungen stauen sich seit Stunden."] * 3
    instruction = "Rufen Sie an und halten Sie Projektname, Kunden-PIN und Ihre Rückrufnummer bereit. " * 2
    draft.terms.update(definition_de=definition, examples_de=examples)
    draft.reporting.update(instruction_de=instruction)
    publish(draft, by=world.admin, now=TUESDAY, reason="Longer texts", accept=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_matrix_is_printed_on_one_page(
    live_world: World, visit: Visit, frozen: Freeze, theme: Literal["light", "dark"]
) -> None:
    publish_with_long_texts(live_world)
    frozen(TUESDAY)
    Person.objects.filter(pk=live_world.alice.pk).update(language="de")
    page = visit(MATRIX, live_world.alice)
    page.emulate_media(color_scheme=theme)
    page.get_by_text("Der Dienst steht").first.wait_for()
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    width, height = map(float, re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)[0])
    assert (round(width), round(height)) == (842, 595)
    page.emulate_media(media="print", color_scheme=theme)
    assert page.evaluate("getComputedStyle(document.querySelector('.dd-matrix')).color") == "rgb(28, 33, 38)"
    assert not page.locator(".dd-nav").is_visible()
