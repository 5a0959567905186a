"""Facts come in a constant number of queries, and the decision follows the data."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg2.extras import DateTimeTZRange

from matrix.facts import published
from oncall.models import Absence, Override, RotaCoverage
from portal.models import Project
from portal.services import record
from routing.decision import Reason, Source
from routing.gather import NoMatrix, decision_for, gather
from tests.people import BEGAN, BERLIN, SINCE, SUNDAY_NIGHT, TUESDAY, World, make_project

pytestmark = pytest.mark.django_db


def roles(decision):
    return [(link.role.value, link.after_minutes, [person.name for person in link.people]) for link in decision.chain]


def test_sunday_night_is_on_call_with_the_backup_after_thirty_minutes(world: World) -> None:
    decision = decision_for(world.webshop, at=SUNDAY_NIGHT, priority="blocker")
    assert roles(decision) == [
        ("on_call_primary", 0, ["Marek Nightly"]),
        ("on_call_backup", 30, ["Elif Nightly"]),
        ("escalation_manager", 45, ["Georg Operations"]),
    ]
    assert decision.respond_by == SUNDAY_NIGHT + timedelta(hours=1)


def test_in_business_hours_it_is_the_sdm(world: World) -> None:
    decision = decision_for(world.webshop, at=TUESDAY, priority="blocker")
    assert roles(decision)[0] == ("sdm", 0, ["Jana Manager"])
    assert decision.chain[0].reason is Reason.ASSIGNED


def test_monitoring_calls_on_call_at_any_hour(world: World) -> None:
    decision = decision_for(world.webshop, at=TUESDAY, priority="blocker", source=Source.MONITORING)
    assert roles(decision)[0] == ("on_call_primary", 0, ["Marek Nightly"])


def test_an_sdm_in_a_meeting_lets_the_service_desk_step_forward(world: World) -> None:
    meeting = DateTimeTZRange(TUESDAY - timedelta(hours=1), TUESDAY + timedelta(hours=1))
    record(Absence, by=None, now=BEGAN, person=world.sdm, kind="short", period=meeting)
    decision = decision_for(world.webshop, at=TUESDAY, priority="blocker")
    assert roles(decision)[0] == ("service_desk", 0, ["Service Desk"])
    assert decision.passed_over[0].reason is Reason.IN_MEETING
    assert decision.passed_over[0].until == meeting.upper
    # The Service Desk answers first until the meeting is over.
    assert decision.valid_until == meeting.upper


def test_an_sdm_away_for_a_day_has_a_deputy(world: World) -> None:
    away = DateTimeTZRange(TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=2))
    record(Absence, by=None, now=BEGAN, person=world.sdm, kind="day", period=away)
    decision = decision_for(world.webshop, at=TUESDAY, priority="blocker")
    assert roles(decision)[0] == ("sdm", 0, ["Tobias Deputy"])
    assert decision.chain[0].reason is Reason.DEPUTY


def test_an_override_beats_the_rotation(world: World) -> None:
    night = DateTimeTZRange(SUNDAY_NIGHT - timedelta(hours=5), SUNDAY_NIGHT + timedelta(hours=5))
    record(Override, by=None, now=BEGAN, rota=world.rota, line="primary", person=world.manager, period=night)
    decision = decision_for(world.webshop, at=SUNDAY_NIGHT, priority="blocker")
    assert decision.chain[0].people[0].name == "Georg Operations"
    assert decision.chain[0].reason is Reason.OVERRIDE


def test_a_major_at_night_waits_for_the_opening(world: World) -> None:
    decision = decision_for(world.webshop, at=SUNDAY_NIGHT, priority="major")
    assert decision.deferred_until == datetime(2026, 11, 30, 8, tzinfo=BERLIN)
    assert roles(decision)[0] == ("sdm", 0, ["Jana Manager"])


def test_the_past_answers_from_what_was_known_then(world: World) -> None:
    """An override recorded on Monday does not change whom the portal would have named on Sunday."""
    night = DateTimeTZRange(SUNDAY_NIGHT - timedelta(hours=5), SUNDAY_NIGHT + timedelta(hours=5))
    learned = SUNDAY_NIGHT + timedelta(days=1)
    record(Override, by=None, now=learned, rota=world.rota, line="primary", person=world.manager, period=night)
    then = gather([world.webshop], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)[world.webshop.pk]
    later = gather([world.webshop], at=SUNDAY_NIGHT, known_at=learned)[world.webshop.pk]
    assert then.duty[0].rota.overrides == ()
    assert [override.person for override in later.duty[0].rota.overrides] == [world.manager.pk]


def test_without_a_matrix_there_is_no_answer_to_show(world: World) -> None:
    bare = make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    with pytest.raises(NoMatrix):
        decision_for(bare, at=TUESDAY, priority="blocker")


def test_gathering_takes_the_same_number_of_queries_for_any_number_of_projects(world: World) -> None:
    published(version.pk for version in world.versions.values())
    with CaptureQueriesContext(
        connection,
    ) as one:
        gather([world.webshop], at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)
    for number in range(20):
        project = make_project(world.office, world.alster, f"more-{number}", world.desk_team, world.platform)
        record(RotaCoverage, by=None, now=BEGAN, rota=world.rota, project=project, valid=SINCE)
    projects = list(Project.objects.all())
    with CaptureQueriesContext(connection) as many:
        gather(projects, at=SUNDAY_NIGHT, known_at=SUNDAY_NIGHT)
    assert len(projects) == 22
    assert len(many) == len(one)
    assert len(one) <= 23
