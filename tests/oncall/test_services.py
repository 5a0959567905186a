"""Writes to rosters: recorded, and told to whoever follows duty."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence, Override
from oncall.rotation import AbsenceKind, Line
from oncall.services import Overlaps, record_absence, record_override, withdraw
from oncall.signals import roster_changed
from portal.services import ChangedMeanwhile
from tests.people import SUNDAY_NIGHT, World, minutes

pytestmark = pytest.mark.django_db

T = SUNDAY_NIGHT
PERIOD = DateTimeTZRange(T, T + minutes(60))


@pytest.fixture
def told() -> Iterator[list[set[int]]]:
    """The projects of every change."""
    found: list[set[int]] = []

    def note(*, projects: set[int], **_kwargs: Any) -> None:
        found.append(projects)

    roster_changed.connect(note)
    yield found
    roster_changed.disconnect(note)


def test_an_override_is_recorded_and_told(world: World, told: list[set[int]]) -> None:
    row = record_override(world.rota, Line.PRIMARY, world.manager, PERIOD, by=world.admin, now=T, why="asked")
    assert (row.line, row.person, row.recorded_by, row.recorded_why) == ("primary", world.manager, world.admin, "asked")
    assert told == [{world.webshop.pk, world.kundenportal.pk}]


def test_overrides_of_one_line_do_not_overlap(world: World, told: list[set[int]]) -> None:
    record_override(world.rota, Line.PRIMARY, world.manager, PERIOD, by=None, now=T)
    with pytest.raises(Overlaps):
        record_override(world.rota, Line.PRIMARY, world.backup, PERIOD, by=None, now=T)
    record_override(world.rota, Line.BACKUP, world.manager, PERIOD, by=None, now=T)
    assert (Override.objects.count(), len(told)) == (2, 2)


def test_a_day_away_concerns_the_rotas_of_the_person(world: World, told: list[set[int]]) -> None:
    record_absence(world.oncall, AbsenceKind.DAY, PERIOD, by=world.oncall, now=T)
    record_absence(world.sdm, AbsenceKind.DAY, PERIOD, by=world.sdm, now=T)
    record_absence(world.oncall, AbsenceKind.SHORT, PERIOD, by=world.oncall, now=T)
    assert told == [{world.webshop.pk, world.kundenportal.pk}, set()]
    assert Absence.objects.count() == 3


def test_what_is_withdrawn_is_told_too(world: World, told: list[set[int]]) -> None:
    override = record_override(world.rota, Line.PRIMARY, world.manager, PERIOD, by=None, now=T)
    away = record_absence(world.oncall, AbsenceKind.DAY, PERIOD, by=None, now=T)
    told.clear()
    withdraw(override, by=world.admin, now=T + minutes(1), why="mistaken")
    withdraw(away, by=world.admin, now=T + minutes(1))
    assert told == [{world.webshop.pk, world.kundenportal.pk}] * 2
    assert not Override.objects.current().exists()
    with pytest.raises(ChangedMeanwhile):
        withdraw(override, by=world.admin, now=T + minutes(2))
