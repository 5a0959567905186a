"""The clocks of an incident: they run, are late, rest, and have ended; by the rule of its matrix."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from matrix.facts import published
from portal.hours import Hours, WeeklyInterval
from routing.incidents import services
from routing.incidents.models import Incident
from routing.pages.clocks import Standing, Target, clocks_of
from tests.people import SUNDAY_NIGHT, TUESDAY, World, minutes

from .helpers import as_person, report, text

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours(
    "Europe/Berlin", tuple(WeeklyInterval(day, time(8), time(18)) for day in range(5)), frozenset(), exceptions=()
)


def clocks(incident: Incident, now: datetime) -> list[Target]:
    versions = published([incident.matrix_version_id])
    return clocks_of(incident, versions, OFFICE, now=now)


@pytest.mark.parametrize(
    ("after", "standing"),
    [
        (0, Standing.RUNNING),
        (44, Standing.RUNNING),
        (45, Standing.LATE),
        (59, Standing.LATE),
        (60, Standing.MISSED),
        (90, Standing.MISSED),
    ],
)
def test_a_clock_that_always_runs(world: World, after: int, standing: Standing) -> None:
    incident = report(world.webshop, world.alice, now=SUNDAY_NIGHT)
    response, resolution = clocks(incident, SUNDAY_NIGHT + minutes(after))
    assert response.standing is standing
    assert response.zero_at == SUNDAY_NIGHT + minutes(60)
    assert resolution.standing is Standing.RUNNING


def test_a_clock_of_support_hours_rests_until_monday(world: World) -> None:
    friday = datetime(2026, 11, 27, 17, 0, tzinfo=BERLIN)
    incident = report(world.webshop, world.alice, now=friday, priority="minor")
    response, _resolution = clocks(incident, friday + minutes(30))
    assert (response.standing, response.due) == (Standing.RUNNING, datetime(2026, 11, 30, 11, 0, tzinfo=BERLIN))
    assert response.zero_at == friday + minutes(30) + minutes(210)
    response, _resolution = clocks(incident, friday + minutes(120))
    assert response.standing is Standing.PAUSED
    assert response.paused_until == datetime(2026, 11, 30, 8, 0, tzinfo=BERLIN)
    assert response.left_minutes == 180
    response, _resolution = clocks(incident, datetime(2026, 11, 30, 10, 1, tzinfo=BERLIN))
    assert response.standing is Standing.LATE


def test_the_countdown_does_not_move_while_the_clock_runs(world: World) -> None:
    """So an unchanged page is the same page, and is not sent again."""
    friday = datetime(2026, 11, 27, 17, 0, tzinfo=BERLIN)
    incident = report(world.webshop, world.alice, now=friday, priority="minor")
    seen = {clocks(incident, friday + timedelta(seconds=17 * number))[0].zero_at for number in range(60)}
    assert len(seen) == 1


def test_a_night_with_an_hour_twice_counts_it_twice(world: World) -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30, for the first time
    incident = report(world.webshop, world.alice, now=before)
    response, _resolution = clocks(incident, before + minutes(59))
    assert response.standing is Standing.LATE
    assert response.due == before + minutes(60)


def test_resolution_rests_while_the_customer_is_asked(world: World) -> None:
    incident = report(world.webshop, world.alice, now=TUESDAY)
    services.acknowledge(incident, by=world.desk, now=TUESDAY + minutes(10))
    services.wait(incident, by=world.desk, now=TUESDAY + minutes(60), question="Since when?")
    incident.refresh_from_db()
    response, resolution = clocks(incident, TUESDAY + minutes(500))
    assert (response.standing, response.done_at) == (Standing.MET, TUESDAY + minutes(10))
    assert (resolution.standing, resolution.left_minutes, resolution.paused_until) == (Standing.PAUSED, 300, None)


def test_it_rests_since_the_wait_that_is_under_way(world: World) -> None:
    incident = report(world.webshop, world.alice, now=TUESDAY)
    services.acknowledge(incident, by=world.desk, now=TUESDAY)
    services.wait(incident, by=world.desk, now=TUESDAY + minutes(60), question="Since when?")
    incident.refresh_from_db()
    before = services.Before.of(incident, "resolve")
    done = services.resolve(incident, by=world.desk, now=TUESDAY + minutes(90), reason="done")
    again = TUESDAY + minutes(93)
    services.undo(incident, before=before, after=services.state_of(done), by=world.desk, now=again)
    incident.refresh_from_db()
    assert incident.resolve_by is not None
    left = (incident.resolve_by - again).total_seconds() // 60
    assert clocks(incident, TUESDAY + minutes(500))[1].left_minutes == left


def test_waiting_for_a_date_stops_no_clock(world: World) -> None:
    incident = report(world.webshop, world.alice, now=TUESDAY)
    services.acknowledge(incident, by=world.desk, now=TUESDAY)
    services.wait(incident, by=world.desk, now=TUESDAY, until=TUESDAY + timedelta(days=2))
    incident.refresh_from_db()
    assert clocks(incident, TUESDAY + minutes(1))[1].standing is Standing.RUNNING


def test_what_has_ended_was_in_time_or_not(world: World) -> None:
    incident = report(world.webshop, world.alice, now=TUESDAY)
    services.resolve(incident, by=world.desk, now=TUESDAY + minutes(61), reason="done")
    incident.refresh_from_db()
    response, resolution = clocks(incident, TUESDAY + minutes(70))
    assert (response.standing, resolution.standing) == (Standing.MET_LATE, Standing.MET)


def test_the_desk_reads_both_and_customers_neither(world: World) -> None:
    incident = report(world.webshop, world.alice)
    staff = text(as_person(world.desk).get(f"/incidents/{incident.pk}/"))
    assert staff.count("dd-target-running") == 2
    assert "dd-target" not in text(as_person(world.alice).get(f"/incidents/{incident.pk}/"))
