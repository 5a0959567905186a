"""My duty in a browser: for every eye, on a phone, by keyboard, and a swap from asking to accepting."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from oncall.models import Override
from routing.duty import services as duty_services
from routing.duty.shifts import key_of
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.escalating import advance_due
from routing.paging.models import Page as PersonPage
from tests.oncall.duty import NOW, Crew, make_crew, next_turn, period
from tests.people import SUNDAY_NIGHT, World, minutes
from tests.routing.pages.helpers import report

from .conftest import Visit, violations, width_of

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
NIGHT = SUNDAY_NIGHT - timedelta(days=7)


@pytest.fixture
def crew(live_world: World, frozen: Callable[[datetime], None]) -> Crew:
    frozen(NOW)
    return make_crew(live_world)


def a_night(world: World) -> int:
    """A call-out of the primary; the key of its page."""
    incident = report(world.webshop, world.desk, now=NIGHT, title="Disk full", source=Incident.Source.MONITORING)
    advance_due(now=NIGHT)
    services.acknowledge(incident, by=world.oncall, now=NIGHT + minutes(5))
    services.resolve(incident, by=world.oncall, now=NIGHT + minutes(50), reason="Cleaned up")
    return PersonPage.objects.get(person=world.oncall).pk


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_keep_to_wcag_and_fit_the_screen(
    crew: Crew, live_world: World, visit: Visit, theme: Literal["light", "dark"]
) -> None:
    page_key = a_night(live_world)
    turn = next_turn(crew.rota, crew.ole)
    back = next_turn(crew.rota, crew.pia)
    swap = duty_services.ask(
        crew.rota,
        turn.line,
        period(turn),
        of=[crew.pia],
        by=crew.ole,
        now=NOW,
        takes_line=back.line,
        takes=period(back),
        note="My sister marries",
    )
    places = [
        ("/duty/", crew.nora),
        ("/duty/", crew.pia),
        ("/duty/", live_world.desk),
        (f"/duty/swaps/{swap.pk}/", crew.pia),
        (f"/duty/swaps/{swap.pk}/", crew.ole),
        (f"/duty/swaps/new/?shift={key_of(crew.rota, back, NOW)}", crew.pia),
        ("/duty/calendar/", crew.ole),
        ("/duty/call-outs/", live_world.oncall),
        (f"/duty/call-outs/{page_key}/", live_world.oncall),
    ]
    found = {}
    for path, person in places:
        page = visit("/profile/", person)
        page.emulate_media(color_scheme=theme)
        for size in (PHONE, DESKTOP):
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            page = visit(path)
            assert width_of(page) <= size["width"], path
            found[path, person.name, size["width"]] = violations(page)
    assert {place: faults for place, faults in found.items() if faults} == {}


def test_a_swap_by_keyboard_on_a_phone(crew: Crew, visit: Visit, live_server: "LiveServer") -> None:
    page = visit("/duty/", crew.ole)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("link", name=re.compile("Swap.*25 Nov")).press("Enter")
    page.get_by_label("Whom to ask").select_option(label="Pia Night")
    page.get_by_label("A word to them").fill("A wedding")
    page.get_by_role("button", name="Ask", exact=True).press("Enter")
    page.get_by_text("They are told by e-mail.").wait_for()
    page = visit("/duty/", crew.pia)
    page.get_by_role("link", name=re.compile("Look and answer.*25 Nov")).press("Enter")
    assert page.get_by_role("heading", name="These duties change").is_visible()
    assert not Override.objects.exists()
    page.get_by_role("button", name="I take the duty").press("Enter")
    page.get_by_text("The duty is yours.").wait_for()
    assert Override.objects.get().person == crew.pia
