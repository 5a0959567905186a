"""Call-outs: which pages count, what is proposed, corrections, sums, and the time sheet."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO

import pytest

from matrix.terms import Role
from portal.hours import Period
from portal.models import Person, SupportHours, WeeklyOpening
from portal.services import record
from routing.duty.call_outs import CallOut, call_outs, month_of, sums
from routing.incidents import services
from routing.incidents.models import Incident
from routing.models import CallOutTimes
from routing.paging.calling import callee_of
from routing.paging.escalating import advance_due
from routing.paging.models import Page
from routing.paging.services import Outcome, answer_page, pass_on_page
from tests.people import BEGAN, BERLIN, SUNDAY_NIGHT, TUESDAY, World, minutes
from tests.routing.pages.helpers import as_person, queries, report, text

pytestmark = pytest.mark.django_db

NIGHT = SUNDAY_NIGHT
ALWAYS = Period(datetime(2026, 1, 1, tzinfo=BERLIN), datetime(2028, 1, 1, tzinfo=BERLIN))
END_OF_SUMMER = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN).astimezone(UTC)
"""An hour and a half before clocks go back."""


def paged(world: World, *, at: datetime = NIGHT, title: str = "Disk full") -> Incident:
    source = Incident.Source.MONITORING
    incident = report(world.webshop, world.desk, now=at, title=title, source=source)
    advance_due(now=at)
    return incident


def worked(world: World, *, at: datetime = NIGHT, minutes_of_work: float = 45, title: str = "Disk full") -> Incident:
    """Paged, answered five minutes later, and resolved after so much work."""
    incident = paged(world, at=at, title=title)
    services.acknowledge(incident, by=world.oncall, now=at + minutes(5))
    services.resolve(incident, by=world.oncall, now=at + minutes(5 + minutes_of_work), reason="Cleaned up")
    return incident


def of(person: Person, within: Period = ALWAYS, now: datetime = NIGHT + timedelta(days=7)) -> list[CallOut]:
    return call_outs(person, within, now=now)


def page_of(person: Person) -> Page:
    return Page.objects.filter(person=person, answered_at__isnull=False).latest("pk")


@pytest.fixture
def at_noon(frozen: Callable[[datetime], None]) -> datetime:
    """Sunday noon after the night, where the portal's clock stands still."""
    noon = NIGHT + timedelta(hours=9)
    frozen(noon)
    return noon


def test_a_night_on_duty(world: World) -> None:
    worked(world)
    [found] = of(world.oncall)
    assert (found.page.created_at, found.page.answered_at) == (NIGHT, NIGHT + minutes(5))
    assert (found.begin, found.end) == (NIGHT + minutes(5), NIGHT + minutes(50))
    assert (found.on_duty, found.minutes, found.outside_minutes) == (True, 45, 45)
    assert of(world.backup) == []


def test_what_was_not_answered_is_none(world: World) -> None:
    paged(world)
    assert of(world.oncall) == []


def test_the_work_ends_where_the_incident_goes_into_other_hands(world: World) -> None:
    incident = paged(world)
    services.acknowledge(incident, by=world.oncall, now=NIGHT + minutes(5))
    [found] = of(world.oncall)
    assert (found.end, found.minutes, found.outside_minutes) == (None, None, None)
    services.assign(incident, assignee=world.oncall, by=world.desk, now=NIGHT + minutes(6))
    services.add_note(incident, by=world.oncall, now=NIGHT + minutes(7), text="x", public=False)
    assert of(world.oncall)[0].end is None
    services.assign(incident, assignee=world.desk, by=world.oncall, now=NIGHT + minutes(65))
    services.resolve(incident, by=world.desk, now=NIGHT + minutes(99), reason="x")
    assert of(world.oncall)[0].end == NIGHT + minutes(65)


def test_passing_on_is_an_answer_without_work(world: World) -> None:
    incident = paged(world)
    services.pass_on(incident, by=world.oncall, now=NIGHT + minutes(4))
    [found] = of(world.oncall)
    assert (found.begin, found.minutes) == (NIGHT + minutes(4), 0)


def called_in(world: World) -> tuple[Incident, Page]:
    """The primary takes it, and ten minutes into the night asks the backup for help."""
    incident = paged(world)
    incident = services.acknowledge(incident, by=world.oncall, now=NIGHT + minutes(5))
    asked = callee_of(world.backup)
    now = NIGHT + minutes(10)
    return incident, services.call_in(incident, callee=asked, role=Role.ON_CALL_BACKUP, by=world.oncall, now=now)


def test_who_cannot_come_to_help_has_no_work(world: World) -> None:
    incident, page = called_in(world)
    assert pass_on_page(page, person=world.backup, now=NIGHT + minutes(12), via="voice").outcome is Outcome.DECLINED
    services.resolve(incident, by=world.oncall, now=NIGHT + minutes(240), reason="x")
    assert of(world.backup) == []


def test_who_helps_works_until_it_is_over(world: World) -> None:
    """Whoever has it meanwhile."""
    incident, page = called_in(world)
    assert answer_page(page, person=world.backup, now=NIGHT + minutes(12), via="voice").outcome is Outcome.COMES
    services.assign(incident, assignee=world.desk, by=world.oncall, now=NIGHT + minutes(30))
    services.pass_on(incident, by=world.desk, now=NIGHT + minutes(40))
    assert of(world.oncall)[0].end == NIGHT + minutes(30)
    assert of(world.backup)[0].end is None
    services.acknowledge(incident, by=world.desk, now=NIGHT + minutes(41))
    services.resolve(incident, by=world.desk, now=NIGHT + minutes(72), reason="x")
    [found] = of(world.backup)
    assert (found.begin, found.end, found.minutes) == (NIGHT + minutes(12), NIGHT + minutes(72), 60)


def test_a_helper_who_got_it_works_until_it_goes_into_other_hands(world: World) -> None:
    incident, _page = called_in(world)
    services.assign(incident, assignee=world.backup, by=world.oncall, now=NIGHT + minutes(20))
    assert of(world.backup)[0].end is None
    services.assign(incident, assignee=world.desk, by=world.backup, now=NIGHT + minutes(50))
    [found] = of(world.backup)
    assert (found.begin, found.end) == (NIGHT + minutes(20), NIGHT + minutes(50))


def test_a_page_at_the_desk_is_none_unless_on_duty(world: World) -> None:
    incident = report(world.webshop, world.alice, now=TUESDAY)
    advance_due(now=TUESDAY)
    services.acknowledge(incident, by=world.sdm, now=TUESDAY + minutes(1))
    assert of(world.sdm) == []
    worked(world, at=TUESDAY)
    [found] = of(world.oncall)
    assert (found.on_duty, found.minutes, found.outside_minutes) == (True, 45, 0)


def test_outside_one_s_own_working_hours_counts_for_everybody(world: World) -> None:
    early = SupportHours.objects.create(slug="early", name="early", zone="Europe/Berlin")
    record(WeeklyOpening, by=None, now=BEGAN, hours=early, weekday=1, opens=time(6), closes=time(9))
    incident = report(world.webshop, world.alice, now=TUESDAY)
    advance_due(now=TUESDAY)
    services.acknowledge(incident, by=world.sdm, now=TUESDAY + minutes(1))
    services.resolve(incident, by=world.sdm, now=TUESDAY + minutes(31), reason="x")
    assert of(world.sdm) == []
    world.sdm.working_hours = early
    world.sdm.save()
    [found] = of(world.sdm)
    assert (found.on_duty, found.outside_minutes) == (False, 30)


def test_work_that_crosses_the_opening_counts_outside_only_before_it(world: World) -> None:
    worked(world, at=TUESDAY.replace(hour=7, minute=25), minutes_of_work=60)
    [found] = of(world.oncall)
    assert (found.minutes, found.outside_minutes) == (60, 30)


def test_minutes_are_those_that_passed_in_the_night_of_a_clock_change(world: World) -> None:
    worked(world, at=END_OF_SUMMER, minutes_of_work=120)
    [found] = of(world.oncall)
    assert found.minutes == 120
    assert found.end is not None
    assert found.end.astimezone(BERLIN).strftime("%H:%M") == "02:35"


def test_months_begin_at_midnight_in_the_reader_s_zone(world: World) -> None:
    last_minute = datetime(2026, 10, 31, 23, 59, tzinfo=BERLIN)
    worked(world, at=last_minute)
    october, november = (
        month_of(datetime(2026, month, 1, tzinfo=BERLIN).date(), "Europe/Berlin") for month in (10, 11)
    )
    assert (len(of(world.oncall, october)), len(of(world.oncall, november))) == (1, 0)
    assert october.end == november.start
    later = month_of(date(2026, 11, 1), "Pacific/Auckland")
    assert len(of(world.oncall, later)) == 1


def test_what_is_done_at_the_same_time_counts_once_in_the_sum(world: World) -> None:
    worked(world, minutes_of_work=45)
    worked(world, at=NIGHT + minutes(20), minutes_of_work=45, title="Another")
    worked(world, at=NIGHT + minutes(25), minutes_of_work=1, title="Within")
    found = of(world.oncall)
    assert [each.minutes for each in found] == [45, 45, 1]
    total = sums(found)
    assert (total.count, total.minutes, total.outside_minutes, total.open) == (3, 65, 65, 0)


# --- Pages ----------------------------------------------------------------------------------------------------


def test_the_month_with_its_sums(world: World, at_noon: datetime) -> None:
    worked(world)
    client = as_person(world.oncall)
    shown = text(client.get("/duty/call-outs/"))
    for words in ("Disk full", "Sun 29 Nov, 03:00", "03:05", "03:50", "45 minutes", "November 2026"):
        assert words in shown
    assert "No call-outs in this month" in text(client.get("/duty/call-outs/?month=2026-10"))
    assert "your rest lasts until" in text(client.get("/duty/"))


@pytest.mark.parametrize(
    "month", ["x", "2026-13", "2026-00", "0000-01", "1999-12", "2026-1", "２０２６-11", "9999-12", "2026-11-01"]
)
def test_what_is_no_month_is_not_found(world: World, month: str) -> None:
    client = as_person(world.oncall)
    for page in ("/duty/call-outs/", "/duty/call-outs.csv"):
        assert client.get(page, {"month": month}).status_code == 404


def test_a_correction_counts_and_what_was_stays(world: World, at_noon: datetime) -> None:
    worked(world)
    page = page_of(world.oncall)
    client = as_person(world.oncall)
    path = f"/duty/call-outs/{page.pk}/"
    for ends in ("2026-11-29T04:30", "2026-11-29T05:00"):
        given = {"begins": "2026-11-29T03:00", "ends": ends, "remark": "Looked after it"}
        assert client.post(path, given).status_code == 302
    [found] = of(world.oncall)
    assert (found.begin, found.end, found.minutes) == (NIGHT, NIGHT + minutes(120), 120)
    assert (found.remark, found.corrected_at) == ("Looked after it", at_noon)
    assert (found.proposed.start, found.proposed.end) == (NIGHT + minutes(5), NIGHT + minutes(50))
    assert [row.recorded_by for row in CallOutTimes.objects.all()] == [world.oncall] * 2
    assert "04:30" in text(client.get(path))
    page.refresh_from_db()
    assert page.answered_at == NIGHT + minutes(5)


def test_a_proposal_sent_back_stays_to_the_second(world: World, at_noon: datetime) -> None:
    """Also in the hour that a clock change repeats."""
    worked(world, at=END_OF_SUMMER + timedelta(seconds=7), minutes_of_work=85)
    [before] = of(world.oncall)
    page = page_of(world.oncall)
    given = {"begins": "2026-10-25T01:35", "ends": "2026-10-25T02:00", "remark": "x"}
    assert before.end is not None
    assert before.end.astimezone(BERLIN).strftime("%H:%M") == "02:00"
    as_person(world.oncall).post(f"/duty/call-outs/{page.pk}/", given)
    [after] = of(world.oncall)
    assert (after.begin, after.end, after.remark) == (before.begin, before.end, "x")


def test_nothing_to_do_is_no_time(world: World, at_noon: datetime) -> None:
    """The end is entered in the minute of the proposed beginning, which has seconds."""
    worked(world, at=NIGHT + timedelta(seconds=31))
    given = {"begins": "2026-11-29T03:05", "ends": "2026-11-29T03:05"}
    assert as_person(world.oncall).post(f"/duty/call-outs/{page_of(world.oncall).pk}/", given).status_code == 302
    assert of(world.oncall)[0].minutes == 0


def test_an_end_that_would_lie_before_the_beginning_is_the_later_reading(world: World, at_noon: datetime) -> None:
    """Begun at 02:40 by summer time, ended at 02:10 by winter time: half an hour."""
    worked(world, at=END_OF_SUMMER)
    page = page_of(world.oncall)
    given = {"begins": "2026-10-25T02:40", "ends": "2026-10-25T02:10"}
    assert as_person(world.oncall).post(f"/duty/call-outs/{page.pk}/", given).status_code == 302
    assert of(world.oncall)[0].minutes == 30


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        ("", "2026-11-29T04:00", "This field is required."),
        ("x", "2026-11-29T04:00", "Enter a date and a time."),
        ("2026-11-29T02:59", "2026-11-29T04:00", "cannot have begun before the page"),
        ("2026-11-29T03:30", "2026-11-29T03:20", "The end has to be after the beginning."),
        ("2026-11-29T03:30", "2026-11-29T12:01", "The end lies in the future"),
    ],
)
def test_times_that_cannot_be_are_refused(world: World, at_noon: datetime, begins: str, ends: str, said: str) -> None:
    worked(world)
    page = page_of(world.oncall)
    response = as_person(world.oncall).post(f"/duty/call-outs/{page.pk}/", {"begins": begins, "ends": ends})
    assert response.status_code == 400
    assert said in text(response)
    assert not CallOutTimes.objects.exists()


@pytest.mark.parametrize("name", ["backup", "admin", "desk", "alice"])
def test_only_one_s_own(world: World, at_noon: datetime, name: str) -> None:
    worked(world)
    page = page_of(world.oncall)
    client = as_person(getattr(world, name))
    assert client.get(f"/duty/call-outs/{page.pk}/").status_code == 404
    given = {"begins": "2026-11-29T03:00", "ends": "2026-11-29T04:00"}
    assert client.post(f"/duty/call-outs/{page.pk}/", given).status_code == 404
    assert not CallOutTimes.objects.exists()
    for path in ("/duty/call-outs/", "/duty/call-outs.csv"):
        assert "Disk full" not in text(client.get(path))
    unanswered = Page.objects.exclude(pk=page.pk).first()
    numbers = [999999, *([unanswered.pk] if unanswered else [])]
    for number in numbers:
        assert as_person(world.oncall).get(f"/duty/call-outs/{number}/").status_code == 404


def test_the_time_sheet(world: World, at_noon: datetime) -> None:
    worked(world, title='=HYPERLINK("http://evil.example")')
    worked(world, at=NIGHT + minutes(120), title='Two, "quoted"\nlines')
    response = as_person(world.oncall).get("/duty/call-outs.csv?month=2026-11")
    assert response["Content-Type"].startswith("text/csv; charset=utf-8")
    assert response["Content-Disposition"] == 'attachment; filename="call-outs-2026-11.csv"'
    raw = response.content
    assert raw.startswith(b"\xef\xbb\xbf")
    heading, first, second = csv.reader(StringIO(raw.decode("utf-8-sig"), newline=""))
    assert (heading[0], len(first), len(second)) == ("Incident", len(heading), len(heading))
    row = dict(zip(heading, first, strict=True))
    assert row["Title"] == '\'=HYPERLINK("http://evil.example")'
    assert row["Paged at"] == "2026-11-29 03:00+01:00"
    assert (row["Minutes"], row["On duty"]) == ("45", "yes")
    assert second[2] == 'Two, "quoted"\nlines'
    assert b"\r\n" in raw


def test_no_cell_is_a_formula(world: World, at_noon: datetime) -> None:
    worked(world)
    page = page_of(world.oncall)
    for begin in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"):
        CallOutTimes.objects.create(
            page=page, begins_at=NIGHT, ends_at=NIGHT, remark=begin, recorded_by=world.oncall, recorded_at=NIGHT
        )
        raw = as_person(world.oncall).get("/duty/call-outs.csv").content.decode("utf-8-sig")
        [_heading, row] = csv.reader(StringIO(raw, newline=""))
        assert row[-1] == f"'{begin}"


def test_queries_do_not_grow_with_call_outs(world: World, at_noon: datetime) -> None:
    worked(world)
    client = as_person(world.oncall)
    few = queries(lambda: client.get("/duty/call-outs/"))
    assert few <= 20
    for number in range(1, 5):
        worked(world, at=NIGHT + minutes(60 * number), title=f"Disk {number}")
    assert queries(lambda: client.get("/duty/call-outs/")) == few
