"""A person's own duty for their page: what they hold now and next, with whom, and what they should know of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oncall.models import Rota
from oncall.queries import absence_facts, rota_facts
from oncall.rotation import AbsenceFact, AbsenceKind, DutyWarning, Line, RotaFacts
from oncall.turns import Turn, holder, other_line, turns, turns_of
from portal.models import Person
from routing.presentation import person_for

AHEAD = timedelta(weeks=12)
BACK = timedelta(weeks=5)
"""How far beginnings and ends are sought outside of what is shown."""
NIGHT = timedelta(hours=6)
"""A clock change this near to a handover makes its time worth a second look."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Who has the other line for a part of a shift; the name is empty where nobody does."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of a person; `end` is None where it goes on for longer than anybody looks ahead."""

    rota: Rota
    line: Line
    start: datetime
    end: datetime | None
    beside: tuple[Beside, ...]
    hints: tuple[str, ...]
    key: str
    """Names the shift in an address; see `find_shift`."""


@dataclass(frozen=True, slots=True)
class OwnDuty:
    """`takes_part` is whether the person takes turns on any rota, or holds a line."""

    running: tuple[Shift, ...]
    coming: tuple[Shift, ...]
    warnings: tuple[str, ...]
    takes_part: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Everything about rosters that the page needs, gathered once."""

    now: datetime
    rotas: Sequence[Rota]
    facts: Mapping[int, RotaFacts]
    names: Mapping[int, str]

    @property
    def end(self) -> datetime:
        return self.now + AHEAD + BACK

    def turns_of(self, rota: Rota, person: Person, facts: RotaFacts | None = None) -> list[Turn]:
        """The person's turns that have not ended, and begin within `AHEAD`."""
        found = turns_of(facts or self.facts[rota.pk], person.pk, self.now - BACK, self.end)
        return [turn for turn in found if turn.end > self.now and turn.start < self.now + AHEAD]


def gather_rosters(reader: Person, *, now: datetime) -> Known:
    """The rosters of all rotas, by which `reader` may see whom; a constant number of queries."""
    rotas = list(Rota.objects.in_use())
    facts = rota_facts(rotas, at=now, known_at=now, horizon=AHEAD + BACK, back=BACK)
    ids = {person for each in facts.values() for person in _people(each)}
    names = {}
    for person in Person.objects.filter(pk__in=ids):
        shown = person_for(person, reader)
        names[person.pk] = shown["name"] if shown else ""
    return Known(now, rotas, facts, names)


def _people(facts: RotaFacts) -> Iterator[int]:
    for rule in facts.rotations:
        yield from rule.members
    for override in facts.overrides:
        yield override.person


def own_duty(known: Known, person: Person) -> OwnDuty:
    """What the person holds now and in the next `AHEAD`, and what is amiss with it."""
    away = absence_facts([person.pk], at=known.now, known_at=known.now, horizon=AHEAD).get(person.pk, ())
    days = [absence for absence in away if absence.kind is AbsenceKind.DAY]
    own = [(rota, turn) for rota in known.rotas for turn in known.turns_of(rota, person)]
    own.sort(key=lambda each: (each[1].start, each[0].slug))
    shifts = [_shift(known, rota, turn, _hints(known, rota, turn, own, days)) for rota, turn in own]
    return OwnDuty(
        running=tuple(shift for shift in shifts if shift.start <= known.now),
        coming=tuple(shift for shift in shifts if shift.start > known.now),
        warnings=tuple(_missed(known, person, days)),
        takes_part=bool(shifts) or any(person.pk in _people(facts) for facts in known.facts.values()),
    )


def _shift(known: Known, rota: Rota, turn: Turn, hints: Iterator[str]) -> Shift:
    return Shift(
        rota=rota,
        line=turn.line,
        start=turn.start,
        end=turn.end if turn.end < known.end else None,
        beside=tuple(
            Beside(known.names.get(other.person or 0, ""), other.start, other.end)
            for other in turn.others
            if other.end > known.now
        ),
        hints=tuple(hints),
        key=key_of(rota, turn, known.now),
    )


# --- A shift's name in an address -----------------------------------------------------------------------------


def key_of(rota: Rota, turn: Turn, now: datetime) -> str:
    """Rota, line and a moment of the shift: the shift is found by it however it is cut meanwhile."""
    return f"{rota.slug}.{turn.line}.{int(max(turn.start, now).timestamp())}"


def find_shift(known: Known, person: Person, key: str) -> tuple[Rota, Turn] | None:
    """The shift of the person that a key names; None for whatever else was sent."""
    slug, _dot, rest = key.partition(".")
    for rota in known.rotas:
        if rota.slug != slug:
            continue
        for turn in known.turns_of(rota, person):
            line, _dot, second = rest.partition(".")
            if line == turn.line and second.isascii() and second.isdigit() and _within(turn, int(second)):
                return rota, turn
    return None


@dataclass(frozen=True, slots=True)
class Return:
    """A coming turn of somebody else, which could be taken in return."""

    key: str
    turn: Turn
    name: str


def returns(known: Known, rota: Rota, person: Person) -> list[Return]:
    """The coming turns of everybody else on the rota, by their beginning."""
    facts = known.facts[rota.pk]
    coming = [turn for line in Line for turn in turns(facts, line, known.now, known.now + AHEAD + BACK)]
    return [
        Return(key_of(rota, turn, known.now), turn, known.names[turn.person])
        for turn in sorted(coming, key=lambda turn: (turn.start, turn.line))
        if turn.person != person.pk and known.now < turn.start < known.now + AHEAD
    ]


def _within(turn: Turn, second: int) -> bool:
    return int(turn.start.timestamp()) <= second < turn.end.timestamp()


# --- What to know ---------------------------------------------------------------------------------------------


def _hints(
    known: Known, rota: Rota, turn: Turn, own: Sequence[tuple[Rota, Turn]], days: Sequence[AbsenceFact]
) -> Iterator[str]:
    for absence in days:
        if absence.start < turn.end and absence.end > turn.start:
            words = {"start": _when(absence.start), "end": _when(absence.end)}
            yield _("You are away from %(start)s to %(end)s, and on duty all the same: give this duty away.") % words
    for other_rota, other in own:
        if other_rota.pk != rota.pk and other.start < turn.end and other.end > turn.start:
            words = {"rota": other_rota.name, "start": _when(max(other.start, turn.start))}
            yield _("From %(start)s you hold another line at the same time: %(rota)s.") % words
    yield from _unusual(known, turn)
    yield from _clock_changes(rota, turn)


def _unusual(known: Known, turn: Turn) -> Iterator[str]:
    warnings = {warning for stretch in turn.stretches if stretch.end > known.now for warning in stretch.duty.warnings}
    if DutyWarning.SAME_AS_PRIMARY in warnings and turn.line is Line.PRIMARY:
        yield _("By the roster both lines fall to one person; somebody else stands in as backup.")
    if any(
        holder(stretch.duty, other_line(turn.line)) is None for stretch in turn.stretches if stretch.end > known.now
    ):
        if turn.line is Line.PRIMARY:
            yield _("Nobody is on duty as backup beside you.")
        else:
            yield _("Nobody is on duty as primary beside you.")


def _clock_changes(rota: Rota, turn: Turn) -> Iterator[str]:
    zone = ZoneInfo(rota.zone)
    for at in (turn.start, turn.end):
        if _offset(at - NIGHT, zone) != _offset(at + NIGHT, zone):
            yield _("The clocks change in the night of the handover %(at)s.") % {"at": _when(at)}
    longer = _offset(turn.start, zone) - _offset(turn.end, zone)
    minutes = int(longer.total_seconds() // 60)
    if minutes > 0:
        yield _("The clocks change: this shift is %(minutes)d minutes longer than usual.") % {"minutes": minutes}
    elif minutes < 0:
        yield _("The clocks change: this shift is %(minutes)d minutes shorter than usual.") % {"minutes": -minutes}


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _missed(known: Known, person: Person, days: Sequence[AbsenceFact]) -> Iterator[str]:
    """Duty that the roster gives to the person while they are away: others step in, who might like to know."""
    for rota in known.rotas if days else ():
        facts = known.facts[rota.pk]
        for turn in known.turns_of(rota, person, replace(facts, absences=())):
            for absence in days:
                start, end = max(turn.start, absence.start), min(turn.end, absence.end)
                if start < end and not _holds(facts, person, start, end):
                    text = _("You are away while the roster names you: %(rota)s, %(start)s to %(end)s. Others step in.")
                    yield text % {"rota": rota.name, "start": _when(start), "end": _when(end)}


def _holds(facts: RotaFacts, person: Person, start: datetime, end: datetime) -> bool:
    return any(turn.start <= start and turn.end >= end for turn in turns_of(facts, person.pk, start, end))


def _when(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
