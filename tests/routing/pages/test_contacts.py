"""The contacts of a project: the page, the business cards, the emergency card."""

import re
from datetime import timedelta

import pytest

from portal import clock
from portal.maintenance import announce, cancel
from portal.models import Contact, Maintenance, Person, ProjectSupport
from portal.services import retire
from tests.people import PRIVATE, World, make_hours, make_person, make_project

from .helpers import as_person, queries, text

CONTACTS = "/projects/webshop/contacts/"
CARD = "/projects/webshop/emergency-card/"
HOUR = timedelta(hours=1)


def shown(world: World, person: str = "alice", address: str = CONTACTS) -> str:
    return text(as_person(getattr(world, person)).get(address))


def planned(world: World, **fields: object) -> Maintenance:
    now = clock.now()
    given = {
        "projects": [world.webshop, world.kundenportal],
        "starts": now + HOUR,
        "ends": now + 3 * HOUR,
        "text_de": "Der Shop steht still.",
        "text_en": "The shop stands still.",
        "by": world.sdm,
        "now": now,
    }
    return announce(**{**given, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("person", ["alice", "bob", "desk"])
def test_everybody_is_named_with_their_published_number(world: World, person: str) -> None:
    page = shown(world, person)
    for name, number in (
        ("Jana Manager", "+49 69 90009130"),
        ("Tobias Deputy", "+49 69 90009131"),
        ("Katharina Business", "+49 69 90009140"),
        ("Service Desk", "+49 69 90009100"),
        ("Team Platform", "+49 69 90009101"),
        ("Hotline", "+49 69 90009301"),
        ("On-call engineer, platform", "+49 69 90009200"),
    ):
        assert name in page
        assert number in page
        assert f"tel:{number.replace(' ', '')}" in page
    assert "Service Delivery Manager, deputy" in page
    assert "Mon–Fri" in page
    assert "08:00–18:00" in page
    assert "Europe/Berlin" in page


def test_no_name_of_the_roster_and_no_address_of_a_person_is_shown(world: World) -> None:
    for address in (CONTACTS, CARD, "/projects/webshop/contacts.vcf", f"{CONTACTS}on-call.vcf", f"{CONTACTS}sdm-1.vcf"):
        for person in ("alice", "desk"):
            page = shown(world, person, address)
            assert "Nightly" not in page
            assert PRIVATE not in page
            assert "sdm@example.com" not in page


def test_holidays_of_the_next_months_are_named(world: World) -> None:
    page = shown(world)
    assert "Holidays and exceptions" in page
    today = clock.now().date()
    new_year = today.year + 1 if today.month > 6 else today.year
    expected = f'datetime="{new_year}-01-01"' if today.month > 6 else f'datetime="{today.year}-05-01"'
    assert expected in page


def test_without_support_hours_it_says_so(world: World) -> None:
    retire(ProjectSupport.objects.current().get(project=world.webshop), by=None, now=clock.now())
    assert "No support hours have been set" in shown(world)
    assert shown(world, address=CARD)


def test_a_project_without_anybody_says_so(world: World) -> None:
    world.webshop.hotline = ""
    world.webshop.save()
    now = clock.now()
    retire(ProjectSupport.objects.current().get(project=world.webshop), by=None, now=now)
    for rows in (world.webshop.assignments, world.webshop.coverage):
        for row in rows.all():  # type: ignore[attr-defined]
            retire(row, by=None, now=now)
    assert "Nobody has been assigned" in shown(world)


# --- The customer's own contacts -----------------------------------------------------------------------------


def test_authorised_contacts_stand_in_the_order_of_call_back(world: World) -> None:
    reachable = make_hours("reachable")
    contacts = Contact.objects.filter(customer=world.alster)
    contacts.filter(person=world.bob).update(call_back_order=1, reachable=reachable)
    contacts.filter(person=world.alice).update(call_back_order=2)
    page = shown(world)[shown(world).index("Authorised at Alster GmbH") :]
    assert page.index("Bob Alster") < page.index("Alice Alster")
    assert "call-back in place 1" in page
    assert "Mon–Fri 08:00–18:00 (Europe/Berlin)" in page
    assert "at any hour" in page
    assert "may order" in page
    assert "Charlie" not in page


def test_who_left_or_belongs_to_another_project_is_not_shown(world: World) -> None:
    erp = make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    Contact.objects.get(person=world.bob).limited_to.set([erp])
    gone = make_person("gone@alster.example", "Greta Gone", staff=False)
    Contact.objects.create(customer=world.alster, person=gone, left_at=clock.now())
    off = make_person("off@alster.example", "Otto Off", staff=False)
    Contact.objects.create(customer=world.alster, person=off)
    Person.objects.filter(pk=off.pk).update(is_active=False)
    page = shown(world)
    for name in ("Bob Alster", "Greta Gone", "Otto Off"):
        assert name not in page


# --- Maintenance -----------------------------------------------------------------------------------------------


def test_maintenance_is_announced_in_the_reader_s_language(world: World) -> None:
    planned(world)
    page = shown(world)
    assert page.count("The shop stands still.") == 2  # above all, and with its card
    assert "Maintenance is announced" in page
    assert "kundenportal" not in page
    Person.objects.filter(pk=world.alice.pk).update(language="de")
    assert "Der Shop steht still." in shown(world)


def test_maintenance_under_way_is_said(world: World) -> None:
    planned(world, starts=clock.now() - HOUR)
    assert "Maintenance is under way" in shown(world)


def test_cancelled_maintenance_is_shown_as_such_and_not_announced(world: World) -> None:
    cancel(planned(world), by=world.sdm, now=clock.now())
    page = shown(world)
    assert "Maintenance is announced" not in page
    assert "cancelled" in page


def test_another_project_s_maintenance_is_not_shown(world: World) -> None:
    planned(world, projects=[world.kundenportal])
    assert "No maintenance is announced." in shown(world)
    assert "The shop stands still." not in shown(world)


# --- Business cards --------------------------------------------------------------------------------------------


def test_a_business_card_can_be_saved(world: World) -> None:
    response = as_person(world.alice).get(f"{CONTACTS}sdm-1.vcf")
    assert response["Content-Type"] == "text/vcard; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="webshop-sdm-1.vcf"'
    card = text(response)
    for line in ("FN:Jana Manager", "N:Manager;Jana;;;", "ORG:Nordhafen", "TEL;TYPE=WORK,VOICE,PREF:+496990009130"):
        assert f"{line}\r\n" in card


def test_all_business_cards_are_one_file(world: World) -> None:
    cards = shown(world, address="/projects/webshop/contacts.vcf")
    assert cards.count("BEGIN:VCARD") == cards.count("END:VCARD") == 7
    assert "FN:Hotline webshop" in cards


def test_the_page_offers_each_card_and_its_picture(world: World) -> None:
    client = as_person(world.alice)
    page = text(client.get(CONTACTS))
    files = re.findall(rf"{CONTACTS}[\w-]+\.(?:vcf|svg)", page)
    assert len(set(files)) == 14
    for file in files:
        assert client.get(file).status_code == 200


def test_a_picture_is_dark_on_white_and_needs_no_style(world: World) -> None:
    response = as_person(world.alice).get(f"{CONTACTS}sdm-1.svg")
    assert response["Content-Type"] == "image/svg+xml"
    picture = text(response)
    assert 'fill="#fff"' in picture
    assert "style" not in picture
    assert len(picture) < 10_000


@pytest.mark.parametrize("kind", ["vcf", "svg"])
def test_a_contact_that_is_none_is_not_found(world: World, kind: str) -> None:
    assert as_person(world.alice).get(f"{CONTACTS}sdm-9.{kind}").status_code == 404
    assert as_person(world.charlie).get(f"{CONTACTS}sdm-1.{kind}").status_code == 404


# --- The emergency card -----------------------------------------------------------------------------------------


def test_the_emergency_card_says_what_is_needed(world: World) -> None:
    page = shown(world, address=CARD)
    for words in (
        "+49 69 90009301",
        "+49 69 90009200",
        "On-call engineer, platform",
        "Jana Manager",
        "+49 69 90009100",
        "Please call.",
        "Meaning of blocker",
        "Valid as of",
        "matrix version 1",
        "Answer within 4 hours",
        "QR code that calls Hotline",
    ):
        assert words in page
    assert page.count("<svg width") + page.count('<svg viewBox="0 0') >= 2


def test_the_emergency_card_without_a_matrix_still_says_whom_to_call(world: World) -> None:
    make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    page = shown(world, address="/projects/bare/emergency-card/")
    assert "No communication matrix is in force" in page
    assert "+49 69 90009301" in page


# --- Cost -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "most"), [(CONTACTS, 15), (CARD, 15), (f"{CONTACTS}sdm-1.vcf", 12)])
def test_queries_do_not_grow(world: World, address: str, most: int) -> None:
    client = as_person(world.alice)
    client.get(address)
    few = queries(lambda: client.get(address))
    assert few < most
    for number in range(10):
        person = make_person(f"c{number}@alster.example", f"Contact {number}", staff=False)
        hours = make_hours(f"hours-{number}")
        Contact.objects.create(customer=world.alster, person=person, call_back_order=number, reachable=hours)
        planned(world)
    client.get(address)
    assert queries(lambda: client.get(address)) <= few + 2  # the hours of all contacts together


def test_the_page_stays_small(world: World) -> None:
    for number in range(20):
        person = make_person(f"c{number}@alster.example", f"Contact {number}", staff=False)
        Contact.objects.create(customer=world.alster, person=person)
    assert len(shown(world)) < 50_000
    assert len(shown(world, address=CARD)) < 50_000
