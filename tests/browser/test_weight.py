"""What a phone has to load at night: little, for the network may be poor."""

import pytest

from tests.people import World

from .conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_BYTES = 200_000
STYLESHEET = "tabler.min.css"
"""Kept by the browser between visits, as all that is static."""


@pytest.mark.parametrize("path", ["/projects/webshop/call/", "/projects/webshop/matrix/", "/incidents/"])
def test_the_first_view_is_light(live_world: World, visit: Visit, path: str) -> None:
    """Counted as sent here, which is uncompressed; in production it is less."""
    page = visit("/accounts/login/")
    page.set_viewport_size({"width": 390, "height": 844})
    sizes: dict[str, int] = {}
    page.on("requestfinished", lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}))
    visit(path, live_world.alice)
    page.wait_for_load_state("networkidle")
    counted = {url: size for url, size in sizes.items() if STYLESHEET not in url}
    assert len(counted) >= 3, "page, script and style of our own"
    assert sum(counted.values()) < MOST_BYTES, counted
