"""The calendar of support hours, holidays and maintenance, as a program reads it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from portal.hours import Hours, WeeklyInterval, open_periods
from portal.maintenance import announce, cancel, change
from portal.models import DatedOpening, Project, SupportHours
from portal.queries import hours_facts, maintenance_of
from portal.services import record
from routing.support_calendar import Subject, ical, span
from tests.people import BEGAN, BERLIN, TUESDAY, World

HOUR = timedelta(hours=1)


def calendar_of(world: World, now: datetime = TUESDAY, language: str = "en") -> bytes:
    facts = hours_facts([world.office], at=TUESDAY, known_at=TUESDAY)[world.office.pk]
    known = maintenance_of(world.webshop, since=BEGAN)
    support = (world.office, facts)
    return ical(Subject.of(world.webshop, support, known, language=language, changed_at=BEGAN, now=now))


def events(content: bytes) -> dict[str, Event]:
    """By what names the event in its UID; RFC 5545 asks for each to be there once."""
    parsed = Calendar.from_ical(content)
    found = {str(event["uid"]).removeprefix("webshop-").split("@")[0]: event for event in parsed.walk("VEVENT")}
    assert len(found) == len(parsed.walk("VEVENT"))
    return found


def starts(event: Event) -> datetime:
    at: datetime = event.decoded("dtstart")
    return at


@pytest.mark.django_db
def test_it_is_a_calendar_that_programs_take(world: World) -> None:
    content = calendar_of(world)
    text = content.decode()
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT4H\r\n" in text
    assert "\r\nX-PUBLISHED-TTL:PT4H\r\n" in text
    assert "\r\nX-WR-CALNAME:webshop: support hours and maintenance\r\n" in text
    assert all(len(row) <= 75 for row in content.split(b"\r\n"))
    for event in events(content).values():
        assert not set(event.required) - set(event)
        assert {"DTSTART", "DTEND", "SUMMARY"} <= set(event)
        assert event["transp"] == "TRANSPARENT"


@pytest.mark.django_db
def test_support_hours_are_local_on_either_side_of_a_clock_change(world: World) -> None:
    found = events(calendar_of(world))
    winter, summer = found["open-2027-03-24-0"], found["open-2027-03-31-0"]
    assert starts(winter) == datetime(2027, 3, 24, 7, tzinfo=UTC)
    assert starts(summer) == datetime(2027, 3, 31, 6, tzinfo=UTC)
    for event in (winter, summer):
        assert starts(event).astimezone(BERLIN).time() == time(8)
        assert event.decoded("dtend") - starts(event) == 10 * HOUR


@pytest.mark.django_db
def test_it_shows_at_least_twelve_months(world: World) -> None:
    found = events(calendar_of(world))
    opened = sorted(name for name in found if name.startswith("open-"))
    assert (opened[0], opened[-1]) == ("open-2026-11-02-0", "open-2027-11-30-0")


@pytest.mark.django_db
def test_holidays_last_the_whole_day_and_nobody_is_there(world: World) -> None:
    found = events(calendar_of(world, language="de"))
    christmas = found["day-2026-12-25"]
    assert christmas.decoded("dtstart") == date(2026, 12, 25)
    assert christmas.decoded("dtend") == date(2026, 12, 26)
    assert "Erster Weihnachtstag" in christmas["summary"]
    assert "day-2027-05-27" in found  # Corpus Christi, of Hesse
    assert "open-2026-12-25-0" not in found


@pytest.mark.django_db
def test_a_dated_exception_is_shown_with_its_hours(world: World) -> None:
    record(DatedOpening, by=None, now=BEGAN, hours=world.office, day=date(2026, 12, 5), opens=time(9), closes=time(12))
    found = events(calendar_of(world))
    assert found["day-2026-12-05"]["summary"] == "webshop: open 09:00–12:00"
    assert starts(found["open-2026-12-05-0"]) == datetime(2026, 12, 5, 8, tzinfo=UTC)


@pytest.mark.django_db
def test_maintenance_keeps_its_uid_when_it_moves_and_says_when_it_is_cancelled(world: World) -> None:
    first = announce(
        projects=[world.webshop, world.kundenportal],
        starts=TUESDAY + 12 * HOUR,
        ends=TUESDAY + 16 * HOUR,
        text_de="Für etwa 20 Minuten steht der Shop still; danach läuft er, schneller.",
        text_en="The shop stands still.",
        by=world.sdm,
        now=TUESDAY,
    )
    name = f"maintenance-{first.uid}"
    content = calendar_of(world, language="de")
    shown = events(content)[name]
    assert shown.decoded("dtstart") == TUESDAY + 12 * HOUR
    assert shown["description"] == first.text_de
    assert (shown["status"], shown["sequence"]) == ("CONFIRMED", 0)
    assert "kundenportal" not in content.decode()
    moved = change(first, by=world.sdm, now=TUESDAY + HOUR, starts=TUESDAY + 13 * HOUR)
    shown = events(calendar_of(world, TUESDAY + HOUR))[name]
    assert (shown.decoded("dtstart"), shown["sequence"]) == (TUESDAY + 13 * HOUR, 1)
    assert shown.decoded("dtstamp") == TUESDAY + HOUR
    cancel(moved, by=world.sdm, now=TUESDAY + 2 * HOUR)
    shown = events(calendar_of(world, TUESDAY + 2 * HOUR))[name]
    assert (shown["status"], shown["sequence"]) == ("CANCELLED", 2)


@pytest.mark.django_db
def test_it_is_the_same_until_something_changes(world: World) -> None:
    assert calendar_of(world) == calendar_of(world, TUESDAY + 24 * HOUR)


@pytest.mark.django_db
def test_without_support_hours_there_is_maintenance_alone(world: World) -> None:
    bare = Subject.of(world.webshop, None, [], language="en", changed_at=BEGAN, now=TUESDAY)
    assert events(ical(bare)) == {}


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), date(2026, 12, 1), date(2027, 12, 31)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), date(2028, 2, 1), date(2029, 2, 28)),
        (datetime(2027, 1, 31, 12, tzinfo=UTC), date(2027, 1, 1), date(2028, 1, 31)),
    ],
)
def test_the_months_shown_are_local_and_whole(now: datetime, first: date, last: date) -> None:
    assert span(now, "Europe/Berlin") == (first, last)


weeks = st.lists(
    st.builds(
        WeeklyInterval,
        st.integers(0, 6),
        st.times().map(lambda t: t.replace(second=0, microsecond=0)),
        st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    ),
    max_size=6,
)


@settings(max_examples=30)
@given(weekly=weeks, zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Africa/Cairo", "Pacific/Apia"]))
def test_all_events_together_are_the_opening_and_nothing_else(weekly: list[WeeklyInterval], zone: str) -> None:
    hours = Hours(zone, tuple(weekly), frozenset(), ())
    project = Project(key="webshop")
    support = (SupportHours(zone=zone), hours)
    subject = Subject.of(project, support, [], language="en", changed_at=BEGAN, now=TUESDAY)
    # Two months, in which clocks are changed.
    content = ical(replace(subject, first=date(2027, 3, 1), last=date(2027, 4, 30)))
    shown = sorted((starts(event), event.decoded("dtend")) for event in events(content).values())
    joined: list[tuple[datetime, datetime]] = []
    for start, end in shown:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    if joined:
        periods = open_periods(hours, joined[0][0], joined[-1][1])
        assert joined == [(period.start, period.end) for period in periods]
