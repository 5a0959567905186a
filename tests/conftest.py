"""Fixtures for every test."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import redis
from django.conf import settings
from django.utils import translation

from portal import clock
from portal.embedded import Valkey
from tests.chromium import chromium_path
from tests.people import World, make_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page


# Examples take as long as a busy machine needs; a slow one is no failure.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


@pytest.fixture
def world(db: None) -> World:
    """One provider, two customers, and everybody who matters to an access rule."""
    return make_world()


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """`frozen(instant)` stops the portal's clock there; a live server's too, which runs in this process."""

    def stop(at: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: at.astimezone(UTC))

    return stop


@pytest.fixture(autouse=True)
def _language_of_nobody() -> None:
    """A reader's language stays active after their request; it is not the next test's."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session")
def redis_client() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: redis.Redis) -> None:
    """No throttle counter or wake-up of one test is seen by the next."""
    redis_client.flushdb()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Valkey]:
    """A server of the test's own, to stop and start again at will: `.url`, `.stop()`, `.start()`."""
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium. Tests that use it carry the mark `browser`, so that they are left out where there is none."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    assert path is not None, "mark this test with @pytest.mark.browser"
    arguments = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    # Playwright runs an event loop in this thread, which Django takes for asynchronous code of ours.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """An empty page in a session of its own. An uncaught error or a refused script fails the test."""
    errors: list[str] = []

    def note(message: "ConsoleMessage") -> None:
        if "Content Security Policy" in message.text:
            errors.append(message.text)

    # What a service worker does is tested by itself; elsewhere it would only answer in the server's place.
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin", service_workers="block")
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", note)
    yield page
    context.close()
    assert not errors
