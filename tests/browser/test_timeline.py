"""The incident's page as it moves: what is new comes in, and nobody loses their place, their words or their focus."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident, TimelineEntry
from routing.paging import deliveries
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery
from tests.people import World
from tests.routing.pages.helpers import report

from .conftest import Visit
from .test_pages import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser


def a_long_night(world: World, notes: int = 60) -> Incident:
    """An incident whose chain runs, with more lines than are shown at once."""
    incident = report(world.webshop, world.alice, description="Since nine every order fails.")
    advance_due(now=clock.now())
    began = clock.now()  # no line is older than the one before it, at midnight neither
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident=incident,
            at=began + timedelta(milliseconds=number),
            kind="note",
            actor=world.desk,
            data={"text": f"Note number {number}."},
        )
        for number in range(notes)
    )
    return incident


def ask(page: "Page", incident: Incident) -> None:
    """What the page does every ten seconds."""
    path = f"/incidents/{incident.pk}/"
    page.evaluate(f"htmx.ajax('GET', '{path}?seen={incident.status}', {{target: '#live', swap: 'outerHTML'}})")


def test_new_lines_come_in_and_nobody_loses_their_place(live_world: World, visit: Visit) -> None:
    incident = a_long_night(live_world)
    page = visit(f"/incidents/{incident.pk}/", live_world.desk)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("#actions summary", has_text="Resolve").click()
    page.get_by_label("What was the cause, and what was done?").fill("The disk was full, I think")
    read = page.locator(".dd-line", has_text="Note number 45.")
    read.scroll_into_view_if_needed()
    page.evaluate("document.getElementById('lines').dataset.mark = 'the same list'")
    before = read.bounding_box()
    assert before

    services.add_note(incident, by=live_world.sdm, now=clock.now(), text="It is the disk", public=False)
    ask(page, incident)
    page.locator("#lines .dd-line", has_text="It is the disk").wait_for(state="attached")

    after = read.bounding_box()
    assert after
    assert abs(after["y"] - before["y"]) < 2
    assert page.locator("#lines").get_attribute("data-mark") == "the same list"
    assert page.locator("#lines .dd-line").first.inner_text().endswith("It is the disk")
    wanted = page.get_by_label("What was the cause, and what was done?")
    assert wanted.is_visible()
    assert wanted.input_value() == "The disk was full, I think"
    assert page.evaluate("document.activeElement.name") == "reason"
    assert page.locator("#news").inner_text() == "New in the timeline: It is the disk"


def test_what_a_message_came_to_is_brought_up_to_date(live_world: World, visit: Visit) -> None:
    incident = a_long_night(live_world, notes=0)
    page = visit(f"/incidents/{incident.pk}/", live_world.desk)
    message = Delivery.objects.filter(pages__escalation__incident=incident).earliest("pk")
    deliveries.undelivered(message, error="no-answer", now=clock.now())
    ask(page, incident)
    page.locator("#lines .dd-attempts", has_text="nobody picked up").wait_for()
    page.locator("#chain-card", has_text="nobody picked up").wait_for()
    assert page.locator("#news").inner_text() == ""


def test_earlier_lines_are_added_and_stay(live_world: World, visit: Visit) -> None:
    incident = a_long_night(live_world)
    page = visit(f"/incidents/{incident.pk}/", live_world.desk)
    assert page.locator(".dd-line").count() == 40
    page.get_by_role("link", name="Earlier lines").click()
    page.locator(".dd-line", has_text="Note number 5.").wait_for()
    total = incident.timeline.count()
    assert page.locator(".dd-line").count() == total
    assert page.evaluate("[...document.querySelectorAll('.dd-line')].indexOf(document.activeElement)") == 40
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    services.add_note(incident, by=live_world.sdm, now=clock.now(), text="It is the disk", public=False)
    ask(page, incident)
    page.locator(".dd-line", has_text="It is the disk").wait_for(state="attached")
    assert page.locator(".dd-line").count() == total + 1
    assert page.get_by_role("link", name="Earlier lines").count() == 0


def test_earlier_rounds_stay_open(live_world: World, visit: Visit) -> None:
    incident = a_long_night(live_world, notes=0)
    for _step in range(5):
        incident.escalation.refresh_from_db()
        advance_due(now=incident.escalation.due_at or clock.now())
    page = visit(f"/incidents/{incident.pk}/", live_world.desk)
    page.locator("#earlier-rounds summary").click()
    services.acknowledge(incident, by=live_world.sdm, now=clock.now())
    ask(page, incident)
    page.locator("#chain-card", has_text="acknowledged").wait_for()
    assert page.locator("#earlier-rounds").evaluate("each => each.open")


def test_the_first_screen_of_a_phone_says_what_matters(live_world: World, visit: Visit) -> None:
    incident = a_long_night(live_world)
    page = visit("/incidents/", live_world.oncall)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    visit(f"/incidents/{incident.pk}/", live_world.oncall)
    bar = page.locator(".dd-nav").bounding_box()
    assert bar
    for seen in (
        page.get_by_role("heading", level=1),
        page.locator("#state .dd-badge", has_text="Blocker"),
        page.locator("#state .dd-badge", has_text="new"),
        page.locator("#state", has_text="Response due"),
        page.get_by_role("button", name="Acknowledge: I take it"),
    ):
        place = seen.bounding_box()
        assert place
        assert place["y"] + place["height"] < bar["y"]


def test_the_actions_stand_beside_the_timeline_on_a_desktop(live_world: World, visit: Visit) -> None:
    incident = a_long_night(live_world)
    page = visit("/incidents/", live_world.desk)
    page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    visit(f"/incidents/{incident.pk}/", live_world.desk)
    actions, story = page.locator("#actions").bounding_box(), page.locator("#story").bounding_box()
    assert actions
    assert story
    assert actions["x"] > story["x"] + story["width"]
    assert abs(actions["y"] - story["y"]) < 60


def test_on_paper_there_are_the_chain_and_the_lines(live_world: World, visit: Visit) -> None:
    incident = a_long_night(live_world, notes=3)
    page = visit(f"/incidents/{incident.pk}/", live_world.desk)
    page.emulate_media(media="print")
    assert page.locator("#chain-card").is_visible()
    assert page.locator(".dd-line", has_text="Note number 2.").is_visible()
    for hidden in ("#actions", ".dd-story-filter", ".dd-incident-note"):
        assert not page.locator(hidden).is_visible()


def test_filter_and_earlier_lines_need_no_script(
    live_world: World, live_server: "LiveServer", browser: "Browser"
) -> None:
    incident = a_long_night(live_world)
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/incidents/{incident.pk}/")
    page.get_by_label("Email").fill("desk@example.com")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Internal").click()
    assert page.get_by_role("link", name="Internal").get_attribute("aria-current") == "true"
    page.get_by_role("link", name="Earlier lines").click()
    assert page.locator(".dd-line", has_text="Note number 5.").is_visible()
    assert "show=internal" in page.url
    page.get_by_role("link", name="Newest lines").click()
    assert page.locator(".dd-line", has_text="Note number 59.").is_visible()
    context.close()
