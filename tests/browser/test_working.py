"""Two people work one incident: forms that cannot be confused, nothing overwritten, a mistake taken back."""

from typing import Literal

import pytest

from portal import clock
from routing.incidents import services
from tests.people import World
from tests.routing.pages.helpers import report

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

pytestmark = pytest.mark.browser


def test_work_an_incident_while_a_colleague_does_too(live_world: World, visit: Visit) -> None:
    incident = report(live_world.webshop, live_world.alice, title="Paying takes two minutes")
    page = visit(f"/incidents/{incident.pk}/", live_world.desk)
    page.get_by_role("button", name="Acknowledge: I take it").click()
    page.get_by_text("Acknowledged. Nobody else is called.").wait_for()

    # What is internal is offered first; the reply to the customer is another form, behind its own heading.
    assert page.get_by_role("button", name="Keep it among us").is_visible()
    assert not page.get_by_role("button", name="Send to Alster GmbH").is_visible()
    page.locator("summary", has_text="Reply to the customer").click()
    assert not page.get_by_role("button", name="Keep it among us").is_visible()
    page.locator("#id_public_text").fill("We are on it")
    page.get_by_role("button", name="Send to Alster GmbH").click()
    page.get_by_text("the customer reads it").first.wait_for()

    # While a solution is written a colleague hands the incident on: the text is kept, and nothing is overwritten.
    page.locator("#actions summary", has_text="Resolve").click()
    page.get_by_label("What was the cause, and what was done?").fill("The cache was too small")
    services.assign(incident, assignee=live_world.sdm, by=live_world.oncall, now=clock.now(), note="Jana knows it")
    page.locator("#actions").get_by_role("button", name="Resolve").click()
    page.get_by_role("alert").get_by_text("Assigned to Jana Manager: Jana knows it").wait_for()
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("acknowledged", live_world.sdm)
    written = page.get_by_label("What was the cause, and what was done?")
    assert written.input_value() == "The cache was too small"
    page.locator("#actions").get_by_role("button", name="Resolve").click()
    page.get_by_text("Resolved.", exact=True).wait_for()

    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Taken back. The timeline tells both.").wait_for()
    incident.refresh_from_db()
    assert (incident.status, incident.assignee, incident.restored_at) == ("acknowledged", live_world.sdm, None)


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_the_pages_of_work_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    incident = report(live_world.webshop, live_world.alice)
    other = report(live_world.webshop, live_world.alice, title="Orders fail")
    services.acknowledge(incident, by=live_world.oncall, now=clock.now())
    services.relate(incident, other, by=live_world.desk, now=clock.now())
    page = visit(f"/incidents/{incident.pk}/call-in/", live_world.desk)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {}
    for action in ("assign/", "call-in/", "priority/", "merge/", "relate/", ""):
        page = visit(f"/incidents/{incident.pk}/{action}")
        for summary in page.locator("#actions summary, .dd-writing summary").all():
            summary.click()
        assert width_of(page) <= size["width"], action
        found[action] = violations(page)
    assert {action: faults for action, faults in found.items() if faults} == {}
