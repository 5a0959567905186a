"""The night: which hours it has, what happened in it, told once by mail, and taken over with a tap."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from django.core import mail
from psycopg2.extras import DateTimeTZRange

from oncall.rotation import AbsenceKind
from oncall.services import record_absence
from portal.hours import DatedException, Hours, WeeklyInterval
from portal.models import Person, WeeklyOpening
from portal.services import retire
from routing import tasks
from routing.incidents.models import Incident
from routing.incidents.services import acknowledge, assign, resolve, state_of
from routing.paging import sending, ticking
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery, MailText, PeriodicJob
from routing.presence import digest
from routing.presence.night import Night, night_of
from tests.people import BEGAN, PRIVATE, SUNDAY_NIGHT, TUESDAY, World, make_world, minutes
from tests.routing.pages.helpers import as_person, queries, text
from tests.routing.paging.chains import alert, run
from tests.routing.paging.test_races import at_once

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
OPENING = datetime(2026, 11, 30, 8, 0, tzinfo=BERLIN)
"""The Monday after the Sunday night."""
FRIDAY = datetime(2026, 11, 27, 18, 0, tzinfo=BERLIN)
Stop = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def _nobody_was_told() -> None:
    digest._done.clear()


# --- Which hours it has -----------------------------------------------------------------------------------------

OFFICE = tuple(WeeklyInterval(day, *span) for day in range(5) for span in ((time(8), time(12)), (time(13), time(18))))


def office(*closed: datetime) -> Hours:
    return Hours("Europe/Berlin", OFFICE, frozenset(), tuple(DatedException(day.date(), ()) for day in closed))


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-24T08:00", "2026-11-23T18:00", "2026-11-24T08:00"),
        ("2026-11-24T12:30", "2026-11-23T18:00", "2026-11-24T08:00"),  # the break at noon is no night
        ("2026-11-24T17:59", "2026-11-23T18:00", "2026-11-24T08:00"),
        ("2026-11-24T18:00", "2026-11-24T18:00", "2026-11-24T18:00"),  # one begins
        ("2026-11-25T03:00", "2026-11-24T18:00", "2026-11-25T03:00"),
        ("2026-11-30T09:00", "2026-11-27T18:00", "2026-11-30T08:00"),  # a weekend
        ("2026-10-26T08:00", "2026-10-23T18:00", "2026-10-26T08:00"),  # clocks went back
    ],
)
def test_a_night_is_since_the_office_was_open(now: str, start: str, end: str) -> None:
    at, begins, ends = (datetime.fromisoformat(each).replace(tzinfo=BERLIN) for each in (now, start, end))
    assert night_of(office(), at) == Night(
        begins.astimezone(UTC), ends.astimezone(UTC), over=at != ends or at.hour == 8
    )


def test_holidays_belong_to_the_night() -> None:
    christmas = [datetime(2026, 12, day, tzinfo=BERLIN) for day in (24, 25)]
    night = night_of(office(*christmas), datetime(2026, 12, 28, 8, 5, tzinfo=BERLIN))
    assert night is not None
    assert night.start == datetime(2026, 12, 23, 18, 0, tzinfo=BERLIN)


def test_an_office_that_was_never_open_has_no_night() -> None:
    assert night_of(Hours("UTC", (), frozenset(), ()), TUESDAY) is None


# --- What happened ----------------------------------------------------------------------------------------------


def a_night(world: World) -> tuple[Incident, Incident]:
    """On Sunday at three nobody answers for half an hour, then the backup does; at five another is resolved."""
    taken = alert(world)
    run(SUNDAY_NIGHT + minutes(31), since=SUNDAY_NIGHT)
    acknowledge(taken, by=world.backup, now=SUNDAY_NIGHT + minutes(34))
    done = alert(world, at=SUNDAY_NIGHT + minutes(120), title="Disk is full")
    advance_due(now=SUNDAY_NIGHT + minutes(120))
    resolve(done, by=world.oncall, now=SUNDAY_NIGHT + minutes(150), reason="Cleaned up")
    return taken, done


def test_the_page_tells_who_was_called_who_answered_and_what_is_open(world: World, frozen: Stop) -> None:
    a_night(world)
    frozen(OPENING + minutes(5))
    shown = text(as_person(world.sdm).get("/my-projects/night/"))
    for said in (
        "Fri 27 Nov 2026, 18:00",
        "Mon 30 Nov 2026, 08:00",
        "Marek Nightly called (",
        "Elif Nightly called",
        "Taken by Elif Nightly within 34 minutes",
        "one still open",
        "Disk is full",
    ):
        assert said in shown, said
    assert shown.index("HTTP 503") < shown.index("Disk is full")  # still open ones first
    assert PRIVATE not in shown


def test_it_lasts_while_the_office_is_closed(world: World, frozen: Stop) -> None:
    a_night(world)
    frozen(SUNDAY_NIGHT + minutes(40))
    shown = text(as_person(world.sdm).get("/my-projects/night/"))
    assert "HTTP 503" in shown


def test_what_happened_before_or_elsewhere_is_not_told(world: World, frozen: Stop) -> None:
    early = alert(world, at=FRIDAY - minutes(60), title="Before the closing")
    resolve(early, by=world.oncall, now=FRIDAY - minutes(30), reason="x")
    alert(world, at=OPENING + minutes(1), title="After the opening")
    frozen(OPENING + minutes(5))
    shown = text(as_person(world.sdm).get("/my-projects/night/"))
    assert "A quiet night" in shown
    a_night(world)
    assert "No project is assigned to you" in text(as_person(world.oncall).get("/my-projects/night/"))


def test_what_began_by_day_and_went_on_at_night_is_told(world: World, frozen: Stop) -> None:
    incident = alert(world, at=FRIDAY - minutes(60), title="It drags on")
    acknowledge(incident, by=world.oncall, now=SUNDAY_NIGHT)
    frozen(OPENING + minutes(5))
    assert "It drags on" in text(as_person(world.sdm).get("/my-projects/night/"))


def test_the_page_needs_as_many_queries_for_many(world: World, frozen: Stop) -> None:
    a_night(world)
    frozen(OPENING + minutes(5))
    client = as_person(world.sdm)
    client.get("/my-projects/night/")
    few = queries(lambda: client.get("/my-projects/night/"))
    for number in range(6):
        alert(world, at=SUNDAY_NIGHT + minutes(200), title=f"Another {number}")
    advance_due(now=SUNDAY_NIGHT + minutes(200))
    client.get("/my-projects/night/")
    assert queries(lambda: client.get("/my-projects/night/")) == few <= 20


# --- Taking over ------------------------------------------------------------------------------------------------


def take(person: Person, incident: Incident, seen: Incident | None = None) -> Any:
    shown = seen or incident
    return as_person(person).post(f"/my-projects/night/{incident.pk}/take/", {"seen": state_of(shown)})


def test_an_open_one_is_taken_over_with_a_tap(world: World, frozen: Stop) -> None:
    incident = Incident.objects.get(pk=a_night(world)[0].pk)
    frozen(OPENING + minutes(5))
    for _tap in range(2):  # twice is as once
        assert take(world.sdm, incident).status_code == 302
    incident.refresh_from_db()
    assert (incident.assignee, incident.status) == (world.sdm, "acknowledged")
    assert incident.timeline.filter(kind="assigned").count() == 1
    assert "aria-label" in text(as_person(world.sdm).get("/my-projects/night/"))


def test_one_that_nobody_took_stops_calling(world: World, frozen: Stop) -> None:
    incident = alert(world)
    advance_due(now=SUNDAY_NIGHT)
    frozen(SUNDAY_NIGHT + minutes(5))
    assert take(world.sdm, incident).status_code == 302
    incident.refresh_from_db()
    assert (incident.assignee, incident.status) == (world.sdm, "acknowledged")
    assert incident.escalation.state == "acknowledged"


def test_who_comes_second_reads_who_was_first(world: World, frozen: Stop) -> None:
    seen = Incident.objects.get(pk=a_night(world)[0].pk)
    frozen(OPENING + minutes(5))
    assign(seen, assignee=world.deputy, by=world.deputy, now=OPENING + minutes(4))
    response = take(world.sdm, seen, seen)
    assert response.status_code == 409
    assert "was not taken: it is acknowledged by now, with Tobias Deputy" in text(response)
    assert Incident.objects.get(pk=seen.pk).assignee == world.deputy


def test_what_is_resolved_is_not_taken(world: World, frozen: Stop) -> None:
    seen = Incident.objects.get(pk=a_night(world)[0].pk)
    resolve(seen, by=world.backup, now=OPENING, reason="done")
    frozen(OPENING + minutes(5))
    assert take(world.sdm, seen, seen).status_code == 409


def test_what_a_team_has_is_named_and_taken_from_it(world: World, frozen: Stop) -> None:
    incident = Incident.objects.get(pk=a_night(world)[0].pk)
    assign(incident, assignee=world.platform, by=world.desk, now=OPENING)
    frozen(OPENING + minutes(5))
    shown = text(as_person(world.sdm).get("/my-projects/night/"))
    assert "now with Team Platform" in shown
    assert "Team Platform · " in text(as_person(world.sdm).get("/my-projects/"))
    given = Incident.objects.get(pk=incident.pk)
    assert f'value="{state_of(given)}"' in shown
    assert take(world.sdm, given).status_code == 302
    given.refresh_from_db()
    assert (given.assignee, given.team) == (world.sdm, None)
    assert given.timeline.last().kind == "taken_over"  # type: ignore[union-attr]


def test_what_a_team_got_meanwhile_is_not_taken(world: World, frozen: Stop) -> None:
    seen = Incident.objects.get(pk=a_night(world)[0].pk)
    frozen(OPENING + minutes(5))
    assign(seen, assignee=world.platform, by=world.desk, now=OPENING + minutes(4))
    response = take(world.sdm, seen, seen)
    assert response.status_code == 409
    assert "was not taken: it is acknowledged by now, with Team Platform" in text(response)
    assert Incident.objects.get(pk=seen.pk).team == world.platform


@pytest.mark.parametrize("given", [{}, {"seen": "new"}, {"seen": "new.blocker..."}, {"seen": "²" * 4000}])
def test_garbage_takes_nothing(world: World, frozen: Stop, given: dict[str, str]) -> None:
    incident = a_night(world)[0]
    frozen(OPENING + minutes(5))
    assert as_person(world.sdm).post(f"/my-projects/night/{incident.pk}/take/", given).status_code == 409
    assert Incident.objects.get(pk=incident.pk).assignee == world.backup


def test_who_may_not_work_takes_nothing(world: World, frozen: Stop) -> None:
    incident = Incident.objects.get(pk=a_night(world)[0].pk)
    frozen(OPENING + minutes(5))
    assert take(world.brm, incident).status_code == 403
    assert take(world.alice, incident).status_code == 404
    assert "I take it over" not in text(as_person(world.brm).get("/my-projects/night/"))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_at_once_one_has_it(transactional_db: None) -> None:
    world = make_world()
    incident = Incident.objects.get(pk=a_night(world)[0].pk)
    answers = at_once(
        *[lambda person=person: take(person, incident).status_code for person in (world.sdm, world.deputy)]
    )
    assert sorted(answers) == [302, 409]  # type: ignore[type-var]
    assert incident.timeline.filter(kind="assigned").count() == 1


# --- By mail ----------------------------------------------------------------------------------------------------


def letters() -> list[tuple[str, str]]:
    return list(Delivery.objects.filter(kind="letter").order_by("pk").values_list("to", "mail_text__subject"))


def test_the_report_goes_once_to_the_sdm_when_the_office_opens(world: World) -> None:
    a_night(world)
    assert not digest.is_due(SUNDAY_NIGHT + minutes(200))
    assert digest.send_night_reports(now=OPENING - minutes(1)) == 0
    assert digest.is_due(OPENING)
    assert digest.send_night_reports(now=OPENING) == 1
    assert letters() == [("sdm@example.com", "Night report Mon 30 Nov: 2 incidents, 1 still open")]
    body = MailText.objects.get().body
    for said in (
        "since the office closed (Fri 27 Nov 2026, 18:00)",
        "HTTP 503 on all frontends",
        "Marek Nightly",
        "Elif Nightly, within 34 minutes",
        "/my-projects/night/",
        "Europe/Berlin",
    ):
        assert said in body, said
    assert PRIVATE not in body
    digest._done.clear()  # as another process
    assert not digest.is_due(OPENING + minutes(1))
    assert digest.send_night_reports(now=OPENING + minutes(1)) == 0


def test_it_leaves_with_the_post(world: World) -> None:
    a_night(world)
    digest.send_night_reports(now=OPENING)
    Delivery.objects.update(next_attempt_at=BEGAN)
    sending.send_delivery(Delivery.objects.get(kind="letter").pk)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject[:12]) == (["sdm@example.com"], "Night report")


def test_it_is_in_the_readers_language_and_zone(world: World) -> None:
    Person.objects.filter(pk=world.sdm.pk).update(language="de", zone="Europe/London")
    a_night(world)
    digest.send_night_reports(now=OPENING)
    text_of_mail = MailText.objects.get()
    assert text_of_mail.subject.startswith("Nachtbericht")
    assert "17:00" in text_of_mail.body
    assert "Europe/London" in text_of_mail.body


def test_a_quiet_night_is_not_told(world: World) -> None:
    assert digest.send_night_reports(now=OPENING) == 0
    assert letters() == []
    assert PeriodicJob.objects.filter(job=digest.JOB).count() == 1


def test_who_does_not_want_it_gets_none(world: World) -> None:
    a_night(world)
    as_person(world.sdm).post("/my-projects/night/mail/", {})
    assert not digest.wants_report(world.sdm)
    assert digest.send_night_reports(now=OPENING) == 0
    as_person(world.sdm).post("/my-projects/night/mail/", {"wanted": "on"})
    assert digest.wants_report(world.sdm)


def test_the_deputy_reads_it_while_the_sdm_is_away_for_days(world: World) -> None:
    a_night(world)
    away = DateTimeTZRange(FRIDAY, OPENING + timedelta(days=3))
    record_absence(world.sdm, AbsenceKind.DAY, away, by=world.sdm, now=BEGAN)
    digest.send_night_reports(now=OPENING)
    assert [to for to, _subject in letters()] == ["deputy@example.com"]


def test_a_morning_without_workers_is_made_up_for_until_closing(world: World) -> None:
    a_night(world)
    assert digest.is_due(OPENING + minutes(9 * 60))
    assert not digest.is_due(OPENING + minutes(11 * 60))  # another night has begun
    assert digest.send_night_reports(now=OPENING + minutes(9 * 60)) == 1


def test_one_report_that_fails_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a_night(world)
    Person.objects.filter(pk=world.sdm.pk).update(zone="Nowhere/Atall")
    assert digest.send_night_reports(now=OPENING) == 0
    assert PeriodicJob.objects.filter(job=digest.JOB).exists()


def test_while_nothing_changes_the_tick_pays_one_query(world: World) -> None:
    digest.send_night_reports(now=OPENING)
    digest.is_due(OPENING)
    assert queries(lambda: digest.is_due(OPENING + minutes(1))) == 1


def test_changed_hours_are_seen_at_once(world: World) -> None:
    a_night(world)
    digest.send_night_reports(now=OPENING)
    for row in WeeklyOpening.objects.current().filter(weekday=0):
        retire(row, by=None, now=OPENING)
    assert not digest.is_due(OPENING + minutes(30))


@pytest.mark.django_db(transaction=True)
def test_the_tick_wakes_whoever_writes_it(transactional_db: None, redis_client: redis.Redis, frozen: Stop) -> None:
    a_night(make_world())
    frozen(OPENING)
    redis_client.flushdb()
    ticking.tick()
    waiting = b"".join(redis_client.lrange("delivery", 0, -1))  # type: ignore[arg-type]
    assert b"routing.tasks.send_night_reports" in waiting
    tasks.send_night_reports()
    assert len(letters()) == 1
    redis_client.flushdb()
    ticking.tick()
    assert b"send_night_reports" not in b"".join(redis_client.lrange("delivery", 0, -1))  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_tells_it(transactional_db: None) -> None:
    world = make_world()
    a_night(world)
    told = at_once(*[lambda: digest.send_night_reports(now=OPENING)] * 4)
    assert sorted(told) == [0, 0, 0, 1]  # type: ignore[type-var]
    assert len(letters()) == 1
