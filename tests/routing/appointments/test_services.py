"""From a wish to an invitation in two calendars."""

from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from icalendar import Calendar

from matrix.models import Topic
from oncall.models import Absence
from portal.models import Person, SupportHours, WeeklyOpening
from portal.services import record
from routing.appointments.invitation import invitation
from routing.appointments.models import Appointment
from routing.appointments.queries import proposed
from routing.appointments.services import confirm, wish
from routing.gather import gather
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.models import Delivery, MailText
from tests.people import BEGAN, BERLIN, TUESDAY, World, make_world, minutes
from tests.routing.pages.helpers import report
from tests.routing.paging.test_races import at_once

T = TUESDAY
WISH = datetime(2026, 11, 26, 10, tzinfo=BERLIN)


@pytest.fixture
def topic(world: World) -> Topic:
    return Topic.objects.create(
        key="appointment", name_de="Termin", name_en="Appointment", roles=["brm", "sdm"], answer_minutes=960
    )


@pytest.fixture
def request_(world: World, topic: Topic) -> Incident:
    return asked(world, topic)


def asked(world: World, topic: Topic) -> Incident:
    """A request with two times wished for."""
    incident = report(
        world.webshop, world.alice, kind="request", topic=topic, priority="minor", now=T, title="Talk; about, money"
    )
    wish(incident, times=[WISH + timedelta(days=1), WISH], by=world.alice, now=T)
    Delivery.objects.all().delete()
    return incident


def local_starts(world: World, topic: Topic) -> list[str]:
    known = gather([world.webshop], at=T, known_at=T)[world.webshop.pk]
    return [f"{period.start.astimezone(BERLIN):%a %d %H:%M}" for period in proposed(known, topic, now=T)]


def event_of(text: str) -> dict[str, object]:
    calendar = Calendar.from_ical(text)
    assert (str(calendar["version"]), str(calendar["method"])) == ("2.0", "REQUEST")
    (event,) = calendar.walk("VEVENT")
    return dict(event)


# --- Proposing ------------------------------------------------------------------------------------------------


def test_the_brm_has_time_then(world: World, topic: Topic) -> None:
    assert local_starts(world, topic) == ["Wed 25 10:00", "Thu 26 14:00", "Fri 27 11:00"]


def test_their_absences_working_hours_and_appointments_are_kept_free(world: World, topic: Topic) -> None:
    afternoons = SupportHours.objects.create(slug="afternoons", name="afternoons", zone="Europe/Berlin")
    for weekday, opens in ((1, time(9)), (2, time(13)), (3, time(13))):
        record(WeeklyOpening, by=None, now=BEGAN, hours=afternoons, weekday=weekday, opens=opens, closes=time(17))
    Person.objects.filter(pk=world.brm.pk).update(working_hours=afternoons)
    meeting = (datetime(2026, 11, 25, 12, tzinfo=BERLIN), datetime(2026, 11, 25, 15, tzinfo=BERLIN))
    record(Absence, by=None, now=BEGAN, person=world.brm, kind="short", period=meeting)
    confirm(asked(world, topic), starts_at=datetime(2026, 11, 26, 14, tzinfo=BERLIN), by=world.brm, now=T)
    assert local_starts(world, topic) == ["Wed 25 15:00", "Thu 26 13:00", "Tue 01 11:00"]


def test_who_stands_in_for_the_brm_is_asked_instead(world: World, topic: Topic) -> None:
    away = (T - timedelta(days=1), T + timedelta(days=9))
    record(Absence, by=None, now=BEGAN, person=world.brm, kind="day", period=away)
    assert local_starts(world, topic) == ["Wed 25 10:00", "Thu 26 14:00", "Fri 27 11:00"]


def test_a_team_has_no_calendar(world: World, topic: Topic) -> None:
    topic.roles = ["service_desk"]
    assert local_starts(world, topic) == []


# --- Confirming -----------------------------------------------------------------------------------------------


def test_wishes_are_kept_in_order(request_: Incident) -> None:
    assert [at.astimezone(BERLIN) for at in request_.appointment.wishes] == [WISH, WISH + timedelta(days=1)]
    assert request_.timeline.get(kind="times_wished").public


def test_confirming_answers_the_request_and_invites_both(world: World, request_: Incident) -> None:
    appointment = confirm(request_, starts_at=WISH, by=world.desk, now=T + minutes(5))
    request_.refresh_from_db()
    assert (request_.status, request_.assignee, request_.responded_at) == (
        "acknowledged",
        world.brm,
        T + minutes(5),
    )
    assert (appointment.host, appointment.sequence) == (world.brm, 0)
    letters = MailText.objects.order_by("pk")
    assert [letter.delivery.to for letter in letters] == [world.brm.email, world.alice.email]
    assert "Thu 26 Nov 2026, 10:00 to 11:00 (Europe/Berlin), with Katharina Business" in letters[1].body
    assert letters[0].calendar == letters[1].calendar


def test_the_letter_is_in_the_readers_language_and_zone(world: World, request_: Incident) -> None:
    Person.objects.filter(pk=world.alice.pk).update(zone="America/New_York")
    confirm(request_, starts_at=WISH, by=world.brm, now=T)
    letter = MailText.objects.get(delivery__to=world.alice.email)
    assert "04:00 to 05:00 (America/New_York)" in letter.body


def test_the_invitation_is_one_event(world: World, request_: Incident) -> None:
    event = event_of(invitation(confirm(request_, starts_at=WISH, by=world.brm, now=T)))
    assert event["DTSTART"].dt == WISH.astimezone(UTC)  # type: ignore[attr-defined]  # icalendar's own types
    assert event["DTEND"].dt == (WISH + timedelta(hours=1)).astimezone(UTC)  # type: ignore[attr-defined]
    assert str(event["SUMMARY"]) == f"Talk; about, money (#{request_.number})"
    assert str(event["ORGANIZER"]) == f"mailto:{world.brm.email}"
    people = {str(each): each.params for each in event["ATTENDEE"]}  # type: ignore[attr-defined]
    assert people[f"mailto:{world.alice.email}"]["PARTSTAT"] == "NEEDS-ACTION"
    assert people[f"mailto:{world.alice.email}"]["RSVP"] == "TRUE"
    assert people[f"mailto:{world.brm.email}"]["PARTSTAT"] == "ACCEPTED"
    assert int(event["SEQUENCE"]) == 0  # type: ignore[call-overload]


def test_moving_it_is_the_same_event_with_a_higher_sequence(world: World, request_: Incident) -> None:
    first = event_of(invitation(confirm(request_, starts_at=WISH, by=world.brm, now=T)))
    moved = event_of(invitation(confirm(request_, starts_at=WISH + minutes(30), by=world.desk, now=T + minutes(5))))
    assert moved["UID"] == first["UID"]
    assert (first["SEQUENCE"], moved["SEQUENCE"]) == (0, 1)
    assert moved["ORGANIZER"] == first["ORGANIZER"]
    assert Delivery.objects.count() == 4


def test_the_same_time_again_invites_nobody_again(world: World, request_: Incident) -> None:
    for _time in range(2):
        confirm(request_, starts_at=WISH, by=world.brm, now=T)
    assert Delivery.objects.count() == 2
    assert request_.timeline.filter(kind="appointed").count() == 1


def test_without_a_reporter_the_host_alone_is_invited(world: World, request_: Incident) -> None:
    Incident.objects.filter(pk=request_.pk).update(reporter=None)
    confirm(request_, starts_at=WISH, by=world.brm, now=T)
    assert [delivery.to for delivery in Delivery.objects.all()] == [world.brm.email]


def test_an_on_call_engineers_name_reaches_no_customer(world: World, request_: Incident) -> None:
    Incident.objects.filter(pk=request_.pk).update(assignee=None)
    request_.refresh_from_db()
    appointment = confirm(request_, starts_at=WISH, by=world.oncall, now=T)
    assert appointment.host == world.oncall
    letter = MailText.objects.get(delivery__to=world.alice.email)
    for said in (letter.body, letter.calendar):
        assert "Nightly" not in said
        assert world.oncall.email not in said
    assert str(event_of(letter.calendar)["ORGANIZER"]) == "mailto:direktdraht@nordhafen.example"


def test_whoever_left_is_not_invited(world: World, request_: Incident) -> None:
    world.alice.contacts.update(left_at=T)
    confirm(request_, starts_at=WISH, by=world.brm, now=T)
    assert [delivery.to for delivery in Delivery.objects.all()] == [world.brm.email]


def test_what_is_over_is_not_confirmed(world: World, request_: Incident) -> None:
    services.resolve(request_, by=world.brm, now=T, reason="not needed")
    with pytest.raises(services.ActionRefused):
        confirm(request_, starts_at=WISH, by=world.brm, now=T)
    assert Appointment.objects.get().starts_at is None


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_make_one_event(transactional_db: None) -> None:
    world = make_world()
    topic = Topic.objects.create(key="appointment", roles=["brm"], answer_minutes=960)
    incident = report(world.webshop, world.alice, kind="request", topic=topic, priority="minor", now=T)
    wish(incident, times=[WISH], by=world.alice, now=T)
    times = [WISH + minutes(30 * number) for number in range(4)]
    at_once(*[partial(confirm, incident, starts_at=at, by=world.brm, now=T) for at in times])
    appointment = Appointment.objects.get()
    assert appointment.sequence == 3
    assert incident.timeline.filter(kind="appointed").count() == 4
