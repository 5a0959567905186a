"""An appointment: wished for on the form, confirmed on the request's page, taken into a calendar."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from matrix.models import Topic
from portal import clock
from routing.appointments.models import Appointment
from routing.appointments.services import wish
from routing.attachments.services import attach
from routing.incidents.models import Incident
from routing.paging.models import Delivery
from tests.people import World
from tests.routing.attachments.samples import upload

from .helpers import as_person, queries, report, text

FORM = "/incidents/new/?project=webshop&topic=appointment"
SENT = {"title": "Our plans for next year"}


@pytest.fixture(autouse=True)
def topic(world: World) -> Topic:
    return Topic.objects.create(
        key="appointment", name_de="Termin", name_en="Appointment", roles=["brm", "sdm"], answer_minutes=960
    )


def offered(page: str) -> list[str]:
    """The values of the times the form proposes."""
    return [part.split('"')[0] for part in page.split('name="when" value="')[1:] if not part.startswith("own")]


def soon(**later: float) -> datetime:
    return (clock.now() + timedelta(**later)).replace(second=0, microsecond=0)


def wished(world: World, topic: Topic, *times: datetime) -> Incident:
    incident = report(world.webshop, world.alice, kind="request", topic=topic, priority="minor")
    wish(incident, times=times or [soon(days=2), soon(days=3)], by=world.alice, now=clock.now())
    return incident


def page_of(incident: Incident) -> str:
    return f"/incidents/{incident.pk}/"


def test_three_times_are_proposed_and_one_of_them_wished_for(world: World) -> None:
    client = as_person(world.alice)
    shown = text(client.get(FORM))
    times = offered(shown)
    assert len(times) == 3
    assert all(datetime.fromisoformat(each) > clock.now() for each in times)
    assert "Europe/Berlin" in shown
    client.post(FORM, {**SENT, "when": times[1]})
    request = Incident.objects.get()
    assert [each.isoformat() for each in request.appointment.wishes] == [times[1]]
    assert (request.kind, request.assignee) == ("request", world.brm)
    assert queries(lambda: client.get(FORM)) < 15


def test_times_are_the_readers(world: World) -> None:
    world.alice.zone = "America/New_York"
    world.alice.save()
    client = as_person(world.alice)
    assert "America/New_York" in text(client.get(FORM))
    day = soon(days=3).date()
    client.post(FORM, {**SENT, "when": "own", "own_1": f"{day}T10:00"})
    (wished_for,) = Appointment.objects.get().wishes
    assert wished_for.hour in (14, 15)


def test_own_times_are_taken_once_each_and_in_order(world: World) -> None:
    first, second = soon(days=3), soon(days=2)
    sent = {**SENT, "when": "own", "own_1": first.isoformat(), "own_2": second.isoformat(), "own_3": first.isoformat()}
    as_person(world.alice).post(FORM, sent)
    assert Appointment.objects.get().wishes == [second, first]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "This field is required"),
        ({"when": "own"}, "Please enter at least one time."),
        ({"when": "own", "own_1": "2020-01-01T10:00"}, "A time that is over does not help."),
        ({"when": "own", "own_1": "tomorrow"}, "Enter a date and a time."),
        ({"when": "2030-01-01T10:00:00+00:00"}, "This time is not free any more."),
    ],
)
def test_what_is_wrong_with_a_time_is_said(world: World, sent: dict[str, str], said: str) -> None:
    response = as_person(world.alice).post(FORM, {**SENT, **sent})
    assert response.status_code == 400
    assert said in text(response)
    assert not Incident.objects.exists()


def test_the_brm_confirms_and_both_are_invited(world: World, topic: Topic) -> None:
    incident = wished(world, topic)
    shown = text(as_person(world.brm).get(page_of(incident)))
    assert "Confirm and invite" in shown
    (first, _second) = incident.appointment.wishes
    sent = {"when": first.isoformat()}
    answer = text(as_person(world.brm).post(f"{page_of(incident)}appointment/", sent, follow=True))
    assert "The invitations are on their way" in answer
    assert Appointment.objects.get().starts_at == first
    invited = Delivery.objects.exclude(mail_text__calendar="").values_list("to", flat=True)
    assert set(invited) == {world.brm.email, world.alice.email}


def test_another_time_may_be_confirmed(world: World, topic: Topic) -> None:
    incident, other = wished(world, topic), soon(days=5)
    sent = {"when": "other", "other": other.isoformat()}
    as_person(world.desk).post(f"{page_of(incident)}appointment/", sent)
    assert Appointment.objects.get().starts_at == other


def test_a_time_that_is_over_is_not_confirmed(world: World, topic: Topic) -> None:
    past = soon(days=-1)
    incident = wished(world, topic, past)
    client = as_person(world.desk)
    for sent in ({"when": past.isoformat()}, {"when": "other", "other": past.isoformat()}, {"when": "other"}, {}):
        client.post(f"{page_of(incident)}appointment/", sent)
    assert Appointment.objects.get().starts_at is None


def test_customers_confirm_nothing(world: World, topic: Topic) -> None:
    incident = wished(world, topic)
    assert "Confirm and invite" not in text(as_person(world.alice).get(page_of(incident)))
    place = f"{page_of(incident)}appointment/"
    assert as_person(world.alice).post(place, {}).status_code == 403
    assert as_person(world.manager).post(place, {}).status_code == 403
    assert as_person(world.charlie).post(place, {}).status_code == 404
    assert as_person(world.desk).get(place).status_code == 405


def test_the_file_is_for_those_who_may_see_the_request(world: World, topic: Topic) -> None:
    incident = wished(world, topic)
    place = f"{page_of(incident)}appointment.ics"
    assert as_person(world.alice).get(place).status_code == 404  # nothing to come to yet
    sent = {"when": incident.appointment.wishes[0].isoformat()}
    as_person(world.brm).post(f"{page_of(incident)}appointment/", sent)
    for person in (world.alice, world.bob, world.brm, world.desk):
        response = as_person(person).get(place)
        assert response.status_code == 200
        assert response["Content-Type"] == "text/calendar; method=REQUEST; charset=utf-8"
        assert "attachment" in response["Content-Disposition"]
        assert b"BEGIN:VEVENT" in response.content
    assert as_person(world.charlie).get(place).status_code == 404
    assert Client().get(place)["Location"].startswith("/accounts/login/")
    shown = text(as_person(world.alice).get(page_of(incident)))
    assert place in shown
    assert "Into my calendar" in shown


def test_queries_are_few_and_do_not_grow_with_files(world: World, topic: Topic) -> None:
    incident, client = wished(world, topic), as_person(world.alice)
    attach(incident, [upload()], by=world.desk, now=clock.now(), public=True)
    client.get(page_of(incident))
    few = queries(lambda: client.get(page_of(incident)))
    attach(incident, [upload() for _number in range(5)], by=world.desk, now=clock.now(), public=True)
    assert queries(lambda: client.get(page_of(incident))) == few
    assert few < 15


def test_an_incident_has_no_appointment(world: World) -> None:
    incident = report(world.webshop, world.alice)
    assert as_person(world.desk).post(f"{page_of(incident)}appointment/", {}).status_code == 404
    assert as_person(world.desk).get(f"{page_of(incident)}appointment.ics").status_code == 404
