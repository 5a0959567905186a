"""Asking for something that is no incident: the same form, and nobody is paged."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.db.models import QuerySet
from django.utils import translation

from matrix.models import Topic
from portal import clock
from portal.models import WeeklyOpening
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging import sending
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery, Escalation, Page
from tests.people import BERLIN, SUNDAY_NIGHT, TUESDAY, World, minutes

from .helpers import as_person, queries, report, text

FORM = "/incidents/new/?project=webshop&topic="
SENT = {"title": "Two more servers", "description": "For Christmas"}


@pytest.fixture(autouse=True)
def topics(world: World) -> dict[str, Topic]:
    rows = [
        Topic(key="question", roles=["sdm", "service_desk"], answer_minutes=480),
        Topic(key="change", roles=["sdm", "service_desk"], answer_minutes=480, needs_right="order"),
        Topic(key="access", roles=["service_desk", "sdm"], answer_minutes=480, needs_right="manage_contacts"),
        Topic(key="security", becomes_incident="blocker"),
        Topic(key="odd", roles=["sdm"], needs_right="fly"),
    ]
    for row in rows:
        row.name_de, row.name_en, row.hint_en = f"{row.key} (de)", row.key.title(), f"Hint on {row.key}"
    return {row.key: row for row in Topic.objects.bulk_create(rows)}


def to_staff() -> QuerySet[Delivery]:
    """What the provider's people are sent; the customer's own mails are told of elsewhere."""
    return Delivery.objects.exclude(kind=Delivery.Kind.NOTICE)


def ask(world: World, topic: Topic, *, at: datetime, by: Any = None, **fields: Any) -> Incident:
    return report(world.webshop, by or world.alice, kind="request", topic=topic, priority="minor", now=at, **fields)


def test_a_request_says_who_reads_it_and_when_an_answer_is_due(world: World) -> None:
    shown = text(as_person(world.alice).get(f"{FORM}question"))
    for words in ("Question", "Hint on question", "What happens next", "Jana Manager", "Answer at the latest"):
        assert words in shown
    assert 'name="priority"' not in shown


def test_queries_are_few(world: World) -> None:
    client = as_person(world.alice)
    client.get(f"{FORM}question")
    assert queries(lambda: client.get(f"{FORM}question")) < 15


def test_the_form_for_incidents_leads_to_requests(world: World) -> None:
    shown = text(as_person(world.alice).get("/incidents/new/?project=webshop"))
    assert "project=webshop&amp;topic=question" in shown
    assert "topic=security" not in shown


def test_a_request_pages_nobody_and_is_not_lost(world: World) -> None:
    answer = text(as_person(world.alice).post(f"{FORM}question", SENT, follow=True))
    request = Incident.objects.get()
    assert f"Sent as request {request.number}." in answer
    assert (request.kind, request.topic and request.topic.key, request.status) == ("request", "question", "new")
    assert (request.assignee, request.responded_at) == (world.sdm, None)
    advance_due(now=clock.now() + minutes(10_000), limit=10)
    assert not Escalation.objects.exists()
    assert not Page.objects.exists()
    delivery = to_staff().get()
    assert (delivery.kind, delivery.channel, delivery.to) == ("letter", "email", world.sdm.email)


def test_the_one_who_answers_is_told_by_mail_in_their_language(world: World, topics: dict[str, Topic]) -> None:
    world.sdm.language = "de"
    world.sdm.save()
    request = ask(world, topics["question"], at=TUESDAY, title="Two\nservers")
    to_staff().update(next_attempt_at=clock.now())
    sending.send_delivery(to_staff().get().pk)
    (sent,) = mail.outbox
    assert sent.to == [world.sdm.email]
    assert "\n" not in sent.subject
    assert sent.subject.endswith("Two servers")
    assert "Guten Tag Jana Manager" in str(sent.body)
    assert f"http://testserver/incidents/{request.pk}/" in str(sent.body)
    assert to_staff().get().state == "delivered"


def test_at_night_the_mail_waits_for_the_morning_and_so_does_the_clock(world: World, topics: dict[str, Topic]) -> None:
    request = ask(world, topics["question"], at=SUNDAY_NIGHT)
    monday = datetime(2026, 11, 30, 8, tzinfo=BERLIN)
    assert to_staff().get().next_attempt_at == monday
    assert request.respond_by == monday + minutes(480)
    assert request.resolve_by is None


def test_a_team_is_told_and_nobody_assigned(world: World, topics: dict[str, Topic]) -> None:
    world.desk_team.email = "desk@team.example"
    world.desk_team.save()
    request = ask(world, topics["access"], at=TUESDAY)
    assert request.assignee is None
    assert to_staff().get().to == "desk@team.example"


def test_with_nobody_there_it_stays_in_the_list(world: World, topics: dict[str, Topic]) -> None:
    WeeklyOpening.objects.all().delete()
    request = ask(world, topics["question"], at=TUESDAY)
    assert (request.status, request.assignee) == ("new", None)
    assert not to_staff().exists()


def test_whoever_takes_it_in_the_same_act_needs_no_mail(world: World, topics: dict[str, Topic]) -> None:
    as_person(world.sdm).post(f"{FORM}question", {**SENT, "take": "on"})
    request = Incident.objects.get()
    assert (request.assignee, request.status) == (world.sdm, "acknowledged")
    assert not to_staff().exists()


def test_the_one_it_was_given_to_still_has_to_answer(world: World, topics: dict[str, Topic]) -> None:
    request = ask(world, topics["question"], at=TUESDAY)
    services.assign(request, assignee=world.sdm, by=world.desk, now=TUESDAY + minutes(5))
    request.refresh_from_db()
    assert (request.status, request.responded_at) == ("acknowledged", TUESDAY + minutes(5))


def test_reopened_it_is_given_to_somebody_again(world: World, topics: dict[str, Topic]) -> None:
    request = ask(world, topics["question"], at=TUESDAY)
    services.resolve(request, by=world.sdm, now=TUESDAY + minutes(5), reason="done")
    services.reopen(request, by=world.alice, now=TUESDAY + minutes(9))
    request.refresh_from_db()
    assert (request.assignee, request.status) == (world.sdm, "new")
    assert to_staff().count() == 2


def test_passed_on_it_goes_to_the_next(world: World, topics: dict[str, Topic]) -> None:
    topics["question"].roles = ["sdm", "brm"]
    topics["question"].save()
    request = ask(world, topics["question"], at=TUESDAY)
    for expected in (world.brm, world.sdm):
        request.refresh_from_db()
        services.pass_on(request, by=request.assignee, now=TUESDAY + minutes(5))
        request.refresh_from_db()
        assert (request.assignee, request.status) == (expected, "new")
    assert not Escalation.objects.exists()


def test_the_timeline_speaks_of_a_request(world: World, topics: dict[str, Topic]) -> None:
    request = ask(world, topics["question"], at=TUESDAY)
    shown = text(as_person(world.alice).get(f"/incidents/{request.pk}/"))
    assert "Asked for (portal)" in shown
    assert "Reported as" not in shown


# --- Rights ---------------------------------------------------------------------------------------------------


def test_who_may_not_order_reads_who_may(world: World) -> None:
    response = as_person(world.bob).get(f"{FORM}change")
    assert response.status_code == 403
    assert "does not have the right to order" in text(response)
    assert "Alice Alster" in text(response)
    assert "Charlie" not in text(response)
    assert as_person(world.bob).post(f"{FORM}change", SENT).status_code == 403
    assert not Incident.objects.exists()


def test_a_right_limited_to_another_project_does_not_count(world: World) -> None:
    from tests.people import make_project

    erp = make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    contact = world.bob.contacts.get()
    contact.can_order = True
    contact.save()
    contact.limited_to.set([erp])
    assert "Bob Alster" not in text(as_person(world.alice).get(f"{FORM}odd"))
    contact.limited_to.set([world.webshop, erp])
    assert as_person(world.bob).get(f"{FORM}change").status_code == 200


@pytest.mark.parametrize(("topic", "status"), [("change", 200), ("access", 200), ("question", 200), ("odd", 403)])
def test_who_has_the_right_may(world: World, topic: str, status: int) -> None:
    assert as_person(world.alice).get(f"{FORM}{topic}").status_code == status


def test_without_the_right_to_report_one_may_still_order(world: World) -> None:
    world.alice.contacts.update(can_report=False)
    assert as_person(world.alice).get(f"{FORM}change").status_code == 200
    assert as_person(world.alice).get(f"{FORM}question").status_code == 403


def test_staff_log_what_they_were_told(world: World) -> None:
    as_person(world.desk).post(f"{FORM}change", {**SENT, "reporter": world.bob.pk})
    request = Incident.objects.get()
    assert (request.reporter, request.source, request.assignee) == (world.bob, "phone", world.sdm)


def test_what_is_an_incident_after_all_is_reported_as_one(world: World) -> None:
    response = as_person(world.alice).get(f"{FORM}security")
    assert response["Location"] == "/incidents/new/?project=webshop&priority=blocker"


def test_an_unknown_topic_is_not_found(world: World) -> None:
    assert as_person(world.alice).get(f"{FORM}nothing").status_code == 404


def test_the_names_of_topics_are_in_the_readers_language(world: World) -> None:
    client = as_person(world.alice)
    client.cookies["django_language"] = "de"
    with translation.override("en"):  # what the request activates is forgotten again
        assert re.search(r"<h1>question \(de\)</h1>", text(client.get(f"{FORM}question")))


def test_a_request_is_shown_with_its_topic_and_without_a_priority(world: World, topics: dict[str, Topic]) -> None:
    request = ask(world, topics["question"], at=clock.now())
    for person in (world.alice, world.desk):
        client = as_person(person)
        for address in ("/incidents/", f"/incidents/{request.pk}/"):
            shown = text(client.get(address))
            assert '<span class="dd-badge dd-minor">' not in shown
            assert "Question" in shown
    assert "/projects/webshop/call/?topic=question" in text(as_person(world.alice).get(f"/incidents/{request.pk}/"))


def test_requests_are_not_among_incidents_of_a_priority(world: World, topics: dict[str, Topic]) -> None:
    request = ask(world, topics["question"], at=clock.now())
    incident = report(world.webshop, world.alice, priority="minor")
    shown = text(as_person(world.alice).get("/incidents/?priority=minor"))
    assert f'id="incident-{incident.pk}"' in shown
    assert f'id="incident-{request.pk}"' not in shown


def test_a_closed_request_is_asked_for_anew_under_its_topic(world: World, topics: dict[str, Topic]) -> None:
    request = ask(world, topics["question"], at=clock.now())
    Incident.objects.filter(pk=request.pk).update(status="closed")
    shown = text(as_person(world.alice).get(f"/incidents/{request.pk}/"))
    assert "/incidents/new/?project=webshop&amp;topic=question" in shown
