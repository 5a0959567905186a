"""A rota of three on each line, for tests in which duty changes hands."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from psycopg2.extras import DateTimeTZRange

from oncall.models import Rota
from oncall.queries import rota_facts
from oncall.rotation import Line, RotationRule, handovers
from oncall.turns import Turn, turns_of
from portal.models import ON_CALL, Person
from tests.people import BEGAN, TUESDAY, World, make_person, make_rota

WEEK = timedelta(days=7)
NOW = TUESDAY


@dataclass
class Crew:
    """Handover is on Wednesdays at ten; `nora` holds the primary line until the day after `NOW`, then Ole, then Pia.

    Backup is held by Quirin, Romy and Sven in turn. A fourth, Tom, takes no turns.
    """

    rota: Rota
    nora: Person
    ole: Person
    pia: Person
    quirin: Person
    romy: Person
    sven: Person
    tom: Person


def make_crew(world: World, slug: str = "media") -> Crew:
    names = ("nora", "ole", "pia", "quirin", "romy", "sven", "tom")
    people = {
        name: make_person(f"{name}@{slug}.example", f"{name.title()} Night", number, ON_CALL)
        for number, name in enumerate(names, start=60)
    }
    primary = [people[name] for name in ("nora", "ole", "pia")]
    backup = [people[name] for name in ("quirin", "romy", "sven")]
    return Crew(rota=make_rota(slug, turned(primary), turned(backup), number="+496990009201"), **people)


def turned(people: list[Person]) -> list[Person]:
    """In such an order that the first has duty at `NOW`."""
    rule = RotationRule(Line.PRIMARY, tuple(range(len(people))), 2, time(10), 7, BEGAN, None)
    done = len(handovers(rule, "Europe/Berlin", BEGAN, NOW))
    return [people[(place - done) % len(people)] for place in range(len(people))]


def duty(rota: Rota, person: Person, *, at: datetime = NOW, known_at: datetime | None = None) -> tuple[Turn, ...]:
    """The person's turns on the rota from a week before `at` to eight weeks after it."""
    facts = rota_facts([rota], at=at, known_at=known_at or at, horizon=8 * WEEK, back=WEEK)[rota.pk]
    return turns_of(facts, person.pk, at - WEEK, at + 8 * WEEK)


def period(turn: Turn) -> DateTimeTZRange:
    return DateTimeTZRange(turn.start, turn.end)


def next_turn(rota: Rota, person: Person, line: Line = Line.PRIMARY, *, at: datetime = NOW) -> Turn:
    return next(turn for turn in duty(rota, person, at=at) if turn.start > at and turn.line is line)
