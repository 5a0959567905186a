"""The audit log in a browser: found by keyboard, readable for everybody."""

from typing import Literal

import pytest

from tests.people import PRIVATE, World
from tests.routing.audit.test_log import make_history

from .conftest import Visit, violations, width_of

pytestmark = pytest.mark.browser

PATH = "/administration/audit/"


def test_the_log_keeps_to_wcag_and_fits_the_screen(live_world: World, visit: Visit) -> None:
    make_history(live_world)
    found = {}
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    page = visit(PATH, live_world.admin)
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        for width, height in ((390, 844), (1440, 900)):
            page.set_viewport_size({"width": width, "height": height})
            for path in (PATH, f"{PATH}?about=person:{live_world.oncall.pk}", f"{PATH}?object=nothing", "/on-call/"):
                page = visit(path)
                assert width_of(page) <= width, (path, width)
                found[path, theme, width] = violations(page)
    assert not {place: problems for place, problems in found.items() if problems}


def test_a_revealed_number_is_found_in_the_log_by_keyboard(live_world: World, visit: Visit) -> None:
    page = visit("/on-call/", live_world.admin)
    reveal = page.get_by_role("button", name="Show the private number (Marek Nightly)")
    reveal.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("link", name="+49 171 3920050").is_visible()

    page = visit(PATH)
    page.get_by_label("Object").focus()
    page.keyboard.type("nightly")
    page.keyboard.press("Tab")
    page.keyboard.type("private")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").press("Enter")
    assert "kind=numbers" in page.url
    row = page.get_by_role("listitem").filter(has_text="private number revealed")
    assert row.count() == 1
    assert "Henrike Admin" in row.inner_text()
    assert PRIVATE[-6:] not in page.content()
    with page.expect_navigation():
        row.get_by_role("link", name="Marek Nightly").press("Enter")
    assert "Only about Marek Nightly" in page.content()
    with page.expect_download() as download:
        page.get_by_role("link", name="As CSV").press("Enter")
    assert download.value.suggested_filename.endswith(".csv")
