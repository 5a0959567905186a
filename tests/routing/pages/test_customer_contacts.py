"""The pages about a customer's contacts, and the page behind an invitation."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from portal import attempts, clock
from portal.contacts import services
from portal.contacts.details import Details
from portal.models import Contact, ContactChange, Invitation, Person
from tests.people import PRIVATE, World, make_person

from .helpers import as_person, queries, text

PAGE = "/customers/alster/contacts/"
NUMBER = "+4940555123"
WORDS = "correct-horse-battery"
FORM: dict[str, Any] = {
    "name": "Dora Neu",
    "email": "dora@alster.example",
    "language": "de",
    "can_report": "on",
    "projects": ["webshop"],
    "phones": "040 555123",
    "call_back_order": "2",
    "days": "0-4",
    "opens": "09:00",
    "closes": "17:00",
}


def invite(person: Person, **changes: Any) -> Any:
    return as_person(person).post(f"{PAGE}invite/", {**FORM, **changes}, follow=True)


def link() -> str:
    found = re.search(r"http://testserver(/invitation/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def contact_of(person: Person) -> Contact:
    return Contact.objects.get(person=person)


def test_a_manager_invites_a_colleague_who_then_sees_whom_to_call(world: World) -> None:
    shown = text(invite(world.alice))
    assert "Invitation sent to dora@alster.example" in shown
    assert "Invited, not accepted yet" in shown
    letter = mail.outbox[-1]
    assert letter.to == ["dora@alster.example"]
    assert "Alice Alster" in str(letter.body)
    client = Client()
    assert 'type="password"' in text(client.get(link()))
    entered = client.post(link(), {"password1": WORDS, "password2": WORDS}, follow=True)
    assert entered.redirect_chain[-1][0] == "/projects/webshop/call/"
    assert "Dora Neu" in text(entered)
    details = Details.of(contact_of(Person.objects.get(email="dora@alster.example")))
    assert details == Details(
        can_report=True, projects=("webshop",), phones=(NUMBER,), call_back_order=2, hours="0-4 09:00-17:00"
    )


def test_the_invitation_speaks_the_language_of_the_invited(world: World) -> None:
    invite(world.alice, language="en")
    assert "has named you as a contact of Alster GmbH" in str(mail.outbox[-1].body)
    assert '<html lang="en">' in text(Client(headers={"accept-language": "de"}).get(link()))


def test_the_providers_people_are_not_named_to_customers(world: World) -> None:
    invite(world.desk)
    assert "Lukas Desk" not in str(mail.outbox[-1].body)
    assert "Nordhafen" in str(mail.outbox[-1].body)
    assert "Lukas Desk" not in text(Client().get(link()))
    assert "Lukas Desk" not in text(as_person(world.alice).get(PAGE))
    assert "Lukas Desk" in text(as_person(world.sdm).get(PAGE))


def test_whoever_accepts_in_anothers_browser_is_themselves(world: World) -> None:
    invite(world.alice)
    client = as_person(world.alice)
    entered = client.post(link(), {"password1": WORDS, "password2": WORDS}, follow=True)
    assert "<strong>Dora Neu</strong>" in text(entered)
    assert "Alice Alster" not in text(client.get("/profile/"))


def test_a_weak_password_is_refused(world: World) -> None:
    invite(world.alice)
    for first, second in (("short", "short"), ("12345678901", "12345678901"), (WORDS, "something-else")):
        response = Client().post(link(), {"password1": first, "password2": second})
        assert response.status_code == 400
    assert not Person.objects.filter(email="dora@alster.example").exists()


def test_a_link_is_used_once_and_for_a_week(world: World) -> None:
    invite(world.alice)
    used = link()
    Client().post(used, {"password1": WORDS, "password2": WORDS})
    again = Client().get(used)
    assert again.status_code == 404
    assert "This link does not work any more" in text(again)
    invite(world.alice, email="late@alster.example")
    Invitation.objects.filter(email="late@alster.example").update(expires_at=clock.now() - timedelta(seconds=1))
    assert Client().get(link()).status_code == 404
    assert "link expired" in text(as_person(world.alice).get(PAGE))
    assert Client().get("/invitation/nothing-like-it/").status_code == 404


def test_nobody_is_let_in_as_somebody_who_came_into_being_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the invitation of another customer, say: a password that was typed here proves nothing of them."""
    invite(world.alice)
    accept = services.accept

    def later(*args: Any, **kwargs: Any) -> Contact:
        make_person("dora@alster.example", "Dora Neu", staff=False)
        return accept(*args, **kwargs)

    monkeypatch.setattr(services, "accept", later)
    client = Client()
    entered = client.post(link(), {"password1": WORDS, "password2": WORDS}, follow=True)
    assert entered.redirect_chain[-1][0].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session
    assert contact_of(Person.objects.get(email="dora@alster.example")).can_report


def test_whoever_is_known_accepts_by_a_click_and_signs_in_as_before(world: World) -> None:
    answer = text(invite(world.alice, email="charlie@seeburg.example"))
    # Not a word of whether the address is known: the invited name is shown, not the person's own.
    assert "Charlie Seeburg" not in answer
    assert "Stadtwerke" not in answer
    client = Client()
    shown = text(client.get(link()))
    assert 'type="password"' not in shown
    accepted = client.post(link(), follow=True)
    assert accepted.redirect_chain[-1][0].startswith("/accounts/login/")
    assert contact_of_alster(world.charlie).can_report
    assert client.login(email="charlie@seeburg.example", password="a-long-password")


def contact_of_alster(person: Person) -> Contact:
    return Contact.objects.get(person=person, customer__key="alster")


def test_a_known_and_an_unknown_address_look_alike(world: World) -> None:
    seen = []
    for email in ("charlie@seeburg.example", "nobody@seeburg.example"):
        shown = text(invite(world.alice, email=email)).replace(email, "EMAIL")
        section = shown[shown.index("contacts-waiting") : shown.index("</section>", shown.index("contacts-waiting"))]
        seen.append(re.sub(r'csrfmiddlewaretoken" value="\w+|invitations/\d+|\d\d:\d\d', "", section))
        Invitation.objects.all().delete()
    assert "Dora Neu" in seen[0]
    assert seen[0] == seen[1]


def test_a_dead_mail_server_is_said_and_the_invitation_sent_again(world: World, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    response = invite(world.alice)
    assert response.status_code == 200
    assert "the mail could not be sent" in text(response)
    invitation = Invitation.objects.get()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    again = as_person(world.alice).post(f"/customers/alster/invitations/{invitation.pk}/send/", follow=True)
    assert "Invitation sent" in text(again)
    assert Client().get(link()).status_code == 200


def test_nobody_writes_to_strangers_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "PER_INVITER", attempts.Limit("inviter", 2, timedelta(hours=1)))
    invite(world.alice)
    again = f"/customers/alster/invitations/{Invitation.objects.get().pk}/send/"
    as_person(world.alice).post(again)
    assert len(mail.outbox) == 2
    said = "You have sent many invitations within an hour"
    assert said in text(as_person(world.alice).post(again, follow=True))
    refused = invite(world.alice, email="emil@alster.example")
    assert refused.status_code == 400
    assert said in text(refused)
    assert len(mail.outbox) == 2
    # The provider's people may: a new customer has many contacts.
    as_person(world.desk).post(again)
    assert len(mail.outbox) == 3


def test_withdrawing_kills_the_link(world: World) -> None:
    invite(world.alice)
    invitation = Invitation.objects.get()
    shown = as_person(world.alice).post(f"/customers/alster/invitations/{invitation.pk}/revoke/", follow=True)
    assert "is withdrawn" in text(shown)
    assert Client().get(link()).status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"email": "bob@alster.example"}, "is a contact already"),
        ({"email": "nonsense"}, "Enter a valid email address"),
        ({"phones": "ring me"}, "is no phone number"),
        ({"phones": ""}, "needs a number"),
        ({"phones": "\n".join(f"+49405551{n}" for n in range(10, 14))}, "Three numbers at most"),
        ({"opens": ""}, "Enter a time"),
        ({"closes": "09:00"}, "From and to are the same"),
        ({"projects": ["kundenportal"]}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(world: World, changes: dict[str, Any], message: str) -> None:
    response = invite(world.alice, **changes)
    assert response.status_code == 400
    assert message in text(response)
    assert not mail.outbox


def test_numbers_without_end_are_not_even_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(text: str) -> str:
        raise AssertionError(text)

    monkeypatch.setattr("portal.contacts.forms._number", read)
    response = invite(world.alice, phones="040 555123\n" * 100_000)
    assert response.status_code == 400
    assert "Three numbers at most" in text(response)


def test_a_limited_manager_sees_and_grants_only_what_is_theirs(world: World) -> None:
    Contact.objects.filter(person=world.bob).update(can_manage_contacts=True)
    world.kundenportal.customer = world.alster
    world.kundenportal.save()
    erik = make_person("erik@alster.example", "Erik Portal", staff=False)
    Contact.objects.create(customer=world.alster, person=erik).limited_to.add(world.kundenportal)
    shown = text(as_person(world.bob).get(PAGE))
    assert "Alice Alster" in shown
    assert "Erik Portal" not in shown
    assert "Holds more than you may grant" in shown
    form = text(as_person(world.bob).get(f"{PAGE}invite/"))
    assert "kundenportal" not in form
    assert "can_order" not in form
    assert invite(world.bob, projects=[]).status_code == 400
    assert invite(world.bob, can_order="on").status_code == 200
    assert Invitation.objects.get().details["can_order"] is False
    for contact in (contact_of(world.alice), contact_of(erik)):
        assert as_person(world.bob).post(f"{PAGE}{contact.pk}/leave/").status_code in (403, 404)
        assert contact_of(contact.person).left_at is None


def test_a_limited_manager_reads_of_no_project_but_theirs(world: World) -> None:
    """What a colleague sees beside it is not even named, whether they are a contact, invited, or were changed."""
    Contact.objects.filter(person=world.bob).update(can_manage_contacts=True)
    world.kundenportal.customer = world.alster
    world.kundenportal.save()
    erik = make_person("erik@alster.example", "Erik Alster", staff=False)
    contact = Contact.objects.create(customer=world.alster, person=erik)
    contact.limited_to.add(world.webshop)
    both = Details(projects=("kundenportal", "webshop"))
    services.change(contact, by=world.alice, now=clock.now(), details=both)
    invite(world.alice, projects=["webshop", "kundenportal"])
    assert "kundenportal" in text(as_person(world.alice).get(PAGE))
    shown = text(as_person(world.bob).get(PAGE))
    assert "Erik Alster" in shown
    assert "Dora Neu" in shown
    assert "only webshop, …" in shown
    assert "projects: webshop → webshop, …" in shown
    assert "kundenportal" not in shown


def test_rights_are_changed_and_who_did_it_is_shown(world: World) -> None:
    contact = contact_of(world.bob)
    answer = as_person(world.alice).post(
        f"{PAGE}{contact.pk}/", {"projects": ["webshop"], "can_order": "on", "days": ""}, follow=True
    )
    shown = text(answer)
    assert "may order: no → yes" in shown
    assert "may report: yes → no" in shown
    assert contact_of(world.bob).can_order


def test_leaving_asks_first_and_is_at_once(world: World) -> None:
    contact = contact_of(world.bob)
    bob = as_person(world.bob)
    assert bob.get("/incidents/").status_code == 200
    asked = as_person(world.alice).get(f"{PAGE}{contact.pk}/leave/")
    assert "Has Bob Alster left?" in text(asked)
    assert contact_of(world.bob).left_at is None
    done = as_person(world.alice).post(f"{PAGE}{contact.pk}/leave/", follow=True)
    assert "is switched off" in text(done)
    assert bob.get("/incidents/").status_code == 302
    answer = Client().post("/accounts/login/", {"login": "bob@alster.example", "password": "a-long-password"})
    assert answer["Location"] == "/accounts/inactive/"
    back = as_person(world.alice).post(f"{PAGE}{contact.pk}/come-back/", follow=True)
    assert "is a contact again" in text(back)
    answer = Client().post("/accounts/login/", {"login": "bob@alster.example", "password": "a-long-password"})
    assert answer["Location"] == "/"


def test_a_session_goes_on_with_the_other_customer_alone(world: World) -> None:
    Contact.objects.create(customer=world.seeburg, person=world.bob)
    bob = as_person(world.bob)
    services.leave(contact_of_alster(world.bob), by=world.alice, now=clock.now())
    assert bob.get("/projects/kundenportal/call/").status_code == 200
    assert bob.get("/projects/webshop/call/").status_code == 404


def test_the_last_manager_is_told_what_to_do(world: World) -> None:
    contact = contact_of(world.alice)
    response = as_person(world.alice).post(f"{PAGE}{contact.pk}/leave/", follow=True)
    assert "First give this right to a colleague" in text(response)
    assert contact_of(world.alice).left_at is None
    response = as_person(world.alice).post(f"{PAGE}{contact.pk}/", {"can_report": "on", "days": ""})
    assert response.status_code == 400
    assert "First give this right to a colleague" in text(response)
    assert "Without another manager only the provider can" in text(
        as_person(world.desk).get(f"{PAGE}{contact.pk}/leave/")
    )


def test_numbers_are_for_the_provider_and_managers(world: World) -> None:
    Contact.objects.filter(person=world.bob).update(phones=[NUMBER], call_back_order=1)
    Person.objects.filter(pk=world.alice.pk).update(direct_line="+4940555999", mobile=f"{PRIVATE}77")
    assert NUMBER in text(as_person(world.desk).get(PAGE))
    assert NUMBER in text(as_person(world.alice).get(PAGE))
    assert "+4940555999" in text(as_person(world.desk).get(PAGE))
    assert "+4940555999" not in text(as_person(world.alice).get(PAGE))
    for name in ("bob", "charlie"):
        for path in ("/projects/webshop/call/", "/incidents/", "/profile/", "/customers/", PAGE):
            assert NUMBER not in text(as_person(getattr(world, name)).get(path, follow=True))
    assert PRIVATE not in text(as_person(world.desk).get(PAGE))


def test_who_manages_is_told_to_a_colleague(world: World) -> None:
    shown = text(as_person(world.bob).get("/customers/"))
    assert "Alice Alster" in shown
    assert as_person(world.alice).get("/customers/")["Location"] == PAGE
    assert "Stadtwerke Seeburg" in text(as_person(world.desk).get("/customers/"))
    assert "Stadtwerke Seeburg" not in text(as_person(world.oncall).get("/customers/"))


def fill(world: World, number: int) -> None:
    for n in range(number):
        person = make_person(f"p{number}-{n}@alster.example", f"Person {n}", staff=False)
        contact = Contact.objects.create(customer=world.alster, person=person, reachable=world.office, phones=[NUMBER])
        contact.limited_to.add(world.webshop)
        services.invite(
            world.alster, by=world.alice, now=clock.now(), email=f"i{number}-{n}@alster.example", name=f"I {n}",
            language="de", details=Details(projects=("webshop",)),
        )  # fmt: skip


def test_everybody_who_was_invited_or_left_can_be_found(world: World) -> None:
    """Or nobody could withdraw the first invitation of many, nor take back who left long ago."""
    fill(world, 18)
    first = Invitation.objects.order_by("created_at")[0]
    long_gone = Contact.objects.filter(limited_to=world.webshop).exclude(person=world.bob).order_by("pk")[0]
    now = clock.now()
    Contact.objects.filter(limited_to=world.webshop).exclude(person=world.bob).update(left_at=now)
    Contact.objects.filter(pk=long_gone.pk).update(left_at=now - timedelta(days=400))
    client = as_person(world.alice)
    addresses = [f"/customers/alster/invitations/{first.pk}/revoke/", f"{PAGE}{long_gone.pk}/come-back/"]
    shown = text(client.get(PAGE))
    assert shown.count('href="?all=1"') == len(addresses)
    assert not any(address in shown for address in addresses)
    whole = text(client.get(f"{PAGE}?all=1"))
    assert all(address in whole for address in addresses)
    assert 'href="?all=1"' not in whole


@pytest.mark.parametrize("name", ["alice", "desk"])
def test_queries_do_not_grow_with_contacts(world: World, name: str) -> None:
    client = as_person(getattr(world, name))
    fill(world, 1)
    few = queries(lambda: client.get(PAGE))
    fill(world, 12)
    assert queries(lambda: client.get(PAGE)) == few
    assert few <= (20 if name == "desk" else 14)
    assert ContactChange.objects.count() == 13


def test_a_page_of_contacts_stays_light(world: World) -> None:
    fill(world, 30)
    Contact.objects.update(phones=[NUMBER] * 3, call_back_order=1)
    assert len(as_person(world.alice).get(PAGE).content) < 50_000
