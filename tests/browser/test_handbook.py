"""The journey of a customer who wants the handbook on the shelf, and its page on every screen."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from matrix.models import Topic
from tests.people import World
from tests.routing.handbook.reading import said

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_the_page_keeps_to_wcag_and_fits_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    Topic.objects.create(key="offer", name_de="Angebot", name_en="Offer", roles=["brm", "sdm"], answer_minutes=960)
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    page = visit("/projects/webshop/handbook/", live_world.alice)
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    assert width_of(page) <= size["width"]
    assert violations(page) == []


def test_from_the_page_to_the_file_on_the_shelf(live_world: World, visit: Visit, tmp_path: Path) -> None:
    page = visit("/projects/webshop/handbook/", live_world.alice)
    page.get_by_role("link", name="The communication matrix").click()
    page.get_by_role("heading", name="The communication matrix").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as PDF").click()
    assert download.value.suggested_filename.startswith("Operations-handbook-webshop-v1-")
    file = tmp_path / "kept.pdf"
    download.value.save_as(file)
    assert "On-call engineer, platform" in said(file.read_bytes(), tmp_path)
    with page.expect_download() as german:
        page.get_by_role("link", name="PDF in German").click()
    assert german.value.suggested_filename.startswith("Betriebshandbuch-webshop-v1-")


def test_it_is_downloaded_by_keyboard_and_without_scripts(
    live_world: World, live_server: "LiveServer", browser: "Browser"
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/projects/webshop/handbook/")
    page.get_by_label("Email").fill("alice@alster.example")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    link = page.get_by_role("link", name="Download as PDF")
    link.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".pdf")
    context.close()
