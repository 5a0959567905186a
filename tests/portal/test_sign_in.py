"""Signing in: guessing is slow, sessions end when they must, the second factor is asked for."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from knox.models import AuthToken
from pytest_django import Settings

from portal import attempts, clock
from portal.embedded import Valkey
from portal.models import Person, SignInAttempt
from tests.people import World

RIGHT = "a-long-password"
LOGIN = "/accounts/login/"
REFUSED = "Too many failed login attempts"


def sign_in(client: Client, password: str = RIGHT, email: str = "alice@alster.example") -> str:
    """Where one is sent to; what the page says where one stays."""
    response = client.post(LOGIN, {"login": email, "password": password})
    return response.headers.get("Location") or response.content.decode()


def test_the_sixth_wrong_password_is_not_even_looked_at(world: World) -> None:
    for _ in range(5):
        assert "are not correct" in sign_in(Client(), "wrong")
    assert REFUSED in sign_in(Client(), "wrong")
    assert REFUSED in sign_in(Client(), RIGHT)
    assert sign_in(Client(), email="bob@alster.example") == "/"


def test_the_limit_holds_while_redis_is_away(world: World, settings: Settings, redis_server: Valkey) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": redis_server.url}}
    redis_server.stop()
    for _ in range(5):
        sign_in(Client(), "wrong")
    assert REFUSED in sign_in(Client(), RIGHT)


def test_a_pause_ends(world: World) -> None:
    for _ in range(6):
        sign_in(Client(), "wrong")
    SignInAttempt.objects.update(at=clock.now() - attempts.PER_ACCOUNT.period)
    assert sign_in(Client()) == "/"


def test_right_passwords_do_not_count(world: World) -> None:
    for _ in range(8):
        assert sign_in(Client()) == "/"
    assert not SignInAttempt.objects.exists()


def test_a_new_password_ends_the_pause(world: World) -> None:
    for _ in range(6):
        sign_in(Client(), "wrong")
    client = Client()
    client.post("/accounts/password/reset/", {"email": "alice@alster.example"})
    link = next(word for word in str(mail.outbox[0].body).split() if "/password/reset/key/" in word)
    form = client.get(link.split("testserver", 1)[1], follow=True)
    words = "correct-horse-battery"
    client.post(form.redirect_chain[-1][0], {"password1": words, "password2": words})
    assert sign_in(Client(), words) == "/"


def test_one_address_cannot_try_many_accounts(world: World) -> None:
    for number in range(20):
        sign_in(Client(), "wrong", f"nobody{number}@alster.example")
    assert REFUSED in sign_in(Client(), RIGHT)


def test_too_many_requests_are_answered_in_the_portals_frame(world: World) -> None:
    client = Client()
    for _ in range(10):
        client.post("/accounts/2fa/webauthn/login/", {"credential": "{}"})
    response = client.post("/accounts/2fa/webauthn/login/", {"credential": "{}"})
    assert response.status_code == 429
    assert "That was too often" in response.content.decode()


def test_what_was_tried_is_not_kept(world: World) -> None:
    sign_in(Client(), "wrong")
    assert "alice" not in str(SignInAttempt.objects.values_list("key", flat=True))
    SignInAttempt.objects.update(at=clock.now() - attempts.KEEP * 2)
    sign_in(Client())
    assert not SignInAttempt.objects.exists()


def test_the_reset_mail_is_in_the_language_of_its_reader(world: World) -> None:
    Person.objects.filter(pk=world.alice.pk).update(language="de")
    Client(headers={"accept-language": "en"}).post("/accounts/password/reset/", {"email": "alice@alster.example"})
    assert "neues Passwort" in str(mail.outbox[0].body)


@pytest.mark.parametrize("email", ["alice@alster.example", "nobody@alster.example"])
def test_a_dead_mail_server_is_said(world: World, settings: Settings, email: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    response = Client().post("/accounts/password/reset/", {"email": email}, follow=True)
    assert response.status_code == 200
    assert "The mail could not be sent" in response.content.decode()


def test_the_session_gets_a_new_key_when_one_signs_in(world: World) -> None:
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    sign_in(client)
    assert client.cookies["sessionid"].value != session.session_key


def test_who_is_deactivated_is_out_at_once(world: World) -> None:
    client = Client()
    sign_in(client)
    _row, token = AuthToken.objects.create(user=world.alice)
    Person.objects.filter(pk=world.alice.pk).update(is_active=False)
    assert client.get("/incidents/").status_code == 302
    api = Client(headers={"authorization": f"Bearer {token}"})
    assert api.get("/api/v1/projects/").status_code == 401
    assert sign_in(Client()) == "/accounts/inactive/"


def test_signing_out_everywhere_ends_every_session(world: World) -> None:
    here, there = Client(), Client()
    sign_in(here)
    sign_in(there)
    assert UserSession.objects.filter(user=world.alice).count() == 2
    assert there.get("/incidents/").status_code == 200
    here.post("/profile/sign-out-everywhere/")
    assert [client.get("/incidents/").status_code for client in (here, there)] == [302, 302]


def test_the_other_sessions_can_be_ended(world: World) -> None:
    here, there = Client(headers={"user-agent": "Firefox/1 Linux"}), Client()
    sign_in(here)
    sign_in(there)
    shown = here.get("/accounts/sessions/").content.decode()
    assert "Firefox, Linux" in shown
    assert "this device" in shown
    here.post("/accounts/sessions/")
    assert [client.get("/incidents/").status_code for client in (here, there)] == [200, 302]


def test_the_administration_has_no_door_of_its_own(world: World) -> None:
    response = Client().get("/admin/login/?next=/admin/")
    assert response.status_code == 302
    assert response["Location"].startswith(LOGIN)
    assert Client().post("/admin/login/", {"username": "admin@example.com", "password": RIGHT}).status_code == 302


def code_for(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def second_factor(person: Person) -> str:
    secret: str = generate_totp_secret()
    TOTP.activate(person, secret)
    return secret


def test_a_second_factor_is_asked_for(world: World) -> None:
    secret = second_factor(world.alice)
    client = Client()
    assert sign_in(client) == "/accounts/2fa/authenticate/"
    assert client.get("/incidents/").status_code == 302
    assert "Second step" in client.get("/accounts/2fa/authenticate/").content.decode()
    assert client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})["Location"] == "/"
    assert client.get("/incidents/").status_code == 200


def test_codes_are_as_hard_to_guess_as_passwords(world: World, settings: Settings, redis_server: Valkey) -> None:
    secret = second_factor(world.alice)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": redis_server.url}}
    redis_server.stop()
    client = Client()
    sign_in(client)
    for _ in range(5):
        assert "Incorrect code" in client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    assert REFUSED in answer.content.decode()


def test_who_left_between_the_two_steps_stays_out(world: World) -> None:
    secret = second_factor(world.alice)
    client = Client()
    sign_in(client)
    Person.objects.filter(pk=world.alice.pk).update(is_active=False)
    client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    assert client.get("/incidents/").status_code == 302


def test_changing_how_one_signs_in_needs_a_proof(world: World) -> None:
    client = Client()
    client.force_login(world.alice)
    for path in ("totp/activate/", "webauthn/add/"):
        response = client.get(f"/accounts/2fa/{path}")
        assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not Authenticator.objects.exists()
