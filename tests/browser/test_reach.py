"""From a message on a phone to an answer, being reached, and the page without a connection: in a real browser."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import pytest

from demo.phones.client import Phones
from portal import clock
from routing.incidents.models import Incident
from routing.incidents.services import create_incident
from routing.paging.escalating import advance_due
from routing.paging.models import ContactMethod, Delivery
from routing.paging.models import Page as PersonPage
from tests.people import SUNDAY_NIGHT, World
from tests.routing.pages.helpers import PASSWORD
from tests.routing.telephony.phones import alone, send
from tests.routing.telephony.phones import report as alert

from .conftest import Visit, violations, width_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
NUMBER = "+4917139200777"


def on_a_phone(page: "Page") -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})


def link_in(text: str) -> str:
    found = re.search(r"/a/[\w-]+/", text)
    assert found is not None
    return found[0]


def two_alerts(world: World) -> list[Incident]:
    """Both told by one message, which has arrived."""
    made = [
        create_incident(
            project=world.webshop,
            priority="blocker",
            title=title,
            source=Incident.Source.MONITORING,
            by=None,
            now=clock.now(),
        )
        for title in ("HTTP 503 on all frontends", "Disk full on db-2")
    ]
    advance_due(now=clock.now())
    Delivery.objects.update(state="delivered")
    return made


# --- The link in a message ------------------------------------------------------------------------------------------


def test_a_sunday_night_alert_is_answered_by_phone(
    phones: Phones, world: World, visit: Visit, frozen: Callable[[datetime], None]
) -> None:
    """03:00: the text comes, one tap opens it, one confirms; then signing in leads to the incident."""
    frozen(SUNDAY_NIGHT)
    case = alone(alert(world))
    send()
    text = phones.wait(str(world.oncall.mobile), "sms")["text"]
    page = visit(link_in(text))
    on_a_phone(page)
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= PHONE["height"]
    button.click()
    page.get_by_text("You took it. Nobody else is called.").wait_for()
    assert (case.refresh().status, case.incident.assignee) == ("acknowledged", world.oncall)
    assert page.evaluate("document.activeElement.getAttribute('role')") == "status"
    page.get_by_role("link", name="Sign in and open the incident").click()
    page.get_by_label("Email").fill(world.oncall.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**/incidents/{case.incident.pk}/")
    assert case.next_page() is None


def test_without_the_network_it_says_so_and_a_second_tap_does_it(live_world: World, visit: Visit) -> None:
    case = alert(live_world)
    page = visit(f"/a/{case.page.token}/")
    page.context.set_offline(True)
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_text("No answer from the portal.").wait_for()
    assert page.get_by_text(f"Or reply to the SMS: 1 {case.page.code}").is_visible()
    assert case.refresh().status == "new"
    page.context.set_offline(False)
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_text("You took it").wait_for()


def test_two_taps_send_one_answer(live_world: World, visit: Visit) -> None:
    case = alert(live_world)
    page = visit(f"/a/{case.page.token}/")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Acknowledge").dblclick(delay=10)
    page.get_by_text("You took it").wait_for()
    assert len(posts) == 1


def test_passing_on_is_confirmed_first(live_world: World, visit: Visit) -> None:
    case = alert(live_world)
    page = visit(f"/a/{case.page.token}/")
    page.locator("summary", has_text="Pass on").click()
    page.get_by_role("button", name="Yes, call the next").click()
    page.get_by_text("It was passed on to the next").wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no-script"])
def test_all_of_a_message_in_one_go(
    live_world: World, live_server: "LiveServer", browser: "Browser", *, scripts: bool
) -> None:
    two_alerts(live_world)
    context = browser.new_context(java_script_enabled=scripts, service_workers="block")
    page = context.new_page()
    page.goto(f"{live_server.url}/a/{PersonPage.objects.earliest('pk').token}/")
    page.get_by_role("button", name="Acknowledge all 2").click()
    page.get_by_text("You took it").nth(1).wait_for()
    context.close()
    assert set(Incident.objects.values_list("status", flat=True)) == {"acknowledged"}


# --- How one is reached ---------------------------------------------------------------------------------------------


def test_a_number_is_added_verified_and_tried(phones: Phones, world: World, visit: Visit) -> None:
    page = visit("/profile/reach/", world.oncall)
    on_a_phone(page)
    page.locator("summary", has_text="Add a number").click()
    page.get_by_label("Call", exact=True).check()
    page.get_by_label("Number or e-mail address").fill("0171 39200777")
    phones.mode(NUMBER, "answer")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_text("six digits are read out twice").wait_for()
    send()
    phones.wait(NUMBER, "ended")
    (call,) = phones.calls(to=NUMBER)
    spoken = re.search(r"is: ([\d, ]+)\.", " ".join(call["spoken"]))
    assert spoken is not None
    page.get_by_text("picked up").wait_for()
    page.get_by_label("Code").fill(spoken[1].replace(", ", ""))
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("from now on you can be paged this way").wait_for()
    assert ContactMethod.objects.usable().filter(address=NUMBER, channel="voice").exists()
    page.get_by_role("button", name="Page me for a test").click()
    page.get_by_role("status", name="Your last test").wait_for()
    phones.mode(str(world.oncall.mobile), "busy")
    send()
    results = page.get_by_role("status", name="Your last test")
    # The new number was called for its code just now, and nobody is called twice within a minute.
    for words in ("busy", "arrived", "handed to the mail server", "waits to be sent"):
        results.get_by_text(words).wait_for()


def test_the_preview_follows_what_is_ticked(live_world: World, visit: Visit) -> None:
    page = visit("/profile/reach/", live_world.oncall)
    preview = page.locator("#preview")
    assert preview.get_by_text("After 5 minutes").count() == 0
    calls = page.get_by_role("group", name="Call")
    calls.get_by_label("at once").check()
    calls.get_by_label("5 min", exact=True).check()
    preview.get_by_text("After 5 minutes").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("This is how you are paged from now on").wait_for()
    assert preview.get_by_text("After 5 minutes").is_visible()


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)], ids=["desktop", "phone"])
def test_these_pages_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], width: int
) -> None:
    two_alerts(live_world)
    paged = PersonPage.objects.earliest("pk")
    off = live_world.oncall.contact_methods.get(channel="voice")
    ContactMethod.objects.filter(pk=off.pk).update(disabled_at=clock.now())
    page = visit("/offline/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    places = ("/offline/", f"/a/{paged.token}/", "/profile/reach/", f"/profile/reach/methods/{off.pk}/")
    found = {}
    for path in places:
        page = visit(path, live_world.oncall)
        page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
        assert width_of(page) <= width, path
        found[path] = violations(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


# --- On the home screen ---------------------------------------------------------------------------------------------


@pytest.fixture
def phone(browser: "Browser") -> Iterator["BrowserContext"]:
    """A browser that lets service workers work."""
    context = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    context.set_default_timeout(10_000)
    yield context
    context.close()


KEPT = """async () => {
  const names = await caches.keys();
  const kept = [];
  for (const name of names)
    for (const request of await (await caches.open(name)).keys())
      kept.push([new URL(request.url).pathname, await (await caches.match(request)).text()]);
  return [names.length, kept];
}"""


def controlled(page: "Page") -> None:
    """Wait until the worker stands behind the page."""
    page.evaluate(
        """new Promise((done) => {
            const workers = navigator.serviceWorker;
            if (workers.controller) done(true);
            else workers.addEventListener("controllerchange", () => done(true), { once: true });
        })"""
    )


def signed_in(page: "Page", base: str, world: World) -> None:
    page.goto(f"{base}/accounts/login/")
    page.get_by_label("Email").fill(world.oncall.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/desk/")


def test_it_can_be_installed(live_world: World, live_server: "LiveServer", phone: "BrowserContext") -> None:
    page = phone.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    chromium = phone.new_cdp_session(page)
    manifest = chromium.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/manifest.webmanifest?language=en")
    # Playwright's contexts count as private windows, where nothing is installed; there must be no other reason.
    errors = chromium.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {error["errorId"] for error in errors} <= {"in-incognito"}


def test_without_a_connection_it_says_whom_to_call_and_has_kept_nothing_personal(
    live_world: World, live_server: "LiveServer", phone: "BrowserContext"
) -> None:
    alert(live_world)
    page = phone.new_page()
    signed_in(page, live_server.url, live_world)
    controlled(page)
    for path in ("/incidents/", "/profile/reach/", f"/a/{PersonPage.objects.get().token}/"):
        page.goto(f"{live_server.url}{path}")
    page.goto(f"{live_server.url}/incidents/")
    assert page.get_by_text("HTTP 503").is_visible()
    phone.set_offline(True)
    page.goto(f"{live_server.url}/incidents/")
    assert page.get_by_role("heading", name="No connection").is_visible()
    assert page.get_by_role("link", name="+49 69 90009000").get_attribute("href") == "tel:+496990009000"
    assert page.get_by_text("HTTP 503").count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.dd-call')).minHeight") != "0px"  # it is styled
    names, kept = page.evaluate(KEPT)
    assert names == 1
    paths = {path for path, _text in kept}
    assert {path for path in paths if not path.startswith("/static/")} == {"/offline/"}
    for _path, text in kept:
        assert all(words not in text for words in ("HTTP 503", live_world.oncall.name, live_world.oncall.email, "csrf"))
    phone.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    page.get_by_text("HTTP 503").wait_for()


def test_another_version_takes_over_and_the_old_is_forgotten(
    live_world: World, live_server: "LiveServer", phone: "BrowserContext"
) -> None:
    page = phone.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    controlled(page)
    first = page.evaluate("caches.keys()")
    assert page.evaluate(
        """new Promise((done) => {
            navigator.serviceWorker.addEventListener("controllerchange", () => done(true), { once: true });
            navigator.serviceWorker.register("/service-worker.js?language=de", { updateViaCache: "none" });
        })"""
    )
    names = page.evaluate(
        """async () => {
            let names = [];
            // The new one serves before it has swept.
            while ((names = await caches.keys()).length > 1) await new Promise((done) => setTimeout(done, 50));
            return names;
        }"""
    )
    assert names != first
    phone.set_offline(True)
    page.goto(f"{live_server.url}/incidents/")
    assert page.get_by_role("heading", name="Keine Verbindung").is_visible()
