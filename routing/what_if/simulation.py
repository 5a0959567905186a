"""The whole course of one matter under assumptions: the pager's own walk, through all rounds, up to the alarm. Pure.

Nothing here decides: every call, every passing over and every reason comes from `routing.course`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from oncall.rotation import AbsenceFact, AbsenceKind
from routing.course import ALARM_ROLES, ALARM_WAIT, EXTRA_ROUNDS, alarm_link, begin, course
from routing.decide import respond_by
from routing.decision import Facts, Link, PassedOver, Reason, Warn
from routing.resolve import resolve

ANSWERED_AFTER = timedelta(minutes=5)
"""How long after the call an answer comes where nothing else is assumed."""
ASSUMED_DAYS = timedelta(days=30)
"""So long an assumed absence lasts from the instant asked about: longer than any decision looks ahead."""


class What(StrEnum):
    """What happens at one line of a course."""

    REPORTED = "reported"
    CALLED = "called"
    INFORMED = "informed"
    PASSED_OVER = "passed_over"
    HELD = "held"
    CHANGED = "changed"
    ROUND = "round"
    EXHAUSTED = "exhausted"
    MISSED = "missed"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Who is away from the instant asked about (person ids), and who answers.

    `answered_call` counts the calls that expect an answer, from 1; None: nobody answers. The answer comes
    `answered_after` the call, which may be later than others are called.
    """

    absent: frozenset[int] = frozenset()
    answered_call: int | None = None
    answered_after: timedelta = ANSWERED_AFTER


@dataclass(frozen=True, slots=True)
class Event:
    """One line. `call` numbers the calls that expect an answer; `until` ends what is held or passed over."""

    at: datetime
    what: What
    round: int = 1
    call: int | None = None
    link: Link | None = None
    passed: PassedOver | None = None
    reason: Reason | None = None
    until: datetime | None = None
    warnings: tuple[Warn, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulation:
    """The course in time order, by when somebody must answer (None: no target), and when somebody does."""

    events: tuple[Event, ...]
    respond_by: datetime | None
    answered: Event | None

    @property
    def missed(self) -> bool:
        """Whether the response target passes unanswered; an answer at that very instant is in time."""
        return self.respond_by is not None and (self.answered is None or self.answered.at > self.respond_by)

    @property
    def calls(self) -> list[Event]:
        """Who is called and expected to answer, in order."""
        return [event for event in self.events if event.call is not None and event.what is What.CALLED]


def simulate(facts: Facts, at: datetime, assumed: Assumptions = Assumptions()) -> Simulation:
    """The course of a matter reported at `at` (aware), until somebody answers or the alarm has called everybody."""
    facts = with_absences(facts, assumed.absent, at)
    answer_by = respond_by(facts, at)
    events = list(_numbered(_walk(facts, at, answer_by)))
    answered = _answer(events, assumed)
    if answered:
        events = [*takewhile(lambda event: event.at < answered.at, events), answered]
    if answer_by and (answered is None or answered.at > answer_by):
        # Comes after everything else of its instant.
        events = sorted(
            [*events, Event(answer_by, What.MISSED)], key=lambda event: (event.at, event.what is What.MISSED)
        )
    return Simulation((Event(at, What.REPORTED), *events), answer_by, answered)


def with_absences(facts: Facts, people: frozenset[int], at: datetime) -> Facts:
    """The facts, were these people away for days from `at` on: off duty and out of office."""
    if not people:
        return facts
    assumed = {person: AbsenceFact(person, AbsenceKind.DAY, at, at + ASSUMED_DAYS) for person in sorted(people)}
    duty = tuple(
        replace(each, rota=replace(each.rota, absences=(*each.rota.absences, *assumed.values()))) for each in facts.duty
    )
    return replace(facts, duty=duty, absences=_added(facts.absences, assumed))


def _added(
    known: Mapping[int, tuple[AbsenceFact, ...]], assumed: Mapping[int, AbsenceFact]
) -> dict[int, tuple[AbsenceFact, ...]]:
    return dict(known) | {person: (*known.get(person, ()), absence) for person, absence in assumed.items()}


def _walk(facts: Facts, at: datetime, answer_by: datetime | None) -> Iterator[Event]:
    """Round after round as the pager runs them, then its alarm, once around."""
    for number in range(1, EXTRA_ROUNDS + 2):
        if number > 1:
            yield Event(at, What.ROUND, number)
        for stop in course(facts, begin(facts, at), answer_by):
            at = stop.at
            match stop.event:
                case Link() as link:
                    what = What.INFORMED if link.informs else What.CALLED
                    yield Event(at, what, number, link=link, warnings=stop.warnings)
                case PassedOver() as passed:
                    yield Event(at, What.PASSED_OVER, number, passed=passed, until=passed.until, warnings=stop.warnings)
                case Reason.DEFERRED:
                    yield Event(at, What.HELD, number, reason=Reason.DEFERRED, until=stop.cursor.at)
                case Reason() as reason:
                    yield Event(at, What.CHANGED, number, reason=reason)
    yield Event(at, What.EXHAUSTED, EXTRA_ROUNDS + 1)
    for place, role in enumerate(ALARM_ROLES):
        found = resolve(facts, role, at)
        if found.people:
            link = alarm_link(role, place, at, found)
            yield Event(at, What.CALLED, EXTRA_ROUNDS + 1, link=link, warnings=found.warnings_for(link.channels))
            at += ALARM_WAIT
        else:
            yield Event(at, What.PASSED_OVER, EXTRA_ROUNDS + 1, passed=PassedOver(role, "", found.reason, at))


def _numbered(events: Iterator[Event]) -> Iterator[Event]:
    call = 0
    for event in events:
        if event.what is What.CALLED:
            call += 1
            yield replace(event, call=call)
        else:
            yield event


def _answer(events: list[Event], assumed: Assumptions) -> Event | None:
    called = next((event for event in events if event.call and event.call == assumed.answered_call), None)
    return called and replace(called, at=called.at + assumed.answered_after, what=What.ANSWERED, warnings=())
