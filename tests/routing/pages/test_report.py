"""Reporting an incident."""

from routing.incidents.models import Incident
from tests.people import World, make_project

from .helpers import as_person, queries, text

FORM = "/incidents/new/?project=webshop"


def test_before_sending_each_priority_says_who_is_notified(world: World) -> None:
    shown = text(as_person(world.alice).get(FORM))
    for words in ("Meaning of blocker", "Example one", "Answer at the latest"):
        assert words in shown
    assert "is notified at once" in shown
    assert shown.count('name="priority"') == 4
    assert "Nightly" not in shown


def test_a_customer_reports(world: World) -> None:
    sent = {"title": "The shop is down", "description": "Since nine", "priority": "blocker"}
    response = as_person(world.alice).post(FORM, sent)
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
    assert "?project=erp" in text(as_person(world.alice).get("/incidents/new/"))


def test_another_customers_project_does_not_exist(world: World) -> None:
    assert as_person(world.alice).get("/incidents/new/?project=kundenportal").status_code == 404
    sent = {"title": "Down", "priority": "blocker"}
    assert as_person(world.alice).post("/incidents/new/?project=kundenportal", sent).status_code == 404


def test_queries_do_not_grow_with_priorities(world: World) -> None:
    client = as_person(world.alice)
    client.get(FORM)
    form = queries(lambda: client.get(FORM))
    assert form <= queries(lambda: client.get("/projects/webshop/call/")) + 3
