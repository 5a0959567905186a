"""Duty changes hands by agreement: asked, accepted, declined, withdrawn, expired."""

from datetime import timedelta

import pytest
from psycopg2.extras import DateTimeTZRange

from oncall import swaps
from oncall.models import Override, Swap
from oncall.queries import last_recorded
from oncall.rotation import AbsenceKind, Line
from oncall.services import record_absence, record_override
from oncall.swaps import SwapOver, SwapRefused
from oncall.turns import Objection
from portal.models import Person
from tests.people import World

from .duty import NOW, Crew, duty, make_crew, next_turn, period

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LATER = NOW + HOUR


@pytest.fixture
def crew(world: World) -> Crew:
    return make_crew(world)


def ask(crew: Crew, *of: Person, back: Person | None = None) -> Swap:
    """Ole wants to give his next turn away, in return for the next of `back`."""
    taken = next_turn(crew.rota, back) if back else None
    return swaps.ask(
        crew.rota,
        Line.PRIMARY,
        period(next_turn(crew.rota, crew.ole)),
        of=of,
        by=crew.ole,
        now=NOW,
        takes_line=taken.line if taken else None,
        takes=period(taken) if taken else None,
        note="A wedding",
    )


def test_the_first_who_accepts_has_the_duty(crew: Crew) -> None:
    swap = ask(crew, crew.pia, crew.nora)
    given = next_turn(crew.rota, crew.ole)
    swap = swaps.accept(swap, by=crew.nora, now=LATER)
    assert (swap.state, swap.accepted_by, swap.answered_at) == ("accepted", crew.nora, LATER)
    override = swap.overrides.get()
    assert (override.person, override.line, override.period) == (crew.nora, "primary", period(given))
    assert override.recorded_by == crew.nora
    assert "asked by Ole Night, accepted by Nora Night" in override.recorded_why
    with pytest.raises(SwapOver):
        swaps.accept(swap, by=crew.pia, now=LATER)
    assert Override.objects.count() == 1


def test_an_exchange_is_two_overrides_and_the_rest_of_the_roster_stays(crew: Crew) -> None:
    before = {person.pk: duty(crew.rota, person) for person in (crew.nora, crew.quirin, crew.romy, crew.sven)}
    given, taken = next_turn(crew.rota, crew.ole), next_turn(crew.rota, crew.pia)
    swaps.accept(ask(crew, crew.pia, back=crew.pia), by=crew.pia, now=LATER)
    assert Override.objects.current().count() == 2
    after = {turn.start: turn.person for p in (crew.ole, crew.pia) for turn in duty(crew.rota, p, known_at=LATER)}
    assert (after[given.start], after[taken.start]) == (crew.pia.pk, crew.ole.pk)
    for person in (crew.nora, crew.quirin, crew.romy, crew.sven):
        was = [(turn.line, turn.start, turn.end) for turn in before[person.pk]]
        is_ = [(turn.line, turn.start, turn.end) for turn in duty(crew.rota, person, known_at=LATER)]
        assert was == is_


def test_a_part_is_given_and_what_was_taken_can_be_given_on(crew: Crew) -> None:
    given = next_turn(crew.rota, crew.ole)
    swaps.accept(ask(crew, crew.pia), by=crew.pia, now=LATER)
    weekend = DateTimeTZRange(given.start + timedelta(days=3), given.start + timedelta(days=5))
    again = swaps.ask(crew.rota, Line.PRIMARY, weekend, of=[crew.nora], by=crew.pia, now=LATER)
    swaps.accept(again, by=crew.nora, now=LATER + HOUR)
    known_at = LATER + 2 * HOUR
    held = sorted((row.period.lower, row.person) for row in Override.objects.as_of(known_at))
    assert held == [
        (given.start, crew.pia),
        (weekend.lower, crew.nora),
        (weekend.upper, crew.pia),
    ]
    # What was agreed first is still known of its time.
    assert Override.objects.as_of(LATER).get().period == period(given)


def test_only_who_was_asked_answers_and_only_once(crew: Crew) -> None:
    swap = ask(crew, crew.pia, crew.nora)
    for stranger in (crew.tom, crew.ole, crew.quirin):
        with pytest.raises(SwapOver):
            swaps.accept(swap, by=stranger, now=LATER)
        with pytest.raises(SwapOver):
            swaps.decline(swap, by=stranger, now=LATER)
    assert swaps.decline(swap, by=crew.pia, now=LATER).state == "asked"
    with pytest.raises(SwapOver):
        swaps.accept(swap, by=crew.pia, now=LATER)
    assert swaps.decline(swap, by=crew.nora, now=LATER).state == "declined"
    assert not Override.objects.exists()


def test_a_withdrawn_swap_is_over(crew: Crew) -> None:
    swap = ask(crew, crew.pia)
    swaps.withdraw(swap, now=LATER)
    for answer in (swaps.accept, swaps.decline):
        with pytest.raises(SwapOver) as over:
            answer(swap, by=crew.pia, now=LATER)
        assert over.value.state == "withdrawn"
    with pytest.raises(SwapOver):
        swaps.withdraw(swap, now=LATER)


def test_nobody_accepts_once_the_duty_began(crew: Crew) -> None:
    swap = ask(crew, crew.pia, back=crew.pia)
    assert swap.expires_at == next_turn(crew.rota, crew.ole).start
    with pytest.raises(SwapOver) as over:
        swaps.accept(swap, by=crew.pia, now=swap.expires_at)
    assert over.value.state == "expired"


def test_a_duty_that_began_is_not_asked_about(crew: Crew) -> None:
    with pytest.raises(SwapOver):
        swaps.ask(
            crew.rota,
            Line.PRIMARY,
            DateTimeTZRange(NOW, NOW + HOUR),
            of=[crew.pia],
            by=crew.nora,
            now=NOW,
        )


def test_the_same_duty_is_asked_about_once_at_a_time(crew: Crew) -> None:
    swap = ask(crew, crew.pia)
    with pytest.raises(SwapOver):
        ask(crew, crew.nora)
    swaps.withdraw(swap, now=NOW)
    ask(crew, crew.nora)


def test_only_those_are_asked_who_could_take_it(crew: Crew) -> None:
    """Romy is backup that very week; Sven is not."""
    swap = ask(crew, crew.romy, crew.sven)
    assert [request.person for request in swap.requests.all()] == [crew.sven]


def test_where_nobody_could_nobody_is_asked(crew: Crew) -> None:
    with pytest.raises(SwapRefused) as refused:
        ask(crew, crew.romy)
    assert refused.value.objections == (Objection.BOTH_LINES,)
    assert not Swap.objects.exists()


def test_nobody_gives_what_is_not_theirs(crew: Crew) -> None:
    theirs = period(next_turn(crew.rota, crew.pia))
    with pytest.raises(SwapRefused) as refused:
        swaps.ask(crew.rota, Line.PRIMARY, theirs, of=[crew.nora], by=crew.ole, now=NOW)
    assert refused.value.objections == (Objection.NOT_HELD,)


def test_whoever_is_away_by_then_cannot_accept(crew: Crew) -> None:
    swap = ask(crew, crew.pia)
    record_absence(crew.pia, AbsenceKind.DAY, swap.gives, by=crew.pia, now=NOW)
    with pytest.raises(SwapRefused) as refused:
        swaps.accept(swap, by=crew.pia, now=LATER)
    assert refused.value.objections == (Objection.AWAY,)
    swap.refresh_from_db()
    assert swap.state == "asked"


def test_what_an_administrator_gave_to_somebody_else_is_not_exchanged(crew: Crew, world: World) -> None:
    swap = ask(crew, crew.pia)
    part = DateTimeTZRange(swap.gives.lower + HOUR, swap.gives.lower + 2 * HOUR)
    record_override(crew.rota, Line.PRIMARY, crew.tom, part, by=world.admin, now=NOW)
    with pytest.raises(SwapRefused) as refused:
        swaps.accept(swap, by=crew.pia, now=LATER)
    assert refused.value.objections == (Objection.NOT_HELD,)
    assert Override.objects.get().person == crew.tom


def test_what_is_recorded_while_one_waits_is_not_of_the_past(crew: Crew, world: World) -> None:
    """Whoever waited for the rosters has read the clock before them."""
    swap = ask(crew, crew.pia)
    record_override(crew.rota, Line.PRIMARY, crew.tom, swap.gives, by=world.admin, now=LATER)
    assert last_recorded(known_at=NOW) > LATER
    with pytest.raises(SwapRefused):
        swaps.accept(swap, by=crew.pia, now=NOW + timedelta(minutes=1))


def test_swaps_are_seen_by_those_who_asked_or_were_asked(crew: Crew) -> None:
    swap = ask(crew, crew.pia, crew.nora)
    for person, seen in ((crew.ole, [swap]), (crew.pia, [swap]), (crew.sven, [])):
        assert list(Swap.objects.visible_to(person)) == seen
