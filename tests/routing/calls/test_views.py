"""Logging a call."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from matrix.models import Topic
from portal import clock
from portal.contacts.services import new_pin
from portal.models import Contact
from routing.incidents import services
from routing.incidents.models import Incident, IncidentLink, TimelineEntry
from routing.incidents.wording import text_of
from routing.models import Call, Delivery
from routing.paging.escalating import advance_due
from tests.people import BERLIN, PRIVATE, SUNDAY_NIGHT, TUESDAY, World, make_person, make_project, make_world
from tests.routing.pages.helpers import as_person, queries, report, text
from tests.routing.paging.test_races import at_once

FORM = "/calls/new/?project=webshop"
SENT = {"title": "The shop is down", "priority": "critical", "act": "take"}
HTMX = {"HX-Request": "true"}


def contact_of(world: World, name: str) -> Contact:
    contact: Contact = getattr(world, name).contacts.get()
    return contact


def called_by(world: World, name: str) -> str:
    return f"{FORM}&contact={contact_of(world, name).pk}"


def log(world: World, address: str = FORM, **sent: Any) -> Any:
    return as_person(world.desk).post(address, {**SENT, **sent})


def kinds(incident: Incident) -> list[str]:
    return list(incident.timeline.order_by("pk").values_list("kind", flat=True))


# --- Finding --------------------------------------------------------------------------------------------------


def test_without_the_script_what_was_found_are_links(world: World) -> None:
    client = as_person(world.desk)
    assert 'name="q"' in text(client.get("/calls/new/"))
    shown = text(client.get("/calls/new/?q=alice"))
    address = re.search(r'href="(/calls/new/[^"]+)" *>', shown)
    assert address
    assert 'role="option"' not in shown
    followed = client.get(address[1].replace("&amp;", "&"))
    assert "Alice Alster" in text(followed)
    assert 'id="call"' in text(followed)


def test_with_the_script_they_are_options(world: World) -> None:
    shown = text(as_person(world.desk).get("/calls/find/?q=alice", headers=HTMX))
    assert shown.count('role="option"') == 1
    assert "<html" not in shown
    assert as_person(world.desk).get("/calls/find/?q=alice")["Location"] == "/calls/new/?q=alice"


def test_the_call_began_when_the_page_was_opened_first(world: World, frozen: Any) -> None:
    frozen(TUESDAY)
    client = as_person(world.desk)
    shown = text(client.get("/calls/new/"))
    since = re.search(r'name="since" value="([^"]+)"', shown)
    assert since
    frozen(TUESDAY + timedelta(seconds=20))
    found = text(client.get("/calls/find/", {"q": "webshop", "since": since[1]}, headers=HTMX))
    address = re.search(r'href="([^"]+)"', found)
    assert address
    form = text(client.get(address[1].replace("&amp;", "&")))
    assert 'value="2026-11-24T10:00:00"' in form
    # Left open over lunch it is a new call.
    frozen(TUESDAY + timedelta(hours=1))
    assert 'value="2026-11-24T11:00:00"' in text(client.get(address[1].replace("&amp;", "&")))


def test_with_one_project_there_is_nothing_to_choose(world: World) -> None:
    client = as_person(world.desk)
    response = client.get(f"/calls/new/?contact={contact_of(world, 'alice').pk}")
    assert response.status_code == 302
    assert "project=webshop" in response["Location"]
    assert "project=webshop" in client.get("/calls/new/?customer=alster")["Location"]
    make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    shown = text(client.get("/calls/new/?customer=alster"))
    assert "project=webshop" in shown
    assert "project=erp" in shown


@pytest.mark.parametrize(
    "query",
    [
        "project=nowhere",
        "contact=999999",
        "contact=x",
        "contact=99999999999999999999",
        "customer=nobody",
        "colleague=999999",
        "project=webshop&topic=nothing",
        "project=webshop&incident=-1",
    ],
)
def test_what_does_not_exist_is_not_found(world: World, query: str) -> None:
    assert as_person(world.desk).get(f"/calls/new/?{query}").status_code == 404


def test_a_contact_of_another_customer_does_not_belong_to_the_project(world: World) -> None:
    assert as_person(world.desk).get(called_by(world, "charlie")).status_code == 404


# --- What is shown --------------------------------------------------------------------------------------------


def test_the_form_shows_whom_how_and_who_is_there(world: World, frozen: Any) -> None:
    frozen(TUESDAY)
    contact_of(world, "alice").customer.contacts.filter(person=world.alice).update(
        phones=["+494066969100"], call_back_order=1
    )
    shown = text(as_person(world.desk).get(called_by(world, "alice")))
    for words in (
        "Example one",  # the matrix by example
        "Please call.",  # how to report
        "Jana Manager",
        "+49 69 90009130",
        "can be reached now",
        "office open until 18:00",
        "Marek Nightly",
        "Linux",
        "call-back in place 1",
        "+49 40 66969100",
        "may order",
        "Nothing is open",
    ):
        assert words in shown, words
    assert 'name="phone" value="+49 40 66969100"' in shown
    assert PRIVATE not in shown
    assert PRIVATE[:6] not in shown


def test_at_night_the_sdm_is_out_and_on_call_is_named(world: World, frozen: Any) -> None:
    frozen(SUNDAY_NIGHT)
    shown = text(as_person(world.desk).get(FORM))
    assert "outside working hours" in shown
    assert "office closed until" in shown
    assert "on duty according to the roster" in shown
    assert "+49 69 90009200" in shown


def test_what_may_be_the_same_stands_first(world: World) -> None:
    other = report(world.webshop, world.alice, title="Certificates expire", priority="blocker")
    alike = report(world.webshop, world.alice, title="Checkout shows an empty basket", priority="minor")
    shown = text(as_person(world.desk).get("/calls/around/?project=webshop&part=open&title=basket", headers=HTMX))
    assert shown.index(f"#{alike.pk}") < shown.index(f"#{other.pk}")
    assert shown.count("may be the same") == 1
    assert "<h1" not in shown


def test_alike_incidents_of_the_customers_other_projects_are_shown(world: World) -> None:
    erp = make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    report(erp, world.alice, title="Storage is slow")
    report(world.kundenportal, world.charlie, title="Storage is slow here too")
    client = as_person(world.desk)
    ask = "/calls/around/?project=webshop&part=open"
    assert "Storage is slow" not in text(client.get(ask, headers=HTMX))
    shown = text(client.get(f"{ask}&title=the storage", headers=HTMX))
    assert "erp · " in shown
    assert "here too" not in shown


def test_a_caller_without_the_right_is_pointed_out(world: World) -> None:
    world.bob.contacts.update(can_report=False)
    client = as_person(world.desk)
    assert "May not report" in text(client.get(called_by(world, "bob")))
    assert "May not report" not in text(client.get(called_by(world, "alice")))


def test_queries_do_not_grow(world: World) -> None:
    client = as_person(world.desk)
    for address in (called_by(world, "alice"), "/calls/around/?project=webshop&title=shop"):
        client.get(address, headers=HTMX)
        few = queries(lambda address=address: client.get(address, headers=HTMX))  # type: ignore[misc]
        for number in range(5):
            person = make_person(f"p{number}-{few}@alster.example", f"Person {number}", staff=False)
            Contact.objects.create(customer=world.alster, person=person, phones=[f"+4940669691{number:02}"])
            report(world.webshop, world.alice, title=f"The shop is slow {number}")
        assert queries(lambda address=address: client.get(address, headers=HTMX)) == few <= 20  # type: ignore[misc]


# --- I take it ------------------------------------------------------------------------------------------------


def test_i_take_it(world: World) -> None:
    response = log(world, called_by(world, "alice"), phone="040 66969100", description="Since nine")
    incident = Incident.objects.get()
    assert response["Location"] == f"/incidents/{incident.pk}/"
    assert (incident.status, incident.assignee, incident.reporter) == ("acknowledged", world.desk, world.alice)
    assert (incident.source, incident.priority, incident.description) == ("phone", "critical", "Since nine")
    call = Call.objects.get()
    assert (call.incident, call.person, call.phone, call.taken_by) == (
        incident,
        world.alice,
        "+494066969100",
        world.desk,
    )
    assert kinds(incident) == ["reported", "called", "acknowledged"]


def test_a_caller_nobody_knows_is_logged_too(world: World) -> None:
    log(world, name="Somebody Strange", phone="0171 2345678")
    incident, call = Incident.objects.get(), Call.objects.get()
    assert incident.reporter is None
    assert (call.person, call.name, call.phone) == (None, "Somebody Strange", "+491712345678")
    entry = TimelineEntry.objects.get(kind="called")
    assert (text_of(entry), entry.public) == ("Somebody Strange called", False)


def test_whoever_works_the_incident_reads_where_to_call_back_and_the_customer_does_not(world: World) -> None:
    log(world, called_by(world, "bob"), phone="0171 2345678")
    address = f"/incidents/{Incident.objects.get().pk}/"
    assert "+49 171 2345678" in text(as_person(world.oncall).get(address))
    shown = text(as_person(world.alice).get(address))
    assert "2345678" not in shown
    assert "Bob Alster called" not in shown


def test_without_a_name_or_a_number_there_is_just_no_call_back(world: World) -> None:
    assert log(world).status_code == 302
    assert not Call.objects.exists()
    assert "Somebody called" in text_of(TimelineEntry.objects.get(kind="called"))


# --- Start the chain ------------------------------------------------------------------------------------------


def test_the_chain_starts(world: World, frozen: Any) -> None:
    frozen(TUESDAY)
    log(world, act="chain")
    incident = Incident.objects.get()
    assert (incident.status, incident.assignee) == ("new", None)
    advance_due(now=TUESDAY, limit=10)
    assert incident.escalation.pages.get().person == world.sdm


# --- Connect --------------------------------------------------------------------------------------------------


def test_whoever_is_connected_has_it_and_is_told(world: World, frozen: Any) -> None:
    frozen(TUESDAY)
    response = log(world, act=f"connect:{world.sdm.pk}", name="Somebody")
    incident = Incident.objects.get()
    assert (incident.status, incident.assignee) == ("acknowledged", world.sdm)
    assert incident.responded_at == TUESDAY
    assert kinds(incident) == ["reported", "called", "assigned", "acknowledged", "connected"]
    advance_due(now=TUESDAY, limit=10)
    (told,) = incident.escalation.pages.all()
    assert (told.person, told.informs) == (world.sdm, True)
    assert set(told.deliveries.values_list("channel", flat=True)) == {"sms", "email"}
    shown = text(as_person(world.desk).get(response["Location"]))
    assert "The caller was connected to Jana Manager" in shown


def test_the_desk_reads_whom_to_dial(world: World) -> None:
    response = as_person(world.desk).post(FORM, {**SENT, "act": f"connect:{world.sdm.pk}"}, follow=True)
    assert 'href="tel:+496990009130"' in text(response)


@pytest.mark.parametrize("name", ["desk", "brm", "alice", "manager"])
def test_only_those_who_were_offered_are_connected(world: World, name: str) -> None:
    response = log(world, act=f"connect:{getattr(world, name).pk}")
    assert response.status_code == 400
    assert "Please choose again" in text(response)
    assert not Incident.objects.exists()


@pytest.mark.parametrize("act", ["", "connect", "connect:", "connect:x", "take:1", "join:-1", "join:٣", "nonsense"])
def test_it_has_to_be_said_who_has_it(world: World, act: str) -> None:
    response = log(world, act=act)
    assert response.status_code == 400
    assert "The shop is down" in text(response)
    assert not Incident.objects.exists()


# --- Add to an open one, link to an open one ------------------------------------------------------------------


def test_a_call_about_an_open_incident_is_added_to_it(world: World) -> None:
    incident = report(world.webshop, world.alice)
    sent = {"act": f"join:{incident.pk}", "title": "Still down, now the app as well", "phone": "040 66969100"}
    response = as_person(world.desk).post(called_by(world, "bob"), sent)
    assert response["Location"] == f"/incidents/{incident.pk}/"
    assert Incident.objects.count() == 1
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("new", None)
    entry = TimelineEntry.objects.get(kind="called")
    assert (text_of(entry), entry.public) == ("Bob Alster called: Still down, now the app as well", False)
    assert Call.objects.get().phone == "+494066969100"


def test_for_that_nothing_else_has_to_be_said(world: World) -> None:
    incident = report(world.webshop, world.alice)
    assert as_person(world.desk).post(called_by(world, "bob"), {"act": f"join:{incident.pk}"}).status_code == 302
    assert kinds(incident)[-1] == "called"


def test_what_was_resolved_meanwhile_is_not_added_to(world: World) -> None:
    incident = report(world.webshop, world.alice)
    services.resolve(incident, by=world.oncall, now=clock.now(), reason="Done")
    response = as_person(world.desk).post(FORM, {"act": f"join:{incident.pk}", "title": "Down", "name": "X"})
    assert response.status_code == 409
    assert "not open any more" in text(response)
    assert not Call.objects.exists()


def test_another_customers_incident_is_neither_added_to_nor_linked(world: World) -> None:
    foreign = report(world.kundenportal, world.charlie)
    assert log(world, act=f"join:{foreign.pk}").status_code == 400
    assert log(world, related=[foreign.pk]).status_code == 400
    assert Incident.objects.count() == 1


def test_a_new_one_is_linked_not_merged(world: World) -> None:
    first = report(world.webshop, world.alice)
    log(world, related=[first.pk])
    link = IncidentLink.objects.get()
    assert {link.incident_id, link.other_id} == {first.pk, Incident.objects.latest("pk").pk}
    assert link.kind == IncidentLink.Kind.RELATED


# --- When it began --------------------------------------------------------------------------------------------


def test_targets_count_from_when_the_call_began(world: World, frozen: Any) -> None:
    frozen(TUESDAY)
    log(world, began_at="2026-11-24T09:30:00", act="chain")
    incident = Incident.objects.get()
    assert incident.reported_at == TUESDAY - timedelta(minutes=30)
    assert incident.respond_by == TUESDAY + timedelta(minutes=30)


@pytest.mark.parametrize("began", ["2026-11-24T10:05:00", "2026-01-01T10:00", "soon", "0001-01-01T00:00"])
def test_a_call_began_neither_later_than_now_nor_long_ago(world: World, frozen: Any, began: str) -> None:
    frozen(TUESDAY)
    response = log(world, began_at=began)
    assert response.status_code == 400
    assert 'id="id_began_at_error"' in text(response)


def test_in_the_hour_that_comes_twice_the_instant_is_kept(world: World, frozen: Any) -> None:
    """Clocks go back at 03:00 on 25 October: 02:30 comes at 00:30 and at 01:30 UTC."""
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert second.astimezone(BERLIN).hour == 2
    frozen(second)
    sent = {"opened": second.isoformat(), "began_at": "2026-10-25T02:30:00"}
    log(world, **sent)
    assert Incident.objects.get().reported_at == second
    frozen(second + timedelta(minutes=5))
    log(world, opened=second.isoformat(), began_at="2026-10-25T02:28:00", title="Another")
    assert Incident.objects.latest("pk").reported_at == second - timedelta(minutes=2)


# --- The PIN --------------------------------------------------------------------------------------------------


def test_a_caller_who_knows_the_pin_is_proven(world: World) -> None:
    contact = contact_of(world, "alice")
    pin = new_pin(contact, now=clock.now())
    client = as_person(world.desk)
    assert "Check" in text(client.get(called_by(world, "alice")))
    assert "not the PIN" in text(client.post("/calls/pin/", {"contact": contact.pk, "pin": "nonsense"}))
    answer = text(client.post("/calls/pin/", {"contact": contact.pk, "pin": f"{pin[:3]} {pin[3:]}"}))
    proof = re.search(r'name="proof" value="([^"]+)"', answer)
    assert proof
    client.post(called_by(world, "alice"), {**SENT, "proof": proof[1]})
    assert Call.objects.get().proven
    assert "known by the PIN" in text_of(TimelineEntry.objects.get(kind="called"))


def test_without_the_script_the_pin_is_checked_with_the_form(world: World) -> None:
    pin = new_pin(contact_of(world, "alice"), now=clock.now())
    response = log(world, called_by(world, "alice"), pin="x")
    assert response.status_code == 400
    assert "This PIN is not right" in text(response)
    assert not Incident.objects.exists()
    log(world, called_by(world, "alice"), pin=pin)
    assert Call.objects.get().proven


def test_a_proof_is_of_one_contact_and_one_reader(world: World) -> None:
    contact = contact_of(world, "alice")
    pin = new_pin(contact, now=clock.now())
    answer = text(as_person(world.oncall).post("/calls/pin/", {"contact": contact.pk, "pin": pin}))
    proof = re.search(r'name="proof" value="([^"]+)"', answer)
    assert proof
    log(world, called_by(world, "alice"), proof=proof[1])
    log(world, called_by(world, "bob"), proof="guessed", title="Another")
    assert not Call.objects.filter(proven=True).exists()


def test_guessing_a_pin_is_slow(world: World) -> None:
    contact = contact_of(world, "alice")
    pin = new_pin(contact, now=clock.now())
    client = as_person(world.desk)
    for _try in range(5):
        client.post("/calls/pin/", {"contact": contact.pk, "pin": "000"})
    assert "Too many tries" in text(client.post("/calls/pin/", {"contact": contact.pk, "pin": pin}))
    assert log(world, called_by(world, "alice"), pin=pin).status_code == 400


# --- Requests -------------------------------------------------------------------------------------------------


@pytest.fixture
def topics(world: World) -> None:
    given = {"answer_minutes": 480, "roles": ["brm", "sdm"]}
    Topic.objects.create(key="offer", name_de="Angebot", name_en="Offer", needs_right="order", **given)
    Topic.objects.create(key="appointment", name_de="Termin", name_en="Appointment", **given)


@pytest.mark.usefixtures("topics")
def test_a_request_goes_to_whoever_answers_for_it(world: World) -> None:
    client = as_person(world.desk)
    assert "topic=offer" in text(client.get(FORM))
    address = f"{called_by(world, 'bob')}&topic=offer"
    shown = text(client.get(address))
    assert "May not order" in shown
    assert 'name="priority"' not in shown
    assert "Katharina Business" in shown
    client.post(address, {"title": "Two more servers", "act": "chain"})
    incident = Incident.objects.get()
    assert (incident.kind, incident.topic and incident.topic.key, incident.reporter) == ("request", "offer", world.bob)
    assert incident.assignee == world.brm


@pytest.mark.usefixtures("topics")
def test_a_request_whose_caller_was_connected_is_only_theirs(world: World) -> None:
    """Who answers for its topic is neither given it nor told."""
    address = f"{called_by(world, 'alice')}&topic=offer"
    log(world, address, title="Two more servers", act=f"connect:{world.sdm.pk}")
    incident = Incident.objects.get()
    assert (incident.kind, incident.assignee) == ("request", world.sdm)
    assert kinds(incident) == ["reported", "called", "assigned", "acknowledged", "connected"]
    assert incident.timeline.get(kind="assigned").data["assignee"] == "Jana Manager"
    told = set(Delivery.objects.values_list("to", flat=True))
    assert world.sdm.email in told
    assert world.brm.email not in told


@pytest.mark.usefixtures("topics")
def test_somebody_would_like_to_meet(world: World, frozen: Any) -> None:
    frozen(TUESDAY)
    address = f"{called_by(world, 'alice')}&topic=appointment"
    client = as_person(world.desk)
    assert client.post(address, {"title": "The year to come", "act": "chain"}).status_code == 400
    sent = {"title": "The year to come", "act": "chain", "when": "own", "own_1": "2026-11-26T10:00"}
    client.post(address, sent)
    assert Incident.objects.get().appointment.wishes == [datetime(2026, 11, 26, 9, 0, tzinfo=UTC)]


# --- Sent twice -----------------------------------------------------------------------------------------------


def test_something_else_with_the_same_key_is_asked_about(world: World) -> None:
    log(world, key="k" * 22)
    response = log(world, key="k" * 22, title="The mail is down too")
    assert response.status_code == 409
    assert "The mail is down too" in text(response)
    assert Incident.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sent_many_times_at_once_it_is_one_incident() -> None:
    world = make_world()
    client = as_person(world.desk)
    client.get(FORM)
    session = client.cookies[configured.SESSION_COOKIE_NAME].value
    first = report(world.webshop, world.alice)

    def send() -> str:
        browser = Client()
        browser.cookies[configured.SESSION_COOKIE_NAME] = session
        sent = {**SENT, "key": "k" * 22, "name": "Somebody", "related": [first.pk]}
        return str(browser.post(FORM, sent)["Location"])

    assert len(set(at_once(*[send] * 6))) == 1
    assert Incident.objects.count() == 2
    assert Call.objects.count() == IncidentLink.objects.count() == 1


# --- Access ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/calls/new/", FORM, "/calls/find/?q=al", "/calls/around/?project=webshop"])
def test_those_of_the_provider_who_do_not_work_incidents_log_no_call(world: World, path: str) -> None:
    assert as_person(world.brm).get(path).status_code == 403


@pytest.mark.parametrize("name", ["alice", "charlie", "brm"])
def test_others_log_nothing(world: World, name: str) -> None:
    client = as_person(getattr(world, name))
    assert client.post(FORM, SENT).status_code in (403, 404)
    assert client.post("/calls/pin/", {"contact": 1, "pin": "1"}).status_code in (403, 404)
    assert not Incident.objects.exists()
