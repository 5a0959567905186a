"""Two people decide about one duty at the same moment, on real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from oncall import swaps
from oncall.models import Override, Swap
from oncall.rotation import Line
from oncall.services import Overlaps, record_override
from oncall.swaps import SwapOver, SwapRefused
from tests.people import World
from tests.routing.intake.test_races import wait_until_somebody_waits_for_us

from .duty import NOW, Crew, make_crew, next_turn, period
from .test_swaps import LATER, ask

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = (SwapOver, SwapRefused, Overlaps)


@pytest.fixture
def crew(world: World) -> Crew:
    return make_crew(world)


def outcome(action: Callable[[], object]) -> str:
    """What became of it: "done", or by which error it was refused."""
    try:
        action()
    except REFUSED as error:
        return type(error).__name__
    finally:
        connection.close()
    return "done"


def at_once(*actions: Callable[[], object]) -> list[str]:
    barrier = Barrier(len(actions))

    def run(action: Callable[[], object]) -> str:
        barrier.wait(10)
        return outcome(action)

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def first_then(first: Callable[[], object], second: Callable[[], object]) -> str:
    """The second begins while the first has done its work and not committed; what becomes of the second."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            waiting = pool.submit(outcome, second)
            wait_until_somebody_waits_for_us()
        return waiting.result(20)


def test_of_those_who_accept_at_once_one_has_it(crew: Crew) -> None:
    swap = ask(crew, crew.nora, crew.pia, crew.sven, crew.quirin)
    people = (crew.nora, crew.pia, crew.sven, crew.quirin)
    found = at_once(*(lambda person=person: swaps.accept(swap, by=person, now=LATER) for person in people))
    assert sorted(found) == ["SwapOver"] * 3 + ["done"]
    swap.refresh_from_db()
    assert Override.objects.current().get().person == swap.accepted_by
    assert swap.accepted_by == people[found.index("done")]


def test_accepted_first_is_not_withdrawn(crew: Crew) -> None:
    swap = ask(crew, crew.pia)
    second = lambda: swaps.withdraw(Swap.objects.get(pk=swap.pk), now=LATER)  # noqa: E731
    assert first_then(lambda: swaps.accept(swap, by=crew.pia, now=LATER), second) == "SwapOver"
    assert Override.objects.current().get().person == crew.pia


def test_withdrawn_first_is_not_accepted(crew: Crew) -> None:
    swap = ask(crew, crew.pia)
    second = lambda: swaps.accept(swap, by=crew.pia, now=LATER)  # noqa: E731
    assert first_then(lambda: swaps.withdraw(Swap.objects.get(pk=swap.pk), now=LATER), second) == "SwapOver"
    assert not Override.objects.exists()


def test_an_administrator_s_override_that_is_first_stays(crew: Crew, world: World) -> None:
    swap = ask(crew, crew.pia)

    def override() -> None:
        record_override(crew.rota, Line.PRIMARY, crew.tom, swap.gives, by=world.admin, now=LATER)

    assert first_then(override, lambda: swaps.accept(swap, by=crew.pia, now=NOW)) == "SwapRefused"
    assert Override.objects.current().get().person == crew.tom
    swap.refresh_from_db()
    assert swap.state == "asked"


def test_what_was_agreed_first_is_not_overridden_unseen(crew: Crew, world: World) -> None:
    swap = ask(crew, crew.pia)

    def override() -> None:
        record_override(crew.rota, Line.PRIMARY, crew.tom, swap.gives, by=world.admin, now=LATER)

    assert first_then(lambda: swaps.accept(swap, by=crew.pia, now=LATER), override) == "Overlaps"
    assert Override.objects.current().get().person == crew.pia


def test_nobody_gets_two_rotas_by_two_swaps_at_once(crew: Crew, world: World) -> None:
    """Each alone would be possible."""
    elsewhere = make_crew(world, slug="shops")
    one = ask(crew, crew.tom)
    other = swaps.ask(
        elsewhere.rota,
        Line.PRIMARY,
        period(next_turn(elsewhere.rota, elsewhere.ole)),
        of=[crew.tom],
        by=elsewhere.ole,
        now=NOW,
    )
    found = at_once(*(lambda swap=swap: swaps.accept(swap, by=crew.tom, now=LATER) for swap in (one, other)))
    assert sorted(found) == ["SwapRefused", "done"]
    assert Override.objects.current().count() == 1


def test_declining_and_accepting_at_once_leaves_one_of_both(crew: Crew) -> None:
    swap = ask(crew, crew.pia)
    found = at_once(
        lambda: swaps.accept(swap, by=crew.pia, now=LATER), lambda: swaps.decline(swap, by=crew.pia, now=LATER)
    )
    assert sorted(found) == ["SwapOver", "done"]
    swap.refresh_from_db()
    assert Override.objects.current().count() == (1 if swap.state == "accepted" else 0)
