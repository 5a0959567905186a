"""My duty: what is shown of shifts, and what it warns of."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg2.extras import DateTimeTZRange

from oncall.rotation import AbsenceKind, Line
from oncall.services import record_absence, record_override
from portal.models import Person
from routing.duty.shifts import find_shift, gather_rosters, key_of, own_duty
from tests.oncall.duty import NOW, WEEK, Crew, make_crew, next_turn, period
from tests.people import BEGAN, BERLIN, PRIVATE, World, make_rota
from tests.routing.pages.helpers import as_person, queries, text

pytestmark = pytest.mark.django_db

PAGE = "/duty/"
DAY = timedelta(days=1)


def hints(person: Person, now: datetime = NOW) -> list[str]:
    duty = own_duty(gather_rosters(person, now=now), person)
    return [hint for shift in (*duty.running, *duty.coming) for hint in shift.hints]


def test_who_is_on_duty_reads_until_when_and_who_is_beside(crew: Crew) -> None:
    shown = text(as_person(crew.nora).get(PAGE))
    assert "You are on duty as primary" in shown
    assert "Wed 25 Nov 2026, 10:00" in shown
    assert "<strong>Quirin Night</strong>" in shown
    shown = text(as_person(crew.quirin).get(PAGE))
    assert "You are on duty as backup" in shown
    assert "<strong>Nora Night</strong>" in shown


def test_who_is_not_reads_when_next(crew: Crew) -> None:
    shown = text(as_person(crew.ole).get(PAGE))
    assert "You are not on duty now" in shown
    assert "Wed 25 Nov 2026, 10:00" in shown


def test_twelve_weeks_are_shown(crew: Crew) -> None:
    duty = own_duty(gather_rosters(crew.ole, now=NOW), crew.ole)
    assert [shift.start - duty.coming[0].start for shift in duty.coming] == [3 * number * WEEK for number in range(4)]
    assert all(shift.end is not None and shift.end - shift.start == WEEK for shift in duty.coming)
    assert duty.coming[-1].start < NOW + 12 * WEEK


def test_one_who_is_always_on_duty_has_no_end(world: World) -> None:
    [shift] = own_duty(gather_rosters(world.oncall, now=NOW), world.oncall).running
    assert shift.end is None
    assert "until further notice" in text(as_person(world.oncall).get(PAGE))


@pytest.mark.parametrize("name", ["desk", "brm", "admin"])
def test_people_of_no_rota_are_told_so(world: World, name: str) -> None:
    shown = text(as_person(getattr(world, name)).get(PAGE))
    assert "You take turns on no rota" in shown
    assert "My shifts" not in shown


def test_an_override_is_a_duty_too(crew: Crew) -> None:
    record_override(crew.rota, Line.PRIMARY, crew.tom, period(next_turn(crew.rota, crew.ole)), by=None, now=NOW)
    assert len(own_duty(gather_rosters(crew.tom, now=NOW), crew.tom).coming) == 1
    assert "My shifts" in text(as_person(crew.tom).get(PAGE))


def test_both_lines_on_the_roster_are_warned_of(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(NOW)
    lonely = make_rota("lonely", [world.manager], [world.manager, world.deputy], number="")
    assert lonely.pk
    assert any("both lines fall to one person" in hint for hint in hints(world.manager))


def test_nobody_beside_is_warned_of(world: World) -> None:
    make_rota("lonely", [world.manager], [world.manager], number="")
    assert "Nobody is on duty as backup beside you." in hints(world.manager)


def test_two_rotas_at_once_are_warned_of(crew: Crew, world: World) -> None:
    make_rota("second", [crew.ole, world.manager], [world.deputy], number="")
    assert any("another line at the same time" in hint for hint in hints(crew.ole))
    assert hints(crew.pia) == []


def test_on_duty_by_an_override_while_away(crew: Crew) -> None:
    turn = next_turn(crew.rota, crew.ole)
    record_override(crew.rota, Line.PRIMARY, crew.ole, period(turn), by=None, now=NOW)
    record_absence(crew.ole, AbsenceKind.DAY, DateTimeTZRange(turn.start, turn.start + DAY), by=crew.ole, now=NOW)
    assert any("on duty all the same" in hint for hint in hints(crew.ole))


def test_away_while_the_roster_names_me(crew: Crew) -> None:
    turn = next_turn(crew.rota, crew.ole)
    record_absence(crew.ole, AbsenceKind.DAY, DateTimeTZRange(turn.start, turn.start + DAY), by=crew.ole, now=NOW)
    duty = own_duty(gather_rosters(crew.ole, now=NOW), crew.ole)
    assert duty.coming[0].start == turn.start + DAY
    assert len(duty.warnings) == 1
    assert "Others step in" in duty.warnings[0]
    short = DateTimeTZRange(turn.start + 2 * DAY, turn.start + 3 * DAY)
    record_absence(crew.ole, AbsenceKind.SHORT, short, by=crew.ole, now=NOW)
    assert len(own_duty(gather_rosters(crew.ole, now=NOW), crew.ole).warnings) == 1


def test_a_clock_change_makes_the_shift_longer(crew: Crew) -> None:
    october = datetime(2026, 10, 20, 10, tzinfo=BERLIN)
    found = {p.name: hints(p, october) for p in (crew.nora, crew.ole, crew.pia)}
    longer = [
        name for name, said in found.items() if "The clocks change: this shift is 60 minutes longer than usual." in said
    ]
    assert len(longer) == 1
    assert not any("night of the handover" in hint for said in found.values() for hint in said)


@pytest.mark.parametrize(
    ("start", "warned"),
    [
        (datetime(2026, 10, 25, 4, tzinfo=BERLIN), True),
        (datetime(2026, 10, 24, 22, tzinfo=BERLIN), True),
        (datetime(2026, 10, 25, 12, tzinfo=BERLIN), False),
        (datetime(2027, 3, 28, 3, tzinfo=BERLIN), True),
    ],
)
def test_a_handover_in_the_night_of_a_clock_change(crew: Crew, start: datetime, warned: bool) -> None:
    short = DateTimeTZRange(start, start + timedelta(days=2))
    record_override(crew.rota, Line.PRIMARY, crew.tom, short, by=None, now=BEGAN)
    found = hints(crew.tom, start - DAY)
    assert any("in the night of the handover" in hint for hint in found) is warned


def test_times_are_the_reader_s(crew: Crew) -> None:
    Person.objects.filter(pk=crew.nora.pk).update(zone="America/New_York")
    assert "Wed 25 Nov 2026, 04:00" in text(as_person(crew.nora).get(PAGE))


def test_it_speaks_german(crew: Crew) -> None:
    Person.objects.filter(pk=crew.nora.pk).update(language="de")
    assert "Mi 25.11.2026, 10:00" in text(as_person(crew.nora).get(PAGE))


def test_a_shift_is_found_by_its_key_however_it_is_cut(crew: Crew) -> None:
    known = gather_rosters(crew.ole, now=NOW)
    turn = next_turn(crew.rota, crew.ole)
    key = key_of(crew.rota, turn, NOW)
    record_override(crew.rota, Line.PRIMARY, crew.tom, DateTimeTZRange(turn.end - DAY, turn.end), by=None, now=NOW)
    found = find_shift(gather_rosters(crew.ole, now=NOW), crew.ole, key)
    assert found is not None
    assert (found[0], found[1].start, found[1].end) == (crew.rota, turn.start, turn.end - DAY)
    for nonsense in (
        "",
        ".",
        "media",
        "media.primary",
        "media.primary.",
        "media.primary.x",
        "media.primary.²",
        "x" * 999,
    ):
        assert find_shift(known, crew.ole, nonsense) is None
    assert find_shift(known, crew.pia, key) is None


def test_nothing_private_is_on_it(crew: Crew) -> None:
    for person in (crew.nora, crew.ole):
        assert PRIVATE not in text(as_person(person).get(PAGE))


def test_queries_do_not_grow_with_rotas_and_people(crew: Crew, world: World) -> None:
    client = as_person(crew.ole)
    few = queries(lambda: client.get(PAGE))
    assert few <= 20
    for number in range(4):
        elsewhere = make_crew(world, slug=f"more-{number}")
        record_override(
            elsewhere.rota, Line.BACKUP, crew.ole, period(next_turn(elsewhere.rota, elsewhere.ole)), by=None, now=NOW
        )
    assert queries(lambda: client.get(PAGE)) == few


def test_the_zone_of_the_rota_says_when_clocks_change(crew: Crew) -> None:
    """New York changes a week later than Berlin."""
    assert ZoneInfo(crew.rota.zone) == BERLIN
    Person.objects.filter(pk=crew.nora.pk).update(zone="America/New_York")
    october = datetime(2026, 10, 27, 10, tzinfo=BERLIN)
    assert not any("clocks" in hint for p in (crew.nora, crew.ole, crew.pia) for hint in hints(p, october + 2 * DAY))
