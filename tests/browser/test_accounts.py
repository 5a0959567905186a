"""Accounts in a real browser: invited, second factor, passkey; and every page of it within WCAG 2.2 AA."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from knox.models import AuthToken
from playwright.sync_api import expect

from demo.phones.client import Phones
from portal import clock
from portal.contacts import services
from portal.contacts.details import Details
from portal.models import Contact, Person
from tests.people import World

from .conftest import Visit, violations, width_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
RIGHT = "a-long-password"
WORDS = "correct-horse-battery"


def sign_in(page: "Page", url: str, email: str = "alice@alster.example", password: str = RIGHT) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


@pytest.fixture
def key(page: "Page") -> Iterator["Page"]:
    """The page's device holds a platform authenticator that says yes to everything."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    session.detach()


def test_a_colleague_is_invited_and_sees_whom_to_call(
    phones: Phones, live_world: World, live_server: "LiveServer", browser: "Browser"
) -> None:
    """On a phone and without a script: invited, mail opened, password set, card read."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB", viewport=PHONE)  # type: ignore[arg-type]  # a TypedDict
    page = context.new_page()
    sign_in(page, live_server.url)
    page.locator("details.dd-menu > summary", has=page.locator(".dd-avatar")).click()
    page.get_by_role("link", name="Our contacts").click()
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Name", exact=True).fill("Dora Neu")
    page.get_by_label("E-mail").fill("dora@alster.example")
    page.get_by_label("Language of the invitation").select_option("en")
    page.get_by_label("webshop").check()
    page.get_by_label("Numbers to be called back on").fill("040 555123")
    page.get_by_label("Place in the order").select_option("1")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("Invitation sent to dora@alster.example")).to_be_visible()
    context.close()

    (letter,) = phones.mails(to="dora@alster.example")
    link = re.search(r"http\S+/invitation/\S+", letter["text"])
    assert link
    context = browser.new_context(java_script_enabled=False, locale="de-DE", viewport=PHONE)  # type: ignore[arg-type]  # a TypedDict
    page = context.new_page()
    page.goto(link[0])
    page.get_by_label("Password", exact=True).fill(WORDS)
    page.get_by_label("Password (again)").fill(WORDS)
    page.get_by_role("button", name="Accept and sign in").click()
    expect(page).to_have_url(re.compile("/projects/webshop/call/"))
    expect(page.get_by_role("heading", name="Whom do I call?")).to_be_visible()
    assert page.locator("a[href^='tel:']").count() >= 1
    context.close()
    assert Contact.objects.get(person__email="dora@alster.example").phones == ["+4940555123"]


def test_a_second_factor_is_set_up_and_asked_for(live_world: World, live_server: "LiveServer", page: "Page") -> None:
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/profile/")
    page.locator("a[href='/accounts/2fa/']").click()
    page.get_by_role("link", name=re.compile("Set up.*Authenticator app")).click()
    page.get_by_label("Password").fill(RIGHT)
    page.get_by_role("button", name="Confirm").click()
    secret = page.locator("#secret").inner_text()
    page.locator("input[name=code]").fill(code(secret))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery = page.locator("#recovery-codes li").first.inner_text()
    page.context.clear_cookies()

    sign_in(page, live_server.url)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.locator("input[name=code]").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    # The code that switched it on is used up; a recovery code does as well.
    page.locator("input[name=code]").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/projects/webshop/call/"))


def test_a_passkey_is_set_up_and_signs_in_alone(live_world: World, live_server: "LiveServer", key: "Page") -> None:
    sign_in(key, live_server.url)
    key.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    key.get_by_label("Password").fill(RIGHT)
    key.get_by_role("button", name="Confirm").click()
    expect(key.get_by_label("Sign in with it alone")).to_be_checked()
    key.get_by_role("button", name="Set up").click()
    expect(key.get_by_role("heading", name="Recovery codes")).to_be_visible()
    key.goto(f"{live_server.url}/accounts/2fa/webauthn/")
    expect(key.get_by_text("signs in without a password")).to_be_visible()
    key.context.clear_cookies()

    key.goto(f"{live_server.url}/accounts/login/?next=/incidents/")
    key.get_by_role("button", name="Sign in with a passkey").click()
    expect(key).to_have_url(f"{live_server.url}/incidents/")
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None

    key.context.clear_cookies()
    sign_in(key, live_server.url)
    key.get_by_role("button", name="Use a passkey or security key").click()
    expect(key).to_have_url(re.compile("/projects/webshop/call/"))


def test_a_passkey_that_is_not_given_is_said(live_world: World, live_server: "LiveServer", key: "Page") -> None:
    key.goto(f"{live_server.url}/accounts/login/")
    key.get_by_role("button", name="Sign in with a passkey").click()
    expect(key.get_by_text("That did not work")).to_be_visible(timeout=30_000)


def test_the_account_of_who_left_ends_while_they_read(live_world: World, visit: Visit) -> None:
    page = visit("/incidents/", live_world.bob)
    services.leave(Contact.objects.get(person=live_world.bob), by=live_world.alice, now=clock.now())
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def a_full_house(world: World) -> list[tuple[str, Person | None, str]]:
    """Everything that the pages can show; addresses with who reads them and how they are reached."""
    now = clock.now()
    details = Details(projects=("webshop",), phones=("+4940555123",), call_back_order=2)
    _invitation, token = services.invite(
        world.alster, by=world.alice, now=now, email="dora@alster.example", name="Dora", language="en", details=details
    )
    other, _token = services.invite(
        world.alster, by=world.alice, now=now, email="emil@alster.example", name="Emil", language="en", details=details
    )
    bob = Contact.objects.get(person=world.bob)
    services.change(bob, by=world.alice, now=now, details=details)
    gone = Person.objects.create_user("gone@alster.example", RIGHT, name="Gone Alster", language="en")
    contact = Contact.objects.create(customer=world.alster, person=gone)
    services.leave(contact, by=world.desk, now=now)
    AuthToken.objects.create(user=world.alice)
    base = "/customers/alster/"
    return [
        ("/accounts/login/", None, "get"),
        (f"/invitation/{token}/", None, "get"),
        ("/invitation/nothing/", None, "get"),
        ("/customers/", world.desk, "get"),
        ("/customers/", world.bob, "get"),
        (f"{base}contacts/", world.alice, "open"),
        (f"{base}contacts/", world.desk, "open"),
        (f"{base}contacts/invite/", world.alice, "get"),
        (f"{base}contacts/invite/", world.alice, "submit"),
        (f"{base}contacts/{bob.pk}/", world.alice, "get"),
        (f"{base}contacts/{bob.pk}/leave/", world.alice, "get"),
        (f"{base}invitations/{other.pk}/revoke/", world.alice, "get"),
        ("/profile/", world.alice, "open"),
        ("/profile/", world.alice, "Make a token"),
        ("/profile/", world.alice, "Get a PIN"),
        ("/accounts/2fa/", world.alice, "get"),
        ("/accounts/sessions/", world.alice, "get"),
        ("/accounts/reauthenticate/?next=/accounts/2fa/totp/activate/", world.alice, "get"),
        ("/accounts/inactive/", None, "get"),
    ]


def go_on(page: "Page", how: str) -> None:
    if how == "open":
        page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    elif how == "submit":
        with page.expect_navigation():
            page.locator("main form button[type=submit]").first.click()
    elif how != "get":
        with page.expect_navigation():
            page.get_by_role("button", name=how).first.click()
        if "/reauthenticate/" in page.url:
            page.get_by_label("Password").fill(RIGHT)
            with page.expect_navigation():
                page.get_by_role("button", name="Confirm").click()


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_pages_keep_to_wcag_and_fit_the_screen(
    live_world: World, visit: Visit, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    places = a_full_house(live_world)
    page = visit("/accounts/login/")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    found = {}
    for path, person, how in places:
        if person is None:
            page.context.clear_cookies()
        page = visit(path, person)
        go_on(page, how)
        assert width_of(page) <= size["width"], (path, how)
        found[path, how] = violations(page)
    assert {place: faults for place, faults in found.items() if faults} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_the_second_factor_keep_to_wcag(
    live_world: World, live_server: "LiveServer", key: "Page", theme: Literal["light", "dark"]
) -> None:
    key.emulate_media(color_scheme=theme)
    key.set_viewport_size({"width": 390, "height": 844})
    sign_in(key, live_server.url)
    found: dict[str, Any] = {}

    def look(name: str) -> None:
        assert width_of(key) <= 390, name
        found[name] = violations(key)

    base = f"{live_server.url}/accounts/2fa"
    key.goto(f"{base}/webauthn/add/")
    key.get_by_label("Password").fill(RIGHT)
    key.get_by_role("button", name="Confirm").click()
    look("add")
    key.get_by_role("button", name="Set up").click()
    expect(key.get_by_role("heading", name="Recovery codes")).to_be_visible()
    look("codes")
    pk = Authenticator.objects.get(type="webauthn").pk
    for path in ("/totp/activate/", "/recovery-codes/generate/", "/webauthn/", f"/webauthn/keys/{pk}/edit/",
                 f"/webauthn/keys/{pk}/remove/", "/", "/reauthenticate/", "/webauthn/reauthenticate/"):  # fmt: skip
        response = key.goto(base + path)
        assert response is not None
        assert response.status == 200, path
        look(path)
    key.context.clear_cookies()
    sign_in(key, live_server.url)
    look("second step")
    assert {name: faults for name, faults in found.items() if faults} == {}
