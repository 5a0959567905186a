"""The contacts of a project in a browser: legible in both themes, on one sheet of paper, and without a script."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest
from django.db import connection
from django.test import Client

from matrix.models import PriorityTerms, Reporting
from oncall.models import CalendarFeed
from portal import clock
from portal.maintenance import announce, cancel
from portal.models import Contact, Person, Project, Team
from tests.people import World, make_hours

from .conftest import Visit, violations, width_of
from .test_pages import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

CONTACTS = "/projects/webshop/contacts/"
CARD = "/projects/webshop/emergency-card/"
CALENDAR = "/projects/webshop/calendar/"
HOUR = timedelta(hours=1)


def a_full_page(world: World) -> None:
    """Maintenance that comes and that does not, and contacts with hours of their own."""
    now = clock.now()
    for number in (1, 2):
        row = announce(
            projects=[world.webshop],
            starts=now + number * HOUR,
            ends=now + (number + 1) * HOUR,
            text_de="Der Shop steht still.",
            text_en="The shop stands still.",
            by=world.sdm,
            now=now,
        )
    cancel(row, by=world.sdm, now=now)
    contacts = Contact.objects.filter(customer=world.alster)
    contacts.update(call_back_order=1, reachable=make_hours("reachable"), company="Agentur Pixelwerk")


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_pages_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    a_full_page(live_world)
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {}
    for path in (CONTACTS, CARD, CALENDAR):
        page = visit(path, live_world.alice)
        if path == CALENDAR:
            with page.expect_navigation():
                page.get_by_role("button", name="Make an address").click()
        for summary in page.locator("main summary").all():
            summary.click()
        assert width_of(page) <= size["width"], path
        found[path] = violations(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_picture_is_loaded_once_it_is_asked_for(live_world: World, visit: Visit) -> None:
    page = visit(CONTACTS, live_world.alice)
    picture = page.get_by_alt_text("QR code of the business card of Jana Manager")
    assert not picture.is_visible()
    page.get_by_text("Into the address book: Jana Manager").click()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())


# --- Paper ------------------------------------------------------------------------------------------------------


def sheets(page: "Page") -> list[bytes]:
    """The sheets that printing needs, by their size."""
    paper = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox\s*\[([^\]]*)\]", paper)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == len(boxes)
    return boxes


def with_long_names(world: World) -> None:
    """As long as names and texts of real projects get, and somewhat longer."""
    Project.objects.filter(pk=world.webshop.pk).update(name="Warenwirtschaft und Versandabwicklung der Nordwestgruppe")
    world.alster.name = "Alsterkontor Versand- und Handelsgesellschaft Hamburg mbH & Co. KG"
    world.alster.save()
    Person.objects.filter(pk__in=[world.sdm.pk, world.deputy.pk]).update(
        name="Prof. Dr. Anna-Magdalena von Schwarzenberg-Hohenstein"
    )
    Team.objects.update(name="Service Desk für Betrieb, Anwendungen und Infrastruktur")
    world.rota.public_name_de = world.rota.public_name_en = "Rufbereitschaft Plattform, Datenbanken und Netze"
    world.rota.save()
    instruction = "Rufen Sie die Rufbereitschaft an und halten Sie Projekt, Kunden-PIN und Rückrufnummer bereit. " * 2
    definition = (
        "Eine wesentliche Funktion ist ausgefallen oder so stark beeinträchtigt, dass Arbeit liegen bleibt. " * 2
    )
    with connection.cursor() as cursor:  # a published version is not changed but here
        cursor.execute("SET session_replication_role = replica")
        Reporting.objects.update(instruction_de=instruction, instruction_en=instruction)
        PriorityTerms.objects.update(definition_de=definition, definition_en=definition)
        cursor.execute("SET session_replication_role = origin")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_the_emergency_card_is_one_sheet_of_a4(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], long: bool
) -> None:
    if long:
        with_long_names(live_world)
    page = visit(CARD, live_world.alice)
    page.emulate_media(color_scheme=theme)
    assert [[round(float(edge)) for edge in box.split()] for box in sheets(page)] == [[0, 0, 595, 842]]


def test_the_emergency_card_is_dark_on_white_on_paper(live_world: World, visit: Visit) -> None:
    page = visit(CARD, live_world.alice)
    page.emulate_media(media="print", color_scheme="dark")
    colours = "element => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor]"
    assert page.locator(".dd-paper").evaluate(colours) == ["rgb(17, 17, 17)", "rgb(255, 255, 255)"]
    for hidden in (".dd-header", ".dd-tabs", ".dd-footer", "[data-print]"):
        assert not page.locator(hidden).first.is_visible(), hidden
    for number in ("+49 69 90009301", "+49 69 90009200", "+49 69 90009130", "+49 69 90009100"):
        assert page.get_by_text(number).first.is_visible(), number


# --- Without a script ---------------------------------------------------------------------------------------------


def test_a_calendar_is_subscribed_and_revoked_without_a_script(
    live_world: World, live_server: "LiveServer", browser: "Browser"
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}{CALENDAR}")
    page.get_by_label("Email").fill("alice@alster.example")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Make an address").click()
    address = page.get_by_label("Or enter it there yourself").input_value()
    path = "/ical/" + address.rsplit("/ical/", 1)[1]
    assert Client().get(path).status_code == 200
    page.locator("summary", has_text="Revoke").click()
    page.get_by_role("button", name="Revoke for good").click()
    page.get_by_text("The calendar address does not work any more.").wait_for()
    context.close()
    assert Client().get(path).status_code == 404
    assert CalendarFeed.objects.get().revoked_at is not None
