"""Announced maintenance: every version stays, the last one counts."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from psycopg2.extras import DateTimeTZRange

from portal.maintenance import MaintenanceIsOver, announce, cancel, change
from portal.models import Maintenance
from portal.queries import NOTICE, maintenance_notices, maintenance_of
from portal.services import ChangedMeanwhile
from tests.people import BEGAN, TUESDAY, World

pytestmark = pytest.mark.django_db

STARTS = TUESDAY.replace(hour=22)
ENDS = STARTS + timedelta(hours=4)
HOUR = timedelta(hours=1)


def planned(world: World) -> Maintenance:
    return announce(
        projects=[world.webshop],
        starts=STARTS,
        ends=ENDS,
        text_de="Der Shop steht kurz still.",
        text_en="The shop stands still for a moment.",
        by=world.sdm,
        now=TUESDAY,
        why="new database",
    )


def test_it_is_announced_with_who_when_and_why(world: World) -> None:
    row = planned(world)
    row.refresh_from_db()
    assert (row.announced_by, row.announced_at, row.recorded_why) == (world.sdm, TUESDAY, "new database")
    assert row.period == DateTimeTZRange(STARTS, ENDS, "[)")
    assert list(row.projects.all()) == [world.webshop]
    assert (row.sequence, row.cancelled_at) == (0, None)


def test_a_change_leaves_the_version_before_as_it_was(world: World) -> None:
    first = planned(world)
    second = change(first, by=world.desk, now=TUESDAY + HOUR, why="later", starts=STARTS + HOUR, text_en="Later.")
    first.refresh_from_db()
    assert first.period.lower == STARTS
    assert (first.recorded.upper, first.closed_by) == (TUESDAY + HOUR, world.desk)
    second.refresh_from_db()
    assert (second.uid, second.sequence) == (first.uid, 1)
    assert (second.period.lower, second.period.upper) == (STARTS + HOUR, ENDS)
    assert (second.text_de, second.text_en) == ("Der Shop steht kurz still.", "Later.")
    assert (second.announced_at, second.announced_by) == (TUESDAY, world.sdm)
    assert list(second.projects.all()) == list(first.projects.all()) == [world.webshop]
    assert maintenance_of(world.webshop, since=TUESDAY) == [second]


def test_it_can_move_to_other_projects(world: World) -> None:
    change(planned(world), by=world.desk, now=TUESDAY, projects=[world.kundenportal])
    assert maintenance_of(world.webshop, since=TUESDAY) == []
    assert len(maintenance_of(world.kundenportal, since=TUESDAY)) == 1


def test_a_cancelled_one_stays_known_and_is_not_announced(world: World) -> None:
    cancelled = cancel(planned(world), by=world.sdm, now=TUESDAY + HOUR, why="not needed")
    assert cancelled.cancelled_at == TUESDAY + HOUR
    assert maintenance_of(world.webshop, since=TUESDAY) == [cancelled]
    assert maintenance_notices(world.webshop, now=TUESDAY) == []


def test_what_is_over_is_not_changed(world: World) -> None:
    row = planned(world)
    with pytest.raises(MaintenanceIsOver):
        change(row, by=world.sdm, now=ENDS, text_en="Too late")
    cancelled = cancel(row, by=world.sdm, now=TUESDAY)
    with pytest.raises(MaintenanceIsOver):
        cancel(cancelled, by=world.sdm, now=TUESDAY)
    assert Maintenance.objects.count() == 2


def test_only_the_last_version_is_changed(world: World) -> None:
    row = planned(world)
    change(row, by=world.sdm, now=TUESDAY, text_en="First")
    with pytest.raises(ChangedMeanwhile):
        cancel(row, by=world.desk, now=TUESDAY)
    assert [each.text_en for each in maintenance_of(world.webshop, since=TUESDAY)] == ["First"]


@pytest.mark.parametrize("ends", [STARTS, STARTS - HOUR])
def test_it_ends_after_it_starts(world: World, ends: object) -> None:
    row = planned(world)
    with pytest.raises(ValueError, match="ends after"):
        change(row, by=world.sdm, now=TUESDAY, ends=ends)  # type: ignore[arg-type]
    assert maintenance_of(world.webshop, since=TUESDAY) == [row]


def test_it_is_of_some_project(world: World) -> None:
    with pytest.raises(ValueError, match="at least one project"):
        change(planned(world), by=world.sdm, now=TUESDAY, projects=[])
    assert Maintenance.objects.count() == 1


@pytest.mark.parametrize("period", [(STARTS, STARTS), (None, ENDS), (STARTS, None)])
def test_the_database_refuses_what_has_no_duration_or_no_end(world: World, period: tuple[object, object]) -> None:
    row = planned(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Maintenance.objects.filter(pk=row.pk).update(period=DateTimeTZRange(*period))


def test_it_is_announced_on_pages_two_weeks_ahead_until_it_ends(world: World) -> None:
    row = planned(world)
    assert maintenance_notices(world.webshop, now=STARTS - NOTICE) == []
    assert maintenance_notices(world.webshop, now=STARTS - NOTICE + HOUR) == [row]
    assert maintenance_notices(world.webshop, now=ENDS - timedelta.resolution) == [row]
    assert maintenance_notices(world.webshop, now=ENDS) == []
    assert maintenance_notices(world.kundenportal, now=STARTS) == []


def test_the_first_to_begin_comes_first(world: World) -> None:
    later = planned(world)
    sooner = announce(
        projects=[world.webshop, world.kundenportal],
        starts=STARTS - HOUR,
        ends=STARTS,
        text_de="x",
        text_en="x",
        by=None,
        now=BEGAN,
    )
    assert maintenance_of(world.webshop, since=TUESDAY) == [sooner, later]
    assert maintenance_of(world.webshop, since=STARTS) == [later]
