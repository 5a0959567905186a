"""The frame around every page: start page, navigation, language, login and errors."""

import pytest
from django.core import mail
from django.test import Client

from tests.people import World

from .helpers import PASSWORD, as_person, text


@pytest.mark.parametrize(("name", "start"), [("alice", "/projects/"), ("desk", "/desk/"), ("brm", "/desk/")])
def test_the_start_page_is_where_the_day_begins(world: World, name: str, start: str) -> None:
    assert as_person(getattr(world, name)).get("/")["Location"] == start


def test_navigation_by_role(world: World) -> None:
    customer = text(as_person(world.alice).get("/incidents/"))
    assert "Whom do I call?" in customer
    assert "/on-call/" not in customer
    desk = text(as_person(world.desk).get("/incidents/"))
    assert "/on-call/" in desk
    assert "/administration/" not in desk
    assert "/administration/" in text(as_person(world.admin).get("/incidents/"))


def test_where_one_is_is_marked(world: World) -> None:
    shown = text(as_person(world.alice).get("/incidents/"))
    assert '<a href="/incidents/" aria-current="page">' in shown
    assert shown.count('aria-current="page"') == 1


@pytest.mark.parametrize("page", ["matrix", "contacts", "handbook", "calendar", "emergency-card"])
def test_what_there_is_to_read_of_a_project_is_below_whom_to_call(world: World, page: str) -> None:
    shown = text(as_person(world.alice).get(f"/projects/webshop/{page}/"))
    assert '<a href="/projects/" aria-current="true">' in shown


def test_logging_in_and_out(world: World) -> None:
    client = Client()
    response = client.post("/accounts/login/", {"login": "alice@alster.example", "password": PASSWORD})
    assert response["Location"] == "/"
    assert "Alice Alster" in text(client.get("/incidents/"))
    assert "Sign Out" in text(client.get("/accounts/logout/"))
    client.post("/accounts/logout/")
    assert client.get("/incidents/").status_code == 302


def test_a_wrong_password_is_said_on_the_page(world: World) -> None:
    response = Client().post("/accounts/login/", {"login": "alice@alster.example", "password": "wrong"})
    assert 'role="alert"' in text(response)


def test_a_forgotten_password_is_set_anew(world: World) -> None:
    client = Client()
    assert "<h1" in text(client.get("/accounts/password/reset/"))
    client.post("/accounts/password/reset/", {"email": "alice@alster.example"})
    link = next(word for word in str(mail.outbox[0].body).split() if "/accounts/password/reset/key/" in word)
    form = client.get(link.split("testserver", 1)[1], follow=True)
    assert 'type="password"' in text(form)
    words = "correct-horse-battery"
    done = client.post(form.redirect_chain[-1][0], {"password1": words, "password2": words}, follow=True)
    assert done.status_code == 200
    assert client.login(email="alice@alster.example", password=words)


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/signup/"])
def test_every_account_page_wears_the_portals_frame(world: World, path: str) -> None:
    client = Client() if "signup" in path else as_person(world.alice)
    response = client.get(path, follow=True)
    assert response.status_code == 200
    assert 'class="dd-page' in text(response)


def test_the_language_is_switched_and_kept(world: World) -> None:
    client = as_person(world.alice)
    assert '<html lang="en">' in text(client.get("/incidents/"))
    response = client.post("/i18n/setlang/", {"language": "de", "next": "/incidents/"})
    assert response["Location"] == "/incidents/"
    assert '<html lang="de">' in text(client.get("/incidents/"))


def test_no_page_needs_inline_script(world: World) -> None:
    for path in ("/incidents/", "/projects/webshop/call/", "/incidents/new/?project=webshop", "/on-call/"):
        shown = text(as_person(world.desk).get(path))
        assert "<script>" not in shown
        assert " onclick=" not in shown


def test_what_does_not_exist_is_a_page_with_a_way_back(world: World) -> None:
    response = as_person(world.alice).get("/nothing/here/")
    assert response.status_code == 404
    assert "This page does not exist" in text(response)


def test_a_request_that_was_not_understood_changes_nothing(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.alice)
    response = client.post("/incidents/new/?project=webshop", {"title": "Down", "priority": "blocker"})
    assert response.status_code == 403
    assert "Please try again" in text(response)
