"""The manifest, the service worker's script and the page without a connection, as they are served."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from portal.models import Installation
from tests.people import World
from tests.routing.pages.helpers import as_person, text

pytestmark = pytest.mark.django_db


def dimensions(data: bytes) -> tuple[int, int]:
    """Of a PNG: the first two numbers of its header (RFC 2083)."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def test_the_manifest_names_icons_that_are_there(world: World) -> None:
    response = Client().get("/manifest.webmanifest?language=de")
    assert response["Content-Type"] == "application/manifest+json"
    manifest = json.loads(response.content)
    assert (manifest["id"], manifest["start_url"], manifest["scope"], manifest["display"]) == (
        "/",
        "/",
        "/",
        "standalone",
    )
    assert manifest["lang"] == "de"
    assert {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]} == {
        (f"{size}x{size}", purpose) for size in (192, 512) for purpose in ("any", "maskable")
    }
    for icon in manifest["icons"]:
        found = finders.find(icon["src"].removeprefix("/static/"))
        assert isinstance(found, str)
        assert "{}x{}".format(*dimensions(Path(found).read_bytes())) == icon["sizes"]


def test_the_page_without_a_connection_is_the_same_for_everybody(world: World) -> None:
    for language, words in (("en", "No connection"), ("de", "Keine Verbindung")):
        anonymous = text(Client().get(f"/offline/?language={language}"))
        assert anonymous == text(as_person(world.desk).get(f"/offline/?language={language}"))
        assert f'<html lang="{language}">' in anonymous
        assert words in anonymous
        assert 'href="tel:+496990009000"' in anonymous
        assert "csrf" not in anonymous


def test_without_a_switchboard_it_still_says_what_to_do() -> None:
    shown = text(Client().get("/offline/?language=xx"))
    assert ("emergency card" in shown, "tel:" in shown) == (True, False)


def version(language: str = "en") -> str:
    response = Client().get(f"/service-worker.js?language={language}")
    assert response["Content-Type"].startswith("text/javascript")
    assert "no-cache" in response["Cache-Control"]
    found = re.search(r'"direktdraht-(\w{16})"', text(response))
    assert found is not None
    return found[1]


def test_the_worker_is_another_when_what_it_keeps_is(world: World) -> None:
    first = version()
    assert version() == first
    assert version("de") != first
    Installation.objects.update(switchboard="+496990009001")
    assert version() != first


def test_every_page_leads_to_them(world: World) -> None:
    shown = text(as_person(world.desk).get("/incidents/"))
    assert '<link rel="manifest" href="/manifest.webmanifest?language=en"' in shown
    assert 'data-worker="/service-worker.js?language=en"' in shown
