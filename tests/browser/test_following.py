"""From a report to its resolution, as the customer who reported it sees it."""

import re
from typing import TYPE_CHECKING, Literal

import pytest
from pytest_django import Settings

from demo.phones.client import Phones
from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging import tasks
from tests.people import World
from tests.routing.pages.helpers import as_person, report
from tests.routing.telephony.phones import phones, phones_process

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser
__all__ = ["phones", "phones_process"]

POLLED = 25_000
"""Milliseconds within which a page has asked again for what moves."""


def act(world: World, incident: Incident, action: str, **data: str) -> None:
    """Somebody of the provider does this on a page of their own."""
    answer = as_person(world.sdm).post(f"/incidents/{incident.pk}/{action}/", data)
    assert answer.status_code == 302


def test_follow_to_resolution(live_world: World, visit: Visit, phones: Phones, settings: Settings) -> None:
    """The open page tells of each change by itself, and each is told by mail."""
    incident = report(live_world.webshop, live_world.alice, title="Paying takes two minutes")
    page = visit("/incidents/", live_world.alice)
    page.get_by_role("link", name="Paying takes two minutes").click()
    page.locator("#side dd", has_text=re.compile(r"^\s*by .*\d\d:\d\d")).wait_for()

    act(live_world, incident, "acknowledge")
    page.locator("#side").get_by_text("within the target").wait_for(timeout=POLLED)
    assert page.locator("#side dd", has_text="Jana Manager").is_visible()

    act(live_world, incident, "wait", question="Since when?")
    page.get_by_role("heading", name="We are waiting for you").wait_for(timeout=POLLED)
    page.get_by_role("link", name="Answer here").click()
    page.get_by_label("Your message").fill("Since nine")
    page.get_by_label("Files").set_input_files({"name": "log.txt", "mimeType": "text/plain", "buffer": b"09:00 slow\n"})
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Your reply was added").wait_for()
    assert page.get_by_role("link", name="log.txt").is_visible()
    assert not page.get_by_role("heading", name="We are waiting for you").is_visible()

    page.get_by_label("Your message").fill("One more thing that I am typing")
    act(live_world, incident, "resolve", reason="Cache enlarged")
    page.get_by_text("Your incident is resolved.").wait_for(timeout=POLLED)
    assert page.get_by_text("Resolved: Cache enlarged", exact=True).is_visible()
    assert page.get_by_label("Your message").input_value() == "One more thing that I am typing"

    page.locator("summary", has_text="Reopen").click()
    page.get_by_label("What is still wrong?").fill("Still slow")
    page.get_by_role("button", name="Yes, reopen").click()
    page.get_by_text("Reopened: Still slow").wait_for()

    tasks.send_post()
    mails = phones.mails(to=live_world.alice.email)
    assert [mail["subject"].split(":")[0] for mail in mails] == [
        f"#{incident.pk} {heading}"
        for heading in ("received", "taken", "we need your answer", "resolved", "open again")
    ]
    link = f"{settings.PUBLIC_URL}/incidents/{incident.pk}/"
    assert all(link in mail["text"] and link in mail["html"] for mail in mails)


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_pages_keep_to_wcag_in_every_state(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    world, now = live_world, clock.now()
    page = visit("/incidents/", world.charlie)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {"nothing yet": violations(page)}

    new, waiting, resolved, closed = (
        report(world.webshop, world.alice, title=f"Something {'very ' * 12}long") for _number in range(4)
    )
    services.acknowledge(waiting, by=world.sdm, now=now)
    services.wait(waiting, by=world.sdm, now=now, question="Since when?")
    for incident in (resolved, closed):
        services.resolve(incident, by=world.sdm, now=now, reason="Restarted")
    services.close(closed, by=world.sdm, now=now)
    places = [(f"/incidents/{each.pk}/", world.alice) for each in (new, waiting, resolved, closed)]
    places += [(f"/incidents/{each.pk}/", world.desk) for each in (new, waiting, resolved)]
    places += [
        ("/profile/notices/", world.alice),
        ("/incidents/?status=all", world.alice),
        ("/incidents/?q=nowhere", world.alice),
    ]
    for path, person in places:
        page = visit(path, person)
        for summary in page.locator("#actions summary").all():
            summary.click()
        assert width_of(page) <= size["width"], path
        found[f"{path} {person.name}"] = violations(page)
    assert {place: faults for place, faults in found.items() if faults} == {}


def test_following_needs_no_script(live_world: World, live_server: "LiveServer", browser: "Browser") -> None:
    incident = report(live_world.webshop, live_world.alice)
    services.acknowledge(incident, by=live_world.sdm, now=clock.now())
    services.wait(incident, by=live_world.sdm, now=clock.now(), question="Since when?")
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/incidents/")
    page.get_by_label("Email").fill("alice@alster.example")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Read and answer").click()
    page.get_by_role("link", name="The shop is down").click()
    page.get_by_label("Your message").fill("Since nine")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Your reply was added").wait_for()
    act(live_world, incident, "resolve", reason="Restarted")
    page.reload()
    page.locator("summary", has_text="Reopen").click()
    page.get_by_label("What is still wrong?").fill("Still down")
    page.get_by_role("button", name="Yes, reopen").click()
    page.get_by_text("Reopened: Still down").wait_for()
    context.close()
    incident.refresh_from_db()
    assert incident.status == "new"


def test_following_by_keyboard(live_world: World, visit: Visit) -> None:
    """From the list to the question, to the answer, and sent, without a pointer."""
    incident = report(live_world.webshop, live_world.alice)
    services.acknowledge(incident, by=live_world.sdm, now=clock.now())
    services.wait(incident, by=live_world.sdm, now=clock.now(), question="Since when?")
    page = visit("/incidents/", live_world.alice)

    def tab_to(name: str) -> None:
        for _press in range(40):
            page.keyboard.press("Tab")
            focused = page.evaluate("[document.activeElement.textContent, document.activeElement.id].join(' ')")
            if name in focused:
                return
        raise AssertionError(f"{name} is not reached")

    tab_to("The shop is down")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="We are waiting for you").wait_for()
    tab_to("Answer here")
    page.keyboard.press("Enter")
    tab_to("id_text")
    page.keyboard.type("Since nine")
    tab_to("Send")
    page.keyboard.press("Enter")
    page.get_by_text("Your reply was added").wait_for()
