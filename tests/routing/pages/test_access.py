"""Every page's address, walked by everybody."""

import pytest
from django.test import Client
from knox.models import AuthToken

from portal import clock
from portal.contacts.details import Details
from portal.contacts.services import invite
from portal.models import Contact, ContactChange, Person
from routing.incidents.models import Incident
from routing.incidents.services import acknowledge
from routing.paging.escalating import advance_due
from routing.paging.models import Page
from tests.people import PRIVATE, World

from .helpers import as_person, report, text

PEOPLE = ("alice", "bob", "charlie", "desk", "sdm", "oncall", "admin")
STAFF = {"desk", "sdm", "oncall", "admin"}
OWN = {"alice", "bob", *STAFF}
EVERYBODY = set(PEOPLE)
MANAGERS = {"alice", "desk", "sdm", "admin"}
READ = {
    "/projects/": EVERYBODY,
    "/projects/webshop/call/": OWN,
    "/projects/webshop/call/?priority=minor": OWN,
    "/projects/nowhere/call/": set(),
    "/projects/webshop/matrix/": OWN,
    "/projects/nowhere/matrix/": set(),
    "/projects/webshop/handbook/": OWN,
    "/incidents/": EVERYBODY,
    "/incidents/{number}/": OWN,
    "/incidents/{number}/?show=internal": OWN,
    "/incidents/{number}/record/": STAFF,
    "/incidents/{number}/record.txt": STAFF,
    "/incidents/{number}/record.csv": STAFF,
    "/incidents/999999/": set(),
    "/incidents/new/?project=webshop": OWN,
    "/on-call/": STAFF,
    "/what-if/": STAFF,
    "/what-if/?project=webshop": STAFF,
    "/duty/": STAFF,
    "/duty/calendar/": STAFF,
    "/duty/call-outs/": STAFF,
    "/duty/call-outs.csv": STAFF,
    "/duty/call-outs/999999/": set(),
    "/duty/swaps/new/?shift=platform.primary.1": set(),
    "/duty/swaps/999999/": set(),
    "/reports/": STAFF,
    "/reports/alster/": STAFF,
    "/reports/alster/2026/": STAFF,
    "/reports/alster/2026-11/": STAFF,
    "/reports/alster/2026-11/incidents.csv": STAFF,
    "/reports/alster/2026-11/incidents/": STAFF,
    "/reports/nobody/2026-11/": set(),
    "/desk/": STAFF,
    "/desk/?status=waiting": STAFF,
    "/projects/webshop/contacts/": OWN,
    "/projects/webshop/contacts.vcf": OWN,
    "/projects/webshop/contacts/sdm-1.vcf": OWN,
    "/projects/webshop/contacts/sdm-1.svg": OWN,
    "/projects/webshop/emergency-card/": OWN,
    "/projects/webshop/calendar/": OWN,
    "/projects/nowhere/contacts/": set(),
    "/customers/": EVERYBODY,
    "/customers/alster/contacts/": MANAGERS,
    "/customers/alster/contacts/invite/": MANAGERS,
    "/customers/alster/contacts/{contact}/": MANAGERS,
    "/customers/alster/contacts/{contact}/leave/": MANAGERS,
    "/customers/seeburg/contacts/": MANAGERS - {"alice"},
    "/customers/seeburg/contacts/{contact}/": set(),
    "/calls/new/": STAFF,
    "/calls/new/?project=webshop&contact={contact}": STAFF,
    "/calls/find/?q=alster": STAFF,
    "/calls/around/?project=webshop": STAFF,
    "/profile/": EVERYBODY,
    "/profile/notices/": {"alice", "bob", "charlie"},
    "/profile/reach/": STAFF,
    "/my-projects/": STAFF,
    "/my-projects/night/": STAFF,
    "/presence/": STAFF,
    "/presence/{sdm}/": {"desk", "sdm", "admin"},
    "/accounts/2fa/": EVERYBODY,
    "/accounts/sessions/": EVERYBODY,
    "/accounts/password/change/": EVERYBODY,
}
POSTED = ("acknowledge", "start", "pass-on", "resolve", "reopen", "note", "move", "wait", "close", "undo")
ASKED = ("assign", "call-in", "priority", "merge", "relate")
"""Actions with a form on a page of their own."""
ACTIONS = (*POSTED, *ASKED)
PERSONAL = {"/presence/{sdm}/"}
"""Of a colleague's, known to all of the provider, but not theirs to open."""


def person_named(world: World, name: str) -> Person:
    person: Person = getattr(world, name)
    return person


def filled(path: str, incident: Incident) -> str:
    """The address with the incident's number, Bob's as a contact, and the SDM's."""
    return path.format(
        number=incident.pk,
        contact=Contact.objects.get(person__email="bob@alster.example").pk,
        sdm=Person.objects.get(email="sdm@example.com").pk,
    )


@pytest.mark.parametrize("path", READ)
def test_an_outsider_is_asked_to_sign_in(world: World, path: str) -> None:
    incident = report(world.webshop, world.alice)
    response = Client().get(filled(path, incident))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("path", READ)
def test_a_page_exists_only_for_those_it_is_meant_for(world: World, path: str, name: str) -> None:
    incident = report(world.webshop, world.alice)
    response = as_person(person_named(world, name)).get(filled(path, incident), follow=True)
    refused = 403 if path in PERSONAL and name in STAFF else 404
    assert response.status_code == (200 if name in READ[path] else refused)
    assert PRIVATE not in text(response)


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_of_an_outsider_change_nothing(world: World, action: str) -> None:
    incident = report(world.webshop, world.alice)
    response = Client().post(f"/incidents/{incident.pk}/{action}/", {"text": "x", "reason": "x"})
    assert response["Location"].startswith("/accounts/login/")
    incident.refresh_from_db()
    assert (incident.status, incident.timeline.count()) == ("new", 1)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_customer_next_door_finds_no_action(world: World, action: str) -> None:
    incident = report(world.webshop, world.alice)
    response = as_person(world.charlie).post(f"/incidents/{incident.pk}/{action}/", {"text": "x", "reason": "x"})
    assert response.status_code == 404
    incident.refresh_from_db()
    assert (incident.status, incident.timeline.count()) == ("new", 1)


@pytest.mark.parametrize(
    "action", ["acknowledge", "start", "pass-on", "resolve", "wait", "close", "undo", "unrelate/1", *ASKED]
)
@pytest.mark.parametrize("name", ["alice", "brm"])
def test_only_those_who_work_incidents_change_them(world: World, name: str, action: str) -> None:
    incident = report(world.webshop, world.alice)
    response = as_person(person_named(world, name)).post(f"/incidents/{incident.pk}/{action}/", {"reason": "x"})
    assert response.status_code == 403
    incident.refresh_from_db()
    assert incident.status == "new"


@pytest.mark.parametrize("action", ASKED)
@pytest.mark.parametrize(("name", "status"), [("alice", 403), ("brm", 403), ("charlie", 404), ("oncall", 200)])
def test_the_forms_of_actions_are_for_those_who_work_incidents(
    world: World, name: str, status: int, action: str
) -> None:
    incident = report(world.webshop, world.alice)
    acknowledge(incident, by=world.desk, now=clock.now())
    response = as_person(person_named(world, name)).get(f"/incidents/{incident.pk}/{action}/")
    assert response.status_code == status
    assert PRIVATE not in text(response)


@pytest.mark.parametrize("action", POSTED)
def test_actions_are_posted(world: World, action: str) -> None:
    incident = report(world.webshop, world.alice)
    assert as_person(world.desk).get(f"/incidents/{incident.pk}/{action}/").status_code == 405


def test_a_contact_without_the_right_to_report_reads_only(world: World) -> None:
    world.alice.contacts.update(can_report=False)
    incident = report(world.webshop, world.bob)
    client = as_person(world.alice)
    assert "incident_note" not in text(client.get(f"/incidents/{incident.pk}/"))
    assert client.get("/incidents/new/?project=webshop").status_code == 403
    assert client.post(f"/incidents/{incident.pk}/note/", {"text": "x"}).status_code == 403


def test_actions_need_the_token_of_a_form(world: World) -> None:
    incident = report(world.webshop, world.alice)
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.desk)
    assert client.post(f"/incidents/{incident.pk}/acknowledge/").status_code == 403


def test_customers_do_not_read_who_was_paged(world: World) -> None:
    incident = report(world.webshop, world.alice)
    assert incident.escalation.due_at is not None
    advance_due(now=incident.escalation.due_at, limit=10)
    names = set(Page.objects.values_list("name", flat=True))
    assert names
    shown = text(as_person(world.alice).get(f"/incidents/{incident.pk}/"))
    assert "Marek Nightly" not in shown
    assert "Who is called" not in shown
    assert "Who is called" in text(as_person(world.desk).get(f"/incidents/{incident.pk}/"))


CONTACT_ACTIONS = (
    "contacts/invite/",
    "contacts/{contact}/",
    "contacts/{contact}/leave/",
    "contacts/{contact}/come-back/",
    "invitations/{invitation}/send/",
    "invitations/{invitation}/revoke/",
)


@pytest.mark.parametrize("action", CONTACT_ACTIONS)
@pytest.mark.parametrize("name", ["outsider", "bob", "charlie", "oncall", "brm"])
def test_others_change_no_contacts(world: World, name: str, action: str) -> None:
    client = Client() if name == "outsider" else as_person(person_named(world, name))
    invitation, _token = invite(
        world.alster, by=world.alice, now=clock.now(), email="x@y.example", name="X", language="de", details=Details()
    )
    bob = Contact.objects.get(person=world.bob)
    path = f"/customers/alster/{action.format(contact=bob.pk, invitation=invitation.pk)}"
    response = client.post(path, {"name": "Y", "email": "y@y.example", "language": "de", "can_report": "on"})
    if name == "outsider":
        assert response["Location"].startswith("/accounts/login/")
    else:
        assert response.status_code == 404
    assert ContactChange.objects.count() == 1


@pytest.mark.parametrize("path", ["/profile/tokens/new/", "/profile/pin/{contact}/", "/profile/sign-out-everywhere/"])
def test_an_outsider_has_no_profile(world: World, path: str) -> None:
    contact = Contact.objects.get(person=world.bob)
    assert Client().post(path.format(contact=contact.pk))["Location"].startswith("/accounts/login/")


def test_nobody_else_gets_ones_pin_or_token(world: World) -> None:
    contact = Contact.objects.get(person=world.bob)
    token, _secret = AuthToken.objects.create(user=world.bob)
    for name in ("alice", "charlie", "desk", "admin"):
        client = as_person(person_named(world, name))
        assert client.post(f"/profile/pin/{contact.pk}/").status_code == 404
        assert client.post(f"/profile/tokens/{token.token_key}/revoke/").status_code == 404
    contact.refresh_from_db()
    assert contact.pin == ""
    assert AuthToken.objects.filter(pk=token.pk).exists()
