"""Random but possible facts: offices, people, rosters and matrices, as hypothesis strategies."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from matrix.content import CellContent, StepContent
from matrix.sla import Clock
from matrix.terms import Channel, Role, Route
from oncall.rotation import AbsenceFact, AbsenceKind, Line, OverrideFact, RotaFacts, RotationRule
from portal.hours import DatedException, Hours, Period, WeeklyInterval
from routing.decision import AssigneeFacts, DutyFacts, Facts, LastResort, PersonFacts, Source, TeamFacts

# Around a DST night, a year's end, and an ordinary week.
ANCHORS = [datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 12, 29, tzinfo=UTC), datetime(2027, 3, 26, tzinfo=UTC)]
ALWAYS = Period(datetime(2020, 1, 1, tzinfo=UTC), None)
ANY = frozenset({Channel.VOICE, Channel.SMS, Channel.EMAIL})
ENGINEERS = (11, 12, 13)
PUBLIC_NAME = {"de": "Rufbereitschaft", "en": "On-call engineer"}


def instants(around: datetime) -> st.SearchStrategy[datetime]:
    """Whole and broken minutes of two weeks."""
    return st.integers(0, 14 * 24 * 3600).map(lambda seconds: around + timedelta(seconds=seconds))


@st.composite
def offices(draw: st.DrawFn, anchor: datetime) -> Hours:
    opens = draw(st.integers(6, 11))
    closes = draw(st.integers(13, 20))
    days = draw(st.sets(st.integers(0, 6), max_size=6))
    weekly = tuple(WeeklyInterval(day, time(opens), time(closes)) for day in sorted(days))
    holidays = frozenset(draw(st.sets(st.integers(0, 10).map(lambda n: (anchor + timedelta(n)).date()), max_size=2)))
    exceptions = tuple(DatedException(d, ((time(9), time(12)),)) for d in _one_day(draw, anchor))
    return Hours("Europe/Berlin", weekly, holidays, exceptions)


def _one_day(draw: st.DrawFn, anchor: datetime) -> list[date]:
    return [(anchor + timedelta(draw(st.integers(0, 10)))).date()] if draw(st.booleans()) else []


def person(number: int, channels: frozenset[Channel] = ANY, hours: Hours | None = None) -> PersonFacts:
    return PersonFacts(number, f"Person {number}", f"+49699000{number:04}", channels, hours)


@st.composite
def absences(draw: st.DrawFn, anchor: datetime, who: int) -> tuple[AbsenceFact, ...]:
    def one() -> AbsenceFact:
        start = draw(instants(anchor))
        length = draw(st.sampled_from([timedelta(minutes=25), timedelta(hours=2), timedelta(days=3)]))
        return AbsenceFact(who, draw(st.sampled_from(AbsenceKind)), start, start + length)

    return tuple(one() for _ in range(draw(st.integers(0, 2))))


steps = st.builds(
    StepContent,
    role=st.sampled_from([role for role in Role if role is not Role.LAST_RESORT]),
    channels=st.just((Channel.VOICE, Channel.SMS)),
    wait=st.sampled_from([0, 1, 5, 15, 30, 60]),
    ring_seconds=st.none(),
    informs=st.sampled_from([False, False, True]),
)
cells = st.builds(
    CellContent,
    steps=st.lists(steps, max_size=4).map(tuple),
    defers=st.sampled_from([False, False, True]),
    defers_outside_hours=st.sampled_from([False, False, True]),
)


@st.composite
def rotas(draw: st.DrawFn, anchor: datetime) -> RotaFacts:
    start = anchor - timedelta(days=60)
    rules = tuple(
        RotationRule(line, tuple(draw(st.permutations(ENGINEERS))), draw(st.integers(0, 6)), time(10), 7, start, None)
        for line in draw(st.sampled_from([(Line.PRIMARY, Line.BACKUP), (Line.PRIMARY,), ()]))
    )
    override: tuple[OverrideFact, ...] = ()
    if draw(st.booleans()):
        begin = draw(instants(anchor))
        line = draw(st.sampled_from(Line))
        override = (OverrideFact(line, draw(st.sampled_from(ENGINEERS)), begin, begin + timedelta(hours=9)),)
    away = tuple(absence for who in ENGINEERS for absence in draw(absences(anchor, who)))
    return RotaFacts("Europe/Berlin", rules, override, away)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Facts, datetime]:
    """Facts and an instant to ask about."""
    anchor = draw(st.sampled_from(ANCHORS))
    office = draw(offices(anchor))
    part_time = draw(st.none() | offices(anchor))
    people = [person(1, hours=part_time), person(2), person(3, draw(st.sampled_from([ANY, frozenset()])))]
    assignees = tuple(AssigneeFacts(p, order, ALWAYS) for order, p in enumerate(people, start=1))
    managers = (person(21), person(22)) if draw(st.booleans()) else ()
    duty = (
        (
            DutyFacts(
                "platform",
                PUBLIC_NAME,
                "+496990009200",
                draw(rotas(anchor)),
                {number: person(number, draw(st.sampled_from([ANY, ANY, frozenset()]))) for number in ENGINEERS},
                ALWAYS,
            ),
        )
        if draw(st.booleans())
        else ()
    )
    facts = Facts(
        project="webshop",
        priority="blocker",
        source=draw(st.sampled_from(Source)),
        cells={route: draw(cells) for route in draw(st.sets(st.sampled_from(Route)))},
        response_minutes=draw(st.sampled_from([None, 10, 30, 60, 240])),
        clock=draw(st.sampled_from(Clock)),
        hours=office,
        matrix_version=1,
        next_version_at=draw(st.none() | instants(anchor)),
        sdm=assignees[: draw(st.integers(0, 3))],
        brm=assignees[: draw(st.integers(0, 1))],
        service_desk=draw(st.none() | st.just(TeamFacts(1, "Service Desk", "+496990009100", "", office))),
        project_team=draw(st.none() | st.just(TeamFacts(2, "Team", "+496990009101", "", office))),
        duty=duty,
        managers=managers,
        absences={number: draw(absences(anchor, number)) for number in (1, 2, 21)},
        last_resort=LastResort("Last resort", "+496990009999"),
    )
    return facts, draw(instants(anchor))
