"""The desk in a browser: what it does by itself, its keys, and that drawing it anew disturbs nobody."""

from typing import TYPE_CHECKING, Literal

import pytest

from portal import clock
from routing.incidents import services
from routing.paging.alarms import raise_alarm
from tests.people import World, minutes
from tests.routing.pages.helpers import report

from .conftest import Visit, violations, width_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
ASK = "htmx.ajax('GET', '/desk/', {source: '#desk', target: '#desk', swap: 'outerHTML'})"


def focused(page: "Page") -> str:
    found: str = page.evaluate("document.activeElement.id")
    return found


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_the_desk_keeps_to_wcag_and_fits_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    now = clock.now()
    report(live_world.webshop, live_world.alice, reported_at=now - minutes(50))
    report(live_world.webshop, live_world.alice, reported_at=now - minutes(90))
    report(live_world.kundenportal, live_world.charlie, priority="minor")
    taken = report(live_world.webshop, live_world.alice)
    services.acknowledge(taken, by=live_world.desk, now=now)
    services.add_note(taken, by=live_world.alice, now=now, text="And?", public=True)
    raise_alarm("tick_late", "tick", now=now)
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    page = visit("/desk/", live_world.desk)
    page.locator(".desk-take summary").first.click()
    assert width_of(page) <= size["width"]
    assert violations(page) == []
    page.locator(".dd-nav-more summary").click()
    if size is PHONE:
        assert page.locator(".dd-nav > *").count() <= 5
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Desk").click()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


def test_what_is_new_is_drawn_and_disturbs_nobody(live_world: World, visit: Visit) -> None:
    first = report(live_world.webshop, live_world.alice, title="The first one")
    for n in range(12):
        report(live_world.kundenportal, live_world.charlie, title=f"Another one {n}")
    page = visit("/desk/", live_world.desk)
    page.set_viewport_size({"width": 1440, "height": 600})
    page.locator(f"#take-{first.pk} summary").click()
    page.locator(f"#confirm-{first.pk}").focus()
    page.evaluate("window.scrollBy(0, 300)")
    place = f"document.getElementById('row-{first.pk}').getBoundingClientRect().top"
    at = page.evaluate(place)
    second = report(live_world.webshop, live_world.alice, title="A new one", reported_at=clock.now() - minutes(30))
    page.locator(f"#row-{second.pk}").wait_for(state="attached")
    assert page.title().startswith("(14) ")
    assert page.locator(f"#take-{first.pk}").get_attribute("open") is not None
    assert focused(page) == f"confirm-{first.pk}"
    assert abs(page.evaluate(place) - at) <= 2
    assert page.locator("#desk-summary").inner_text().startswith("14 not acknowledged")


def test_an_unchanged_desk_is_not_drawn_again(live_world: World, visit: Visit) -> None:
    report(live_world.webshop, live_world.alice)
    page = visit("/desk/", live_world.desk)
    page.evaluate("document.querySelector('#desk').dataset.mark = 'here'")
    with page.expect_response("**/desk/") as answer:
        page.wait_for_timeout(5500)
    assert answer.value.status == 304
    assert page.locator("#desk").get_attribute("data-mark") == "here"


def test_the_desk_by_keyboard(live_world: World, visit: Visit) -> None:
    now = clock.now()
    first = report(live_world.webshop, live_world.alice, reported_at=now - minutes(30))
    second = report(live_world.webshop, live_world.alice, reported_at=now - minutes(20))
    page = visit("/desk/", live_world.desk)
    page.keyboard.press("/")
    assert focused(page) == "id_q"
    page.keyboard.type("jaka?")
    assert page.locator("#id_q").input_value() == "jaka?"  # keys are letters while one types
    assert not page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert focused(page) == f"incident-{first.pk}"
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused(page) == f"incident-{second.pk}"
    page.keyboard.press("k")
    page.keyboard.press("a")
    assert focused(page) == f"confirm-{first.pk}"
    first.refresh_from_db()
    assert first.status == "new"  # it asks first
    page.keyboard.press("Escape")
    assert focused(page) == f"incident-{first.pk}"
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.get_by_text(f"#{first.pk} is yours.").wait_for()
    first.refresh_from_db()
    assert (first.status, first.assignee) == ("acknowledged", live_world.desk)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/incidents/{second.pk}/")


def test_sound_and_notification_for_what_is_new_and_remembered(live_world: World, visit: Visit) -> None:
    page = visit("/desk/", live_world.desk)
    page.context.grant_permissions(["notifications"])
    page.evaluate(
        "() => { window.heard = 0; document.addEventListener('desk:chime', () => heard++);"
        "window.shown = []; const Real = Notification;"
        "window.Notification = class extends Real { constructor(t, o) { super(t, o); shown.push(t); } }; }"
    )
    page.get_by_role("button", name="Sound").click()
    page.get_by_role("button", name="Notifications").click()
    page.locator("[data-desk-toggle=notify][aria-pressed=true]").wait_for()
    assert page.evaluate("heard") == 1  # so that one knows what it sounds like
    incident = report(live_world.webshop, live_world.alice)
    page.locator(f"#row-{incident.pk}").wait_for(state="attached")
    page.wait_for_function("heard === 2 && shown.length === 1")
    assert page.evaluate("shown") == [f"#{incident.pk} The shop is down"]
    services.acknowledge(incident, by=live_world.oncall, now=clock.now())
    page.locator(".dd-row-unanswered").wait_for(state="detached")
    assert page.evaluate("heard") == 2
    assert not page.title().startswith("(")
    page.reload()
    assert page.locator("[data-desk-toggle=sound]").get_attribute("aria-pressed") == "true"


def test_the_desk_without_a_script(live_world: World, live_server: "LiveServer", browser: "Browser") -> None:
    incident = report(live_world.webshop, live_world.alice)
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/desk/")
    page.get_by_label("Email").fill("desk@example.com")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="nobody's yet").click()
    page.locator("summary", has_text="Acknowledge").click()
    page.get_by_role("button", name="Yes, I take it").click()
    page.get_by_text(f"#{incident.pk} is yours.").wait_for()
    assert page.url.endswith("/desk/?whose=nobody")
    page.get_by_text("Nothing of what is open matches this filter.").wait_for()
    context.close()
