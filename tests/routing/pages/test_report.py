"""Reporting an incident."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from matrix.models import MatrixVersion, PriorityTerms, Reporting
from portal import clock
from portal.models import Contact, Customer
from routing.incidents.models import Incident
from routing.models import Attachment, IdempotencyKey
from routing.paging.models import Escalation
from tests.people import World, make_matrix, make_project, make_world
from tests.routing.attachments.samples import PDF, upload
from tests.routing.paging.test_races import at_once

from .helpers import as_person, queries, text

FORM = "/incidents/new/?project=webshop"
SENT = {"title": "The shop is down", "description": "Since nine", "priority": "blocker"}


def key_of(page: str) -> str:
    """The form's own key, as the page carries it."""
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def test_before_sending_each_priority_says_who_is_notified(world: World) -> None:
    shown = text(as_person(world.alice).get(FORM))
    for words in ("Meaning of blocker", "Example one", "Answer at the latest"):
        assert words in shown
    assert "is notified at once" in shown
    assert shown.count('name="priority"') == 4
    assert "Nightly" not in shown


def test_a_customer_reports(world: World) -> None:
    response = as_person(world.alice).post(FORM, SENT)
    incident = Incident.objects.get()
    assert response["Location"] == f"/incidents/{incident.pk}/"
    assert (incident.project, incident.reporter, incident.source) == (world.webshop, world.alice, "portal")
    assert (incident.title, incident.priority, incident.status) == ("The shop is down", "blocker", "new")
    assert incident.escalation.due_at is not None


def test_a_customer_takes_nothing(world: World) -> None:
    as_person(world.alice).post(FORM, {"title": "Down", "priority": "blocker", "take": "on", "reporter": world.bob.pk})
    incident = Incident.objects.get()
    assert (incident.status, incident.reporter) == ("new", world.alice)


def test_the_desk_logs_for_a_contact_and_takes_it(world: World) -> None:
    sent = {"title": "Down", "priority": "critical", "reporter": world.bob.pk, "take": "on"}
    as_person(world.desk).post(FORM, sent)
    incident = Incident.objects.get()
    assert (incident.reporter, incident.assignee, incident.status) == (world.bob, world.desk, "acknowledged")
    assert incident.source == "phone"


def test_the_desk_names_contacts_of_that_customer_alone(world: World) -> None:
    sent = {"title": "Down", "priority": "critical", "reporter": world.charlie.pk}
    assert as_person(world.desk).post(FORM, sent).status_code == 400
    assert not Incident.objects.exists()


def test_what_is_missing_is_said_and_what_was_written_stays(world: World) -> None:
    response = as_person(world.alice).post(FORM, {"title": "", "description": "Since nine"})
    assert response.status_code == 400
    assert text(response).count("This field is required") == 2
    assert "Since nine" in text(response)
    assert not Incident.objects.exists()


def test_a_priority_may_be_chosen_by_the_link(world: World) -> None:
    assert 'value="major" required checked' in text(as_person(world.alice).get(f"{FORM}&priority=major"))


def test_with_one_project_there_is_nothing_to_choose(world: World) -> None:
    assert 'name="title"' in text(as_person(world.alice).get("/incidents/new/"))
    make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    shown = text(as_person(world.alice).get("/incidents/new/?priority=major"))
    assert "?priority=major&amp;project=erp" in shown


def test_another_customers_project_does_not_exist(world: World) -> None:
    assert as_person(world.alice).get("/incidents/new/?project=kundenportal").status_code == 404
    sent = {"title": "Down", "priority": "blocker"}
    assert as_person(world.alice).post("/incidents/new/?project=kundenportal", sent).status_code == 404


def test_queries_do_not_grow_with_priorities(world: World) -> None:
    client = as_person(world.alice)
    client.get(FORM)
    form = queries(lambda: client.get(FORM))
    assert form <= queries(lambda: client.get("/projects/webshop/call/")) + 3
    assert form < 15


# --- Call as well ---------------------------------------------------------------------------------------------


def phone_first(world: World, *, first: bool) -> None:
    """Whether a Blocker is to be reported by phone in the first place, or may be."""
    ways = ["phone", "portal"] if first else ["portal", "phone"]
    copy = world.versions["webshop"]
    new = MatrixVersion.objects.create(matrix=copy.matrix)
    for model in (PriorityTerms, Reporting):
        for row in model.objects.filter(version=copy):
            row.pk, row.version = None, new
            if isinstance(row, Reporting) and row.priority == "blocker":
                row.ways = ways
            row.save(force_insert=True)
    published = {"number": 2, "published_at": clock.now(), "effective_from": clock.now()}
    MatrixVersion.objects.filter(pk=new.pk).update(**published)


def test_where_the_matrix_wants_a_call_the_form_says_so(world: World) -> None:
    client = as_person(world.alice)
    shown = text(client.get(FORM))
    assert shown.count("Please call as well") == 2  # Blocker and Critical; the others begin with the portal
    assert 'href="tel:+4969900' in shown
    answer = text(client.post(FORM, SENT, follow=True))
    assert "Please call as well" in answer
    assert 'href="tel:+4969900' in answer
    assert "Please call as well" not in text(client.post(FORM, {**SENT, "priority": "minor"}, follow=True))


def test_where_the_portal_comes_first_nobody_needs_to_call(world: World) -> None:
    phone_first(world, first=False)
    shown = text(as_person(world.alice).get(FORM))
    assert shown.count("Please call as well") == 1  # Critical


# --- Sent twice -----------------------------------------------------------------------------------------------


def test_one_form_makes_one_incident(world: World) -> None:
    client = as_person(world.alice)
    sent = {**SENT, "key": key_of(text(client.get(FORM)))}
    first, again = client.post(FORM, sent), client.post(FORM, sent)
    assert first["Location"] == again["Location"]
    assert Incident.objects.count() == Escalation.objects.count() == 1


def test_every_form_has_a_key_of_its_own(world: World) -> None:
    client = as_person(world.alice)
    keys = {key_of(text(client.get(FORM))) for _time in range(3)}
    assert len(keys) == 3
    assert all(len(key) > 20 for key in keys)


def test_a_form_with_an_error_keeps_its_key(world: World) -> None:
    sent = {**SENT, "title": "", "key": "k" * 22}
    assert key_of(text(as_person(world.alice).post(FORM, sent))) == "k" * 22


def test_something_else_with_the_same_key_is_asked_about(world: World) -> None:
    """Back in the browser, another text, sent again."""
    client = as_person(world.alice)
    sent = {**SENT, "key": "k" * 22}
    client.post(FORM, sent)
    response = client.post(FORM, {**sent, "title": "The mail is down too"})
    number = Incident.objects.get().number
    assert response.status_code == 409
    assert f'<a href="/incidents/{number}/">number {number}</a>' in text(response)
    assert "The mail is down too" in text(response)
    client.post(FORM, {**sent, "title": "The mail is down too", "key": key_of(text(response))})
    assert Incident.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_sent_many_times_at_once_it_is_one_incident_with_its_file() -> None:
    world = make_world()
    client = as_person(world.alice)
    client.get(FORM)
    session = client.cookies[configured.SESSION_COOKIE_NAME].value

    def send() -> str:
        browser = Client()
        browser.cookies[configured.SESSION_COOKIE_NAME] = session
        answer = browser.post(FORM, {**SENT, "key": "k" * 22, "attachments": [upload()]})
        return str(answer["Location"])

    places = set(at_once(*[send] * 8))
    incident = Incident.objects.get()
    assert places == {f"/incidents/{incident.pk}/"}
    assert Attachment.objects.count() == Escalation.objects.count() == IdempotencyKey.objects.count() == 1
    assert list(incident.timeline.values_list("kind", flat=True)) == ["reported", "attached"]


# --- Files ----------------------------------------------------------------------------------------------------


def test_files_come_with_the_report(world: World) -> None:
    sent = {**SENT, "attachments": [upload("Fehler.png"), upload("Protokoll.pdf", PDF)]}
    as_person(world.alice).post(FORM, sent)
    files = Attachment.objects.order_by("pk")
    assert [(f.name, f.public, f.uploaded_by) for f in files] == [
        ("Fehler.png", True, world.alice),
        ("Protokoll.pdf", True, world.alice),
    ]


def test_with_a_file_that_is_not_taken_nothing_is_reported(world: World) -> None:
    sent = {**SENT, "attachments": [upload("page.html"), upload("good.png")]}
    response = as_person(world.alice).post(FORM, sent)
    assert response.status_code == 400
    assert "“page.html” is of a kind that is not taken" in text(response)
    assert "choose the files once more" in text(response)
    assert not Incident.objects.exists()
    assert not Attachment.objects.exists()


def test_a_full_disk_keeps_nobody_from_reporting(world: World, settings: Settings, tmp_path: Path) -> None:
    no_directory = tmp_path / "full"
    no_directory.touch()
    settings.MEDIA_ROOT = no_directory
    client = as_person(world.alice)
    sent = {**SENT, "key": "k" * 22}
    response = client.post(FORM, {**sent, "attachments": [upload()]})
    assert response.status_code == 503
    assert "Please send this once more without them" in text(response)
    assert not Incident.objects.exists()
    client.post(FORM, sent)
    assert Incident.objects.get().title == SENT["title"]


# --- Not sure which project -----------------------------------------------------------------------------------

UNSURE = "/incidents/new/?unsure=alster"


@pytest.fixture
def strict(world: World) -> Any:
    """Another project of the same customer, whose Blocker is answered sooner, and whose Minor is not."""
    project = make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    make_matrix(project, targets={"blocker": 30, "minor": 480})
    return project


def test_not_being_sure_is_an_answer(world: World, strict: Any) -> None:
    client = as_person(world.alice)
    assert "?unsure=alster" in text(client.get("/incidents/new/"))
    shown = text(client.get(UNSURE))
    assert "project not certain" in shown
    client.post(UNSURE, SENT)
    incident = Incident.objects.get()
    assert (incident.project, incident.project_unsure) == (strict, True)
    assert incident.respond_by
    assert (incident.respond_by - incident.reported_at).total_seconds() == 30 * 60
    assert incident.escalation.due_at is not None


def test_the_strictest_is_found_for_each_priority(world: World, strict: Any) -> None:
    as_person(world.alice).post(UNSURE, {**SENT, "priority": "minor"})
    assert Incident.objects.get().project == world.webshop


def test_only_own_projects_count(world: World, strict: Any) -> None:
    """Bob is limited to the webshop: there is nothing he could be unsure about."""
    assert "unsure" not in text(as_person(world.bob).get("/incidents/new/"))
    as_person(world.bob).post(UNSURE, SENT)
    incident = Incident.objects.get()
    assert (incident.project, incident.project_unsure) == (world.webshop, False)


def test_somebody_of_two_customers_says_which(world: World, strict: Any) -> None:
    """What concerns one customer must never come before the other's people."""
    make_project(world.office, world.seeburg, "netz", world.desk_team, world.platform)
    Contact.objects.create(customer=world.seeburg, person=world.alice)
    shown = text(as_person(world.alice).get("/incidents/new/"))
    assert "?unsure=alster" in shown
    assert "?unsure=seeburg" in shown
    as_person(world.alice).post("/incidents/new/?unsure=seeburg", SENT)
    assert Incident.objects.get().project.customer == world.seeburg


@pytest.mark.parametrize("customer", ["seeburg", "nobody"])
def test_another_customer_does_not_exist(world: World, customer: str) -> None:
    Customer.objects.create(key="nobody", name="Nobody")
    assert as_person(world.alice).get(f"/incidents/new/?unsure={customer}").status_code == 404


def test_queries_do_not_grow_with_projects_to_choose_from(world: World, strict: Any) -> None:
    client = as_person(world.alice)
    client.get(UNSURE)
    few = queries(lambda: client.get(UNSURE))
    assert few < 15
    for number in range(10):
        make_matrix(make_project(world.office, world.alster, f"p{number}", world.desk_team, world.platform))
    client.get(UNSURE)
    assert queries(lambda: client.get(UNSURE)) == few
