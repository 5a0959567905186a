"""Two administrators save at the same moment, on real PostgreSQL."""

from datetime import date, time

import pytest

from portal import clock
from portal.hours import DatedException
from portal.models import DatedOpening, Installation
from portal.services import ChangedMeanwhile
from portal.support_hours import installation, services
from portal.support_hours.plan import Change
from portal.support_hours.queries import state_of
from tests.people import World, make_world
from tests.routing.paging.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

EVE = date(2026, 12, 24)


def test_one_of_two_saves_and_the_other_is_told(transactional_db: None) -> None:
    world: World = make_world()
    seen = state_of(world.office)

    def close(until: time) -> str:
        change = Change({}, {EVE: DatedException(EVE, ((time(8), until),))})
        try:
            services.change_hours(world.office, change, seen=seen, by=world.admin, now=clock.now(), why="x")
        except ChangedMeanwhile:
            return "meanwhile"
        return "saved"

    assert sorted(map(str, at_once(lambda: close(time(12)), lambda: close(time(13))))) == ["meanwhile", "saved"]
    assert DatedOpening.objects.filter(day=EVE).count() == 1

    row = Installation.objects.get()
    seen = installation.state_of(row, installation._managers())

    def set_margin(minutes: int) -> str:
        after = Installation.objects.get()
        after.answer_margin = minutes
        try:
            installation.change(
                after=after, managers=[world.manager.pk], seen=seen, by=world.admin, now=clock.now(), why="x"
            )
        except ChangedMeanwhile:
            return "meanwhile"
        return "saved"

    assert sorted(map(str, at_once(lambda: set_margin(20), lambda: set_margin(25)))) == ["meanwhile", "saved"]
