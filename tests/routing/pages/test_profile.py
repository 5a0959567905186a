"""Everybody's own page."""

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client
from knox.models import AuthToken

from portal.models import Contact, Person
from portal.profile.services import MOST_TOKENS
from tests.people import PRIVATE, World

from .helpers import PASSWORD, as_person, queries, text

FORM = {"name": "Alice Neu", "language": "de", "zone": "America/New_York"}


def test_language_and_zone_hold_from_now_on(world: World) -> None:
    client = as_person(world.alice)
    client.post("/i18n/setlang/", {"language": "en", "next": "/profile/"})
    shown = text(client.post("/profile/", FORM, follow=True))
    assert '<html lang="de">' in shown
    assert "Gespeichert." in shown
    world.alice.refresh_from_db()
    assert (world.alice.name, world.alice.language, world.alice.zone) == tuple(FORM.values())


def test_the_browsers_language_counts_until_one_is_known(world: World) -> None:
    german = {"accept-language": "de"}
    assert '<html lang="de">' in text(Client(headers=german).get("/accounts/login/"))
    client = Client(headers=german)
    client.force_login(world.alice)
    assert '<html lang="en">' in text(client.get("/profile/"))


@pytest.mark.parametrize("changes", [{"zone": "Mars/Olympus"}, {"zone": ""}, {"language": "fr"}, {"name": ""}])
def test_nonsense_is_refused(world: World, changes: dict[str, str]) -> None:
    assert as_person(world.alice).post("/profile/", {**FORM, **changes}).status_code == 400
    world.alice.refresh_from_db()
    assert (world.alice.name, world.alice.zone) == ("Alice Alster", "Europe/Berlin")


def test_nobody_makes_themselves_more_than_they_are(world: World) -> None:
    sent = {**FORM, "is_staff": "on", "email": "admin@example.com", "mobile": "+4930123456", "is_superuser": "on"}
    as_person(world.alice).post("/profile/", sent)
    world.alice.refresh_from_db()
    assert (world.alice.is_staff, world.alice.is_superuser, world.alice.email) == (False, False, "alice@alster.example")


def test_an_older_name_of_a_zone_stays_choosable(world: World) -> None:
    Person.objects.filter(pk=world.alice.pk).update(zone="Etc/GMT+5")
    world.alice.refresh_from_db()
    client = as_person(world.alice)
    assert client.post("/profile/", {**FORM, "zone": "Etc/GMT+5"}).status_code == 302


def proven(person: Person) -> Client:
    """Somebody who has just proven once more who they are."""
    client = as_person(person)
    client.post("/accounts/reauthenticate/?next=/profile/", {"password": PASSWORD})
    return client


def test_a_token_needs_a_proof_first(world: World) -> None:
    client = as_person(world.alice)
    asked = client.post("/profile/tokens/new/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not AuthToken.objects.exists()
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert not AuthToken.objects.exists()
    assert 'id="token"' in text(client.post(asked["Location"], {"password": PASSWORD, "next": "/profile/tokens/new/"}))
    assert AuthToken.objects.get().user == world.alice


def test_a_token_is_shown_once_works_and_is_revoked(world: World) -> None:
    client = proven(world.alice)
    made = client.post("/profile/tokens/new/")
    assert "no-store" in made["Cache-Control"]
    token = text(made).split('id="token">')[1].split("<")[0]
    api = Client(headers={"authorization": f"Bearer {token}"})
    assert [project["key"] for project in api.get("/api/v1/projects/").json()] == ["webshop"]
    page = text(client.get("/profile/"))
    assert token not in page
    row = AuthToken.objects.get()
    assert row.token_key[:6] in page
    client.post(f"/profile/tokens/{row.token_key}/revoke/")
    assert api.get("/api/v1/projects/").status_code == 401


def test_tokens_do_not_pile_up(world: World) -> None:
    client = proven(world.alice)
    for _ in range(MOST_TOKENS + 1):
        client.post("/profile/tokens/new/")
    assert AuthToken.objects.count() == MOST_TOKENS


def test_a_pin_is_shown_once_and_stored_hashed(world: World) -> None:
    client = as_person(world.alice)
    contact = Contact.objects.get(person=world.alice)
    shown = text(client.post(f"/profile/pin/{contact.pk}/"))
    pin = shown.split('<span class="dd-number">')[1].split("<")[0]
    assert len(pin) == 6
    contact.refresh_from_db()
    assert pin not in contact.pin
    assert check_password(pin, contact.pin)
    assert pin not in text(client.get("/profile/"))
    client.post(f"/profile/pin/{contact.pk}/")
    contact.refresh_from_db()
    assert not check_password(pin, contact.pin)


def test_a_profile_holds_no_private_number(world: World) -> None:
    for name in ("alice", "desk", "oncall"):
        assert PRIVATE not in text(as_person(getattr(world, name)).get("/profile/"))


def test_the_menu_leads_there(world: World) -> None:
    shown = text(as_person(world.alice).get("/incidents/"))
    assert 'href="/profile/"' in shown
    assert 'href="/customers/"' in shown


def test_the_page_stays_light(world: World) -> None:
    client = as_person(world.alice)
    few = queries(lambda: client.get("/profile/"))
    for _ in range(MOST_TOKENS):
        AuthToken.objects.create(user=world.alice)
    Contact.objects.create(customer=world.seeburg, person=world.alice)
    assert queries(lambda: client.get("/profile/")) == few
    assert few < 15
    assert len(client.get("/profile/").content) < 50_000
