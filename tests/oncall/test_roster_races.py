"""Two administrators change one roster at the same moment, on real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import time

import pytest
from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from oncall.models import Override, RotaCoverage, Rotation
from oncall.rosters import RosterChanged, Seen, cover, hold, record_rotation, see
from oncall.rotation import Line
from oncall.services import hand_over
from portal.models import Person
from tests.people import World
from tests.routing.intake.test_races import wait_until_somebody_waits_for_us

from .duty import WEEK, Crew, make_crew
from .test_swap_races import at_once
from .test_swaps import LATER

pytestmark = pytest.mark.django_db(transaction=True)
PERIOD = DateTimeTZRange(LATER + WEEK, LATER + 2 * WEEK)


def attempt(crew: Crew, person: Person, seen: Seen) -> str:
    """One administrator's confirmation: "done", or that somebody was faster."""
    from django.db import connection

    try:
        with transaction.atomic():
            hold([crew.rota.pk], seen=seen)
            hand_over(crew.rota, Line.PRIMARY, person, PERIOD, by=None, now=LATER)
    except RosterChanged:
        return "changed"
    finally:
        connection.close()
    return "done"


def test_of_two_who_saw_the_same_roster_one_writes(world: World) -> None:
    crew = make_crew(world)
    seen = see([crew.rota.pk])
    people = (crew.tom, crew.pia, crew.sven)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda person: attempt(crew, person, seen), people))
    assert sorted(found) == ["changed", "changed", "done"]
    assert Override.objects.get().person == people[found.index("done")]

    # Whoever waits for the other's commit sees it, though they asked before.
    seen = see([crew.rota.pk])
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hold([crew.rota.pk], seen=seen)
            arrange(crew, crew.tom)
            waiting = pool.submit(attempt, crew, crew.nora, seen)
            wait_until_somebody_waits_for_us()
        assert waiting.result(20) == "changed"
    assert Rotation.objects.current().filter(rota=crew.rota, line="primary").count() == 2


def arrange(crew: Crew, person: Person) -> None:
    given = {"weekday": 2, "at": time(10), "period_days": 7, "start": LATER + 3 * WEEK, "by": None, "now": LATER}
    record_rotation(crew.rota, Line.PRIMARY, [person], **given)


def test_a_project_has_one_rota_whoever_moves_it(world: World) -> None:
    one, other = make_crew(world), make_crew(world, "shops")
    actions = [
        lambda rota=crew.rota: cover(rota, [world.webshop], LATER + WEEK, by=None, now=LATER) for crew in (one, other)
    ]
    at_once(*actions)
    rows = RotaCoverage.objects.current().filter(project=world.webshop).order_by("valid")
    assert [row.valid.lower for row in rows][1:] == [LATER + WEEK]
    assert [row.valid.upper for row in rows] == [LATER + WEEK, None]
