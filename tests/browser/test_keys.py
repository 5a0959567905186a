"""Keys, numbers and imports in a browser: for every eye, on a phone, and from a new key to a test signal."""

import pytest

from routing.intake.models import IntakeKey
from tests.people import World
from tests.routing.intake.posting import make_key, post

from .conftest import Visit, violations, width_of

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
BASE = "/administration/"


def test_pages_keep_to_wcag_and_fit_the_screen(live_world: World, visit: Visit) -> None:
    key, token = make_key(live_world.webshop, severity_map={"warning": "minor"})
    post(token, {"events": [{"title": "Disk full", "dedup_key": "d"}, {"title": ""}]})
    places = ["keys/", "keys/new/", "keys/numbers/", f"keys/numbers/team/{live_world.platform.pk}/", "imports/people/"]
    places += [f"keys/{key.pk}/{part}" for part in ("", "rotate/", "test/")]
    page = visit(BASE, live_world.admin)
    faults = {}
    for theme, size in (("light", PHONE), ("dark", DESKTOP)):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of the two words
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for path in places:
            page = visit(BASE + path)
            assert width_of(page) <= size["width"], path
            faults[theme, path] = violations(page)
        page = visit(f"{BASE}keys/{key.pk}/test/")
        with page.expect_navigation():
            page.get_by_role("button", name="Show what would happen").click()
        assert width_of(page) <= size["width"]
        faults[theme, "trial"] = violations(page)
        page = visit(f"{BASE}imports/customers/")
        page.get_by_label("… or paste the rows here").fill("key,name,x\nalster,Another name,1\nnew one,x,2\n")
        with page.expect_navigation():
            page.get_by_role("button", name="Show what would happen").click()
        assert width_of(page) <= size["width"]
        faults[theme, "plan"] = violations(page)
    assert {place: found for place, found in faults.items() if found} == {}


def test_a_key_and_a_customer_are_made_by_keyboard(live_world: World, visit: Visit) -> None:
    page = visit(f"{BASE}keys/new/?project=webshop", live_world.admin)
    page.get_by_label("Name").focus()
    page.keyboard.type("Prometheus")
    page.get_by_label("Why?").focus()
    page.keyboard.type("a new cluster")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    token = page.locator("#token").inner_text()
    assert IntakeKey.objects.get().token_start == token[:6]
    assert token in page.locator("#setup-alertmanager").inner_text()
    with page.expect_navigation():
        page.get_by_role("link", name="Test signal").press("Enter")
    with page.expect_navigation():
        page.get_by_role("button", name="Show what would happen").press("Enter")
    assert page.get_by_text("A new incident would be made.").is_visible()
    page = visit(f"{BASE}imports/customers/")
    page.get_by_label("… or paste the rows here").fill("Schlüssel;Name\nnord;Nord AG")
    with page.expect_navigation():
        page.get_by_role("button", name="Show what would happen").press("Enter")
    page.get_by_label("Why?").fill("a new customer")
    with page.expect_navigation():
        page.get_by_role("button", name="Import exactly this").press("Enter")
    assert page.get_by_text("1 row was imported.").is_visible()
