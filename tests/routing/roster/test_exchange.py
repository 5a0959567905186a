"""Rosters in and out as an administrator does it: a look at every row, then the import; and export."""

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO, StringIO
from threading import Thread
from time import monotonic, sleep

import pytest
from django.test import Client

from oncall.exchange.parsing import parse
from oncall.exchange.plan import Fate
from oncall.exchange.services import plan_import
from oncall.models import Override
from routing.roster import fetching
from routing.roster.fetching import MOST_BYTES, FetchRefused, _is_public, fetch
from tests.oncall.duty import NOW, Crew, make_crew
from tests.people import PRIVATE, World
from tests.routing.pages.helpers import as_person, queries, text

pytestmark = pytest.mark.django_db

IMPORT, EXPORT = "/administration/rosters/media/import/", "/administration/rosters/media/export/"
CHRISTMAS = """line,person,start,end
primary,Tom Night,2026-12-24 10:00,2026-12-26 10:00
backup,"<b>Nobody</b>",2026-12-24 10:00,2026-12-26 10:00
"""


@pytest.fixture
def crew(world: World, frozen: Callable[[datetime], None]) -> Crew:
    frozen(NOW)
    return make_crew(world)


def hidden(client: Client, page: str) -> dict[str, str]:
    """What the dry run's form sends."""
    seen = page.split('name="seen" value="')[1].split('"', maxsplit=1)[0]
    return {"text": CHRISTMAS, "why": "Christmas", "line": "", "seen": seen}


def test_a_look_at_every_row_and_then_the_import(world: World, crew: Crew) -> None:
    admin = as_person(world.admin)
    assert "Import a roster" in text(admin.get(IMPORT))
    file = BytesIO(CHRISTMAS.encode())
    file.name = "christmas.csv"
    tried = text(admin.post(IMPORT, {"file": file, "why": "Christmas"}))
    for words in ("One row would be imported", "One row is left out", "Thu 24 Dec, 10:00", "Tom Night", "names nobody"):
        assert words in tried
    assert "<b>Nobody" not in tried
    assert PRIVATE not in tried
    assert not Override.objects.exists()
    given = hidden(admin, tried)
    assert "One override recorded." in text(admin.post(IMPORT, given, follow=True))
    assert [(each.person, each.recorded_why) for each in Override.objects.all()] == [(crew.tom, "Christmas")]
    # A second tap: what was shown is not what would happen any more.
    second = admin.post(IMPORT, given)
    assert second.status_code == 409
    assert "holds already" in text(second)
    assert Override.objects.count() == 1
    assert queries(lambda: admin.post(IMPORT, {"text": CHRISTMAS, "why": "x"})) <= 20


def test_what_cannot_be_imported_is_refused_with_what_to_do(world: World, crew: Crew) -> None:
    admin = as_person(world.admin)
    refused = [
        ({}, "one of the three"),
        ({"text": CHRISTMAS}, "This field is required"),
        ({"text": CHRISTMAS, "url": "https://x.example/", "why": "x"}, "one of the three"),
        ({"text": "a,b", "why": "x"}, "columns"),
        ({"text": CHRISTMAS, "why": "x", "line": "third"}, "Select a valid choice"),
        ({"url": "ftp://x.example/a.ics", "why": "x"}, "https://"),
        ({"url": "http://127.0.0.1/a.ics", "why": "x"}, "own network"),
        ({"url": "http://[::1]/a.ics", "why": "x"}, "own network"),
        ({"url": "http://127.0.0.1:5432/", "why": "x"}, "https://"),
        ({"url": "https://me:secret@x.example/", "why": "x"}, "https://"),
        ({"url": "http://[", "why": "x"}, "https://"),
    ]
    for given, words in refused:
        response = admin.post(IMPORT, given)
        assert response.status_code == 400, given
        assert words in text(response), given
    assert not Override.objects.exists()
    for query in ("", "?begins=x&ends=2026-12-01&format=csv", "?begins=2026-12-02&ends=2026-12-01&format=csv",
                  "?begins=2026-12-02&ends=2029-12-01&format=csv", "?begins=0001-01-01&ends=0001-01-02&format=ics",
                  "?begins=2026-12-01&ends=2026-12-01&format=exe"):  # fmt: skip
        assert admin.get(EXPORT + query).status_code == 400, query
    for person in (world.alice, world.desk, crew.nora):
        other = as_person(person)
        assert other.get(IMPORT).status_code == 404
        assert other.post(IMPORT, {"text": CHRISTMAS, "why": "x"}).status_code == 404
        assert other.get(f"{EXPORT}?begins=2026-12-01&ends=2026-12-31&format=csv").status_code == 404
    assert admin.get("/administration/rosters/none/import/").status_code == 404


def test_what_is_exported_is_the_final_roster_and_can_be_imported_again(world: World, crew: Crew) -> None:
    admin = as_person(world.admin)
    admin.post(IMPORT, hidden(admin, text(admin.post(IMPORT, {"text": CHRISTMAS, "why": "x"}))))
    days = "?begins=2026-12-01&ends=2026-12-31&format="
    exported = admin.get(f"{EXPORT}{days}csv")
    assert exported["Content-Disposition"] == 'attachment; filename="media-2026-12-01-2026-12-31.csv"'
    rows = list(csv.reader(StringIO(text(exported).removeprefix("\ufeff"))))
    assert ["primary", "Tom Night", "tom@media.example", "2026-12-24T10:00+01:00", "2026-12-26T10:00+01:00"] in rows
    assert rows[1][3] == "2026-12-01T00:00+01:00"
    assert PRIVATE not in text(exported)
    calendar = admin.get(f"{EXPORT}{days}ics")
    assert calendar["Content-Type"].startswith("text/calendar")
    for content in (exported, calendar):
        found = parse(text(content), zone="UTC")
        assert len(found) == len(rows) - 1
        assert {each.fate for each in plan_import(crew.rota, found, now=NOW)} == {Fate.SAME}
    for person in (world.admin,):
        person.language = "de"
        person.save()
    german = parse(text(admin.get(f"{EXPORT}{days}ics")), zone="UTC")
    assert {each.fate for each in plan_import(crew.rota, german, now=NOW)} == {Fate.SAME}


# --- Fetching -------------------------------------------------------------------------------------------------


class Elsewhere(BaseHTTPRequestHandler):
    """A server of the test's own."""

    def do_GET(self) -> None:
        answers = {"/feed": (200, CHRISTMAS.encode()), "/large": (200, b"x" * (MOST_BYTES + 1)), "/on": (302, b"")}
        if self.path == "/drips":
            self.drip()
            return
        answers["/short"] = answers["/feed"]
        status, body = answers.get(self.path, (404, b""))
        self.send_response(status)
        self.send_header("Location", "/feed")
        if self.path == "/short":
            self.send_header("Content-Length", str(len(body) + 1))
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """A heading that never ends, each byte in time."""
        with suppress(OSError):
            for byte in b"HTTP/1.1 200 " + b"O" * 100:
                self.wfile.write(bytes([byte]))
                sleep(0.05)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_feed_is_fetched_where_it_may_be(
    world: World, crew: Crew, elsewhere: str, settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FETCH_PRIVATE_ADDRESSES = True  # type: ignore[attr-defined]
    tried = as_person(world.admin).post(IMPORT, {"url": f"{elsewhere}/feed", "why": "Christmas"})
    assert "One row would be imported" in text(tried)
    for path, reason in (
        ("/large", "too_large"),
        ("/on", "redirect"),
        ("/none", "unreachable"),
        ("/short", "unreachable"),
    ):
        with pytest.raises(FetchRefused) as refused:
            fetch(elsewhere + path)
        assert refused.value.reason == reason
    with pytest.raises(FetchRefused):
        fetch(elsewhere.replace("http:", "https:") + "/feed")  # speaks no TLS
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    begun = monotonic()
    with pytest.raises(FetchRefused):
        fetch(f"{elsewhere}/drips")
    assert monotonic() - begun < 2


def test_only_public_addresses_are_public() -> None:
    private = "127.0.0.1 10.0.0.1 172.16.3.4 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 255.255.255.255 "
    private += "::1 :: fe80::1%eth0 fd00::1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::a00:1 2002:a00:1:: ff02::1 "
    private += "64:ff9b:1::a00:1 ::10.0.0.1"
    assert [address for address in private.split() if _is_public(address)] == []
    assert all(map(_is_public, ["9.9.9.9", "2620:fe::fe"]))
