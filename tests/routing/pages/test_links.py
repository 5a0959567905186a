"""The link in a message."""

from datetime import timedelta

import pytest
from django.test import Client

from portal import clock
from routing.incidents import services
from routing.paging.escalating import advance_due
from routing.paging.models import Page
from tests.people import PRIVATE, World

from .helpers import report, text


@pytest.fixture
def page(world: World) -> Page:
    """The on-call engineer was paged at night (monitoring pages at any hour)."""
    report(world.webshop, world.alice, source="monitoring", title="Disk full", description="A secret of the customer")
    advance_due(now=clock.now(), limit=10)
    return Page.objects.get(person=world.oncall)


def test_it_says_what_the_message_said_and_no_more(world: World, page: Page) -> None:
    response = Client().get(f"/a/{page.token}/")
    shown = text(response)
    assert all(words in shown for words in ("Disk full", "webshop", "Blocker", "Acknowledge", "Pass on"))
    for words in ("A secret", "Alster", "Marek", "Elif", PRIVATE, "Timeline"):
        assert words not in shown
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]


def test_reading_it_changes_nothing(page: Page) -> None:
    """Messengers fetch links to show a preview."""
    for _ in range(2):
        Client().get(f"/a/{page.token}/")
        Client().head(f"/a/{page.token}/")
    assert Client().get(f"/a/{page.token}/acknowledge/").status_code == 405
    page.refresh_from_db()
    assert (page.state, page.escalation.incident.status) == ("open", "new")


def test_one_tap_acknowledges_for_the_person_paged(world: World, page: Page) -> None:
    # As a browser sends it under `no-referrer`.
    client = Client(enforce_csrf_checks=True, headers={"Origin": "null"})
    response = client.post(f"/a/{page.token}/acknowledge/", follow=True)
    assert "You took it" in text(response)
    incident = page.escalation.incident
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("acknowledged", world.oncall)
    assert incident.timeline.get(kind="acknowledged").data == {"via": "link"}


def test_one_tap_passes_on(world: World, page: Page) -> None:
    shown = text(Client().post(f"/a/{page.token}/pass-on/", follow=True))
    assert "passed on to the next" in shown
    advance_due(now=clock.now(), limit=10)
    assert Page.objects.filter(person=world.backup).exists()


def test_who_is_slower_reads_who_took_it(world: World, page: Page) -> None:
    services.acknowledge(page.escalation.incident, by=world.backup, now=clock.now())
    shown = text(Client().post(f"/a/{page.token}/acknowledge/", follow=True))
    assert "Taken by Elif Nightly" in shown
    page.escalation.incident.refresh_from_db()
    assert page.escalation.incident.assignee == world.backup


def test_what_is_over_says_so(world: World, page: Page) -> None:
    services.resolve(page.escalation.incident, by=world.backup, now=clock.now(), reason="Space freed")
    shown = text(Client().get(f"/a/{page.token}/"))
    assert "It is over" in shown
    assert "<form" not in shown.split("<main", 1)[1]


@pytest.mark.parametrize("action", ["acknowledge", "pass-on"])
def test_after_a_day_the_link_only_tells(page: Page, action: str) -> None:
    Page.objects.filter(pk=page.pk).update(created_at=clock.now() - timedelta(hours=24, seconds=1))
    shown = text(Client().post(f"/a/{page.token}/{action}/", follow=True))
    assert "expired" in shown
    assert "/incidents/" in shown
    page.escalation.incident.refresh_from_db()
    assert page.escalation.incident.status == "new"


def test_a_guess_finds_nothing(page: Page) -> None:
    assert Client().get("/a/AAAAAAAAAAAAAAAA/").status_code == 404
    assert Client().post("/a/AAAAAAAAAAAAAAAA/acknowledge/").status_code == 404
    assert Client().get(f"/a/{page.token.swapcase()}/").status_code == 404
