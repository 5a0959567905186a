"""The page that shows the OpenAPI document."""

from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.browser
def test_the_page_shows_every_operation_under_the_content_security_policy(
    live_server: LiveServer, page: "Page"
) -> None:
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.get_by_text("/api/v1/projects/{key}/contacts/").wait_for()
    assert page.locator(".opblock").count() >= 20
