"""A browser that is somebody."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

from portal.models import Person
from tests.people import World
from tests.routing.telephony.phones import phones, phones_process

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

__all__ = ["phones", "phones_process"]

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Visit = Callable[..., "Page"]


@pytest.fixture(autouse=True)
def _answers_are_finished(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is still answered to a page that is closed ends before the tables are emptied, or the two deadlock."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    deadline = time.monotonic() + 5
    while any("process_request_thread" in each.name for each in threading.enumerate()):
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)


@pytest.fixture
def live_world(live_server: "LiveServer", world: World) -> World:
    """The small world behind a server that answers."""
    return world


@pytest.fixture
def visit(live_server: "LiveServer", live_world: World, page: "Page") -> Visit:
    """`visit(path, person)` opens a page as that person."""

    def go(path: str, person: Person | None = None) -> "Page":
        if person is not None:
            client = Client()
            client.force_login(person)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page.goto(f"{live_server.url}{path}")
        return page

    return go


def width_of(page: "Page") -> int:
    """The width the page needs, in CSS pixels, once it is whole: a click just before may have opened another."""
    page.wait_for_load_state()
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


def violations(page: "Page") -> list[str]:
    """What axe-core finds against WCAG 2.2 AA, one line each."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        "async rules => await axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    return [
        f"{violation['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
