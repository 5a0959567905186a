"""What a signal would do, without doing it: nothing is written and nobody is called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from matrix.terms import Priority
from portal.models import Person
from routing.decision import Source
from routing.gather import NoMatrix, ProjectFacts, gather
from routing.incidents.links import merged_among
from routing.incidents.models import Incident
from routing.intake import payload
from routing.intake.formats import FORMATS, Event, PayloadError, Refused
from routing.intake.models import IntakeKey
from routing.intake.severity import priority_of
from routing.what_if.lines import course_lines
from routing.what_if.simulation import Simulation, simulate

SHOWN = 20


@dataclass(frozen=True)
class Fate:
    """What would become of one event. `joins`: the incident it would belong to, `repeats`: one of this very body."""

    event: Event | Refused
    priority: Priority | None = None
    joins: Incident | None = None
    repeats: bool = False

    @property
    def refused(self) -> bool:
        return isinstance(self.event, Refused)

    @property
    def opens(self) -> bool:
        """Whether there would be an incident that is not there now."""
        return isinstance(self.event, Event) and self.event.firing and not self.joins and not self.repeats


@dataclass(frozen=True)
class Course:
    """Who would be called for a priority: None where no matrix is in force."""

    priority: Priority
    simulation: Simulation | None
    rows: list[dict[str, object]]


@dataclass(frozen=True)
class Trial:
    """`errors` where the whole body would be refused: a line for each field."""

    fates: list[Fate]
    courses: list[Course]
    errors: list[str]
    left_out: int = 0


def trial(key: IntakeKey, format_name: str, body: str, *, at: datetime, reader: Person) -> Trial:
    """The fate of a body that the key's system would post at `at` (aware). Constant queries."""
    try:
        events = FORMATS[format_name](payload.read(body.encode()))
    except PayloadError as error:
        return Trial([], [], [_line(field, why) for field, whys in error.errors.items() for why in whys])
    fates = _fates(key, events)
    if all(fate.refused for fate in fates):
        return Trial(fates[:SHOWN], [], [], max(0, len(fates) - SHOWN))
    opened = dict.fromkeys(fate.priority for fate in fates if fate.opens and fate.priority)
    return Trial(fates[:SHOWN], _courses(key, list(opened), at, reader), [], max(0, len(fates) - SHOWN))


def _line(field: str, why: str) -> str:
    return f"{field}: {why}" if field else why


def _fates(key: IntakeKey, events: Sequence[Event | Refused]) -> list[Fate]:
    dedup_keys = {event.dedup_key for event in events if isinstance(event, Event)} - {""}
    rows = Incident.objects.open().filter(intake_key=key, dedup_key__in=dedup_keys)
    known = {incident.dedup_key: incident for incident in rows}
    unknown = [each for each in dedup_keys if each not in known]
    known |= {link.incident.dedup_key: link.other for link in merged_among(key, unknown)} if unknown else {}
    fates, fresh = [], set[str]()
    for event in events:
        if isinstance(event, Refused):
            fates.append(Fate(event))
            continue
        fates.append(Fate(event, priority_of(event, key), known.get(event.dedup_key), event.dedup_key in fresh))
        _follow(event, known, fresh)
    return fates


def _follow(event: Event, known: dict[str, Incident], fresh: set[str]) -> None:
    """What the events after this one find: one body may open an incident, repeat it and resolve it."""
    if not event.firing:
        known.pop(event.dedup_key, None)
        fresh.discard(event.dedup_key)
    elif event.dedup_key and event.dedup_key not in known:
        fresh.add(event.dedup_key)


def _courses(key: IntakeKey, priorities: list[Priority], at: datetime, reader: Person) -> list[Course]:
    if not priorities:
        return []
    known = gather([key.project], at=at)[key.project_id]
    return [_course(known, priority, at, reader) for priority in priorities]


def _course(known: ProjectFacts, priority: Priority, at: datetime, reader: Person) -> Course:
    try:
        simulation = simulate(known.facts(priority=priority, source=Source.MONITORING), at)
    except NoMatrix:
        return Course(priority, None, [])
    return Course(priority, simulation, course_lines(simulation, at, reader=reader))
