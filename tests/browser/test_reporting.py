"""Reporting as a customer does it: on a phone, at a desk, with a file, without a script; and the phone rings."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from django.test import Client
from playwright.sync_api import expect

from demo.phones.client import Phones
from matrix.models import Topic
from matrix.terms import Channel
from portal import clock
from routing.appointments.models import Appointment
from routing.attachments.services import attach
from routing.incidents.models import Incident, Status
from routing.models import Attachment
from routing.paging import sending
from routing.paging.models import Delivery
from tests.people import World, make_matrix, make_project
from tests.routing.attachments.samples import EXE, PNG, upload
from tests.routing.pages.helpers import report
from tests.routing.telephony.phones import advance, phones, phones_process, send, wait_for

from .conftest import Visit, violations, width_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

__all__ = ["phones", "phones_process"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


def appointment_topic() -> Topic:
    return Topic.objects.create(
        key="appointment", name_de="Termin", name_en="Appointment", roles=["brm", "sdm"], answer_minutes=960
    )


def test_a_blocker_is_reported_and_the_phone_rings(
    live_world: World, phones: Phones, visit: Visit, tmp_path: Path
) -> None:
    """From the form to the key that somebody presses, and back to the customer's page."""
    screenshot = tmp_path / "Fehler 502.png"
    screenshot.write_bytes(PNG)
    page = visit("/incidents/new/", live_world.alice)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.get_by_label("What is wrong?").fill("The shop is down")
    page.get_by_label("Files").set_input_files(screenshot)
    assert not page.get_by_text("Please call as well").first.is_visible()
    page.get_by_role("radio").first.check()
    call = page.locator("a.dd-call:visible")
    assert page.get_by_text("Please call as well").first.is_visible()
    assert str(call.get_attribute("href")).startswith("tel:+4969900")
    page.get_by_role("button", name="Report").click()
    page.get_by_role("status").get_by_text("Please call as well").wait_for()
    page.get_by_role("link", name="Fehler 502.png").wait_for()
    place = page.url

    advance()
    send()
    rung = Delivery.objects.get(channel=Channel.VOICE)
    page.goto(f"{phones.base_url}/phone/{rung.to}")
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("The shop is down").first.wait_for()
    page.get_by_role("button", name="1", exact=True).click()
    wait_for(lambda: Incident.objects.get().status == Status.ACKNOWLEDGED)

    page.goto(place)
    page.get_by_text("Acknowledged by key on the phone").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Fehler 502.png").click()
    assert saved.value.path().read_bytes() == PNG


def test_pressing_twice_reports_once(live_world: World, visit: Visit) -> None:
    page = visit("/incidents/new/?project=webshop&priority=blocker", live_world.alice)
    page.get_by_label("What is wrong?").fill("The shop is down")
    page.get_by_role("button", name="Report").dblclick()
    # The second press may end the first one's answer: the address is asked for, not the navigation.
    expect(page).to_have_url(re.compile(r"/incidents/\d+/$"))
    page.get_by_text("Reported as incident").wait_for()
    assert Incident.objects.count() == 1


def test_nothing_of_it_needs_the_script(
    live_world: World, live_server: "LiveServer", browser: "Browser", tmp_path: Path
) -> None:
    """Not sure which project, with a file."""
    make_matrix(make_project(live_world.office, live_world.alster, "erp", live_world.desk_team, live_world.platform))
    log = tmp_path / "error.log"
    log.write_text("502 Bad Gateway")
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/incidents/new/")
    page.get_by_label("Email").fill("alice@alster.example")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="I am not sure").click()
    page.get_by_label("What is wrong?").fill("Something is slow")
    page.get_by_label("Files").set_input_files(log)
    page.get_by_role("radio").nth(2).check()
    page.get_by_role("button", name="Report").click()
    page.get_by_text("until that is certain").wait_for()
    context.close()
    incident = Incident.objects.get()
    assert (incident.project_unsure, incident.priority) == (True, "major")
    assert Attachment.objects.get().name == "error.log"


def test_the_keyboard_is_enough(live_world: World, visit: Visit) -> None:
    page = visit("/incidents/new/?project=webshop", live_world.alice)
    page.get_by_label("What is wrong?").focus()
    page.keyboard.type("The shop is down")
    for _step in range(3):  # details, files, priority
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.get_by_role("radio").first.is_checked()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')").startswith("tel:")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/*/")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(live_world: World, visit: Visit, tmp_path: Path) -> None:
    large, fine = tmp_path / "large.log", tmp_path / "fine.log"
    large.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    fine.write_bytes(b"x")
    page = visit("/incidents/new/?project=webshop", live_world.alice)
    files = page.get_by_label("Files")
    valid = "input => input.checkValidity()"
    files.set_input_files(large)
    assert not files.evaluate(valid)
    assert "At most 5 files" in files.evaluate("input => input.validationMessage")
    files.set_input_files(fine)
    assert files.evaluate(valid)
    files.set_input_files([fine] * 6)
    assert not files.evaluate(valid)


def test_what_a_file_pretends_to_be_is_said(live_world: World, visit: Visit, tmp_path: Path) -> None:
    fake = tmp_path / "holiday.png"
    fake.write_bytes(EXE)
    page = visit("/incidents/new/?project=webshop&priority=major", live_world.alice)
    page.get_by_label("What is wrong?").fill("See the picture")
    page.get_by_label("Files").set_input_files(fake)
    page.get_by_role("button", name="Report").click()
    page.get_by_text("“holiday.png” is not what its name says.").wait_for()
    assert page.get_by_label("What is wrong?").input_value() == "See the picture"
    assert violations(page) == []


def test_an_appointment_ends_in_two_mailboxes(live_world: World, phones: Phones, visit: Visit) -> None:
    appointment_topic()
    page = visit("/incidents/new/?project=webshop&topic=appointment", live_world.alice)
    page.get_by_label("What would you like?").fill("Our plans for next year")
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Not confirmed yet").wait_for()
    place = page.url.removeprefix(page.url[: page.url.index("/incidents/")])
    page = visit(place, live_world.brm)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Confirm and invite").click()
    page.get_by_role("status").get_by_text("The invitations are on their way").wait_for()
    sending.send_due_post(now=clock.now())
    for person in (live_world.alice, live_world.brm):
        mails = [mail for mail in phones.mails(to=person.email) if "Our plans" in mail["subject"]]
        assert any("in your calendar" in str(mail) or "invitation in this mail" in str(mail) for mail in mails)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Into my calendar").click()
    assert str(Appointment.objects.get().uid) in saved.value.path().read_text()


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_pages_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    topic = appointment_topic()
    Topic.objects.create(key="change", name_de="x", name_en="Change", roles=["sdm"], needs_right="order")
    make_matrix(make_project(live_world.office, live_world.alster, "erp", live_world.desk_team, live_world.platform))
    client = Client()
    client.force_login(live_world.alice)
    sent = {"title": "Let us talk", "when": "own", "own_1": "2099-01-05T10:00"}
    client.post("/incidents/new/?project=webshop&topic=appointment", sent)
    talk = Incident.objects.get(topic=topic)
    unsure = report(live_world.webshop, live_world.alice, project_unsure=True)
    attach(unsure, [upload("x" * 100 + ".png")], by=live_world.alice, now=clock.now(), public=True)
    places = [
        ("/incidents/new/", live_world.alice),
        ("/incidents/new/?unsure=alster&priority=blocker", live_world.alice),
        ("/incidents/new/?project=webshop&topic=appointment", live_world.alice),
        ("/incidents/new/?project=webshop&topic=change", live_world.bob),
        ("/incidents/new/?project=webshop&topic=appointment", live_world.desk),
        (f"/incidents/{talk.pk}/", live_world.brm),
        (f"/incidents/{unsure.pk}/", live_world.desk),
        (f"/incidents/{unsure.pk}/", live_world.alice),
    ]
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {}
    for number, (path, person) in enumerate(places):
        page = visit(path, person)
        assert width_of(page) <= size["width"], path
        found[number, path] = violations(page)
    assert {place: faults for place, faults in found.items() if faults} == {}
