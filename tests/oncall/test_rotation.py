import pickle
from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oncall.rotation import (
    AbsenceFact,
    AbsenceKind,
    Duty,
    DutyReason,
    DutyWarning,
    Holder,
    Line,
    OverrideFact,
    RotaFacts,
    RotationRule,
    Shift,
    duty_at,
    handovers,
    next_duty_change,
    shifts,
)

BERLIN = ZoneInfo("Europe/Berlin")
TICK = timedelta.resolution
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ANNA, BEN, CARO, DAN, EVA, FINN = PEOPLE = (1, 2, 3, 4, 5, 6)
# Clock changes of Berlin and Cairo (at midnight), and year ends.
TURNING_DAYS = (
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 12, 31),
    date(2027, 3, 28),
    date(2027, 4, 30),
    date(2027, 10, 28),
    date(2027, 10, 31),
    date(2027, 12, 31),
)


def berlin(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN, fold=fold).astimezone(UTC)


START = berlin(2026, 1, 7, 10)  # a Wednesday
WEDNESDAY = 2


def rule(
    line: Line,
    *members: int,
    at: time = time(10),
    weekday: int = WEDNESDAY,
    days: int = 7,
    valid_from: datetime = START,
    valid_until: datetime | None = None,
) -> RotationRule:
    return RotationRule(line, members, weekday, at, days, valid_from, valid_until)


ROTATIONS = (
    rule(Line.PRIMARY, *PEOPLE),
    rule(Line.BACKUP, DAN, EVA, FINN, ANNA, BEN, CARO),
)
PLAIN = RotaFacts("Europe/Berlin", ROTATIONS, (), ())
IN_WEEK_ONE = berlin(2026, 1, 9, 3)  # Anna primary, Dan backup


def with_changes(*changes: OverrideFact | AbsenceFact, rotations: tuple[RotationRule, ...] = ROTATIONS) -> RotaFacts:
    return RotaFacts(
        "Europe/Berlin",
        rotations,
        tuple(each for each in changes if isinstance(each, OverrideFact)),
        tuple(each for each in changes if isinstance(each, AbsenceFact)),
    )


def away(person: int, kind: AbsenceKind = AbsenceKind.DAY) -> AbsenceFact:
    return AbsenceFact(person, kind, berlin(2026, 1, 8), berlin(2026, 1, 10))


def override(line: Line, person: int) -> OverrideFact:
    return OverrideFact(line, person, berlin(2026, 1, 8), berlin(2026, 1, 10))


def duty(primary: tuple[int, DutyReason] | None, backup: tuple[int, DutyReason] | None, *warnings: DutyWarning) -> Duty:
    return Duty(None if primary is None else Holder(*primary), None if backup is None else Holder(*backup), warnings)


def people(found: Duty) -> tuple[int | None, int | None]:
    return (
        found.primary.person if found.primary else None,
        found.backup.person if found.backup else None,
    )


# -- facts to draw from ------------------------------------------------------------------------------------

instants = st.builds(
    lambda day, minutes: datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes),
    st.sampled_from(TURNING_DAYS),
    st.integers(-15 * 1440, 15 * 1440),
)
persons = st.integers(1, 7)
stretches = st.builds(
    lambda start, minutes: (start, start + timedelta(minutes=minutes)), instants, st.integers(1, 10 * 1440)
)
absences = st.lists(
    st.builds(
        lambda person, kind, stretch: AbsenceFact(person, kind, *stretch),
        persons,
        st.sampled_from(AbsenceKind),
        stretches,
    ),
    max_size=8,
).map(tuple)
wall_times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 1, 30)))


@st.composite
def lines(draw: st.DrawFn, line: Line, *, covered: bool) -> tuple[RotationRule, ...]:
    """One to three rules in a row with other members; from long before the turning days on if covered."""
    start = datetime(2025, 12, 1, tzinfo=UTC) if covered else draw(instants)
    cuts = sorted({cut for cut in draw(st.lists(instants, max_size=2)) if cut > start})
    last = None if covered else draw(st.none() | st.just((cuts or [start])[-1] + 20 * DAY))
    return tuple(
        RotationRule(
            line,
            tuple(draw(st.lists(persons, min_size=1, max_size=6, unique=True))),
            draw(st.integers(0, 6)),
            draw(wall_times),
            draw(st.sampled_from((1, 2, 7, 14))),
            valid_from,
            valid_until,
        )
        for valid_from, valid_until in pairwise([start, *cuts, last])
        if valid_from is not None
    )


@st.composite
def overrides(draw: st.DrawFn, line: Line) -> tuple[OverrideFact, ...]:
    """Overrides of one line, which never overlap."""
    edges = sorted(draw(st.sets(instants, max_size=6)))
    return tuple(
        OverrideFact(line, draw(persons), start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)
    )


@st.composite
def rotas(draw: st.DrawFn, *, covered: bool = False) -> RotaFacts:
    return RotaFacts(
        draw(st.sampled_from(("Europe/Berlin", "Africa/Cairo", "America/St_Johns"))),
        draw(lines(Line.PRIMARY, covered=covered)) + draw(lines(Line.BACKUP, covered=covered)),
        draw(overrides(Line.PRIMARY)) + draw(overrides(Line.BACKUP)),
        draw(absences),
    )


def absent(facts: RotaFacts, at: datetime) -> set[int]:
    return {each.person for each in facts.absences if each.kind is AbsenceKind.DAY and each.start <= at < each.end}


def overriding(facts: RotaFacts, at: datetime) -> dict[Line, int]:
    return {each.line: each.person for each in facts.overrides if each.start <= at < each.end}


def members(facts: RotaFacts, at: datetime) -> set[int]:
    return {
        member
        for each in facts.rotations
        if each.valid_from <= at and (each.valid_until is None or at < each.valid_until)
        for member in each.members
    }


def samples(start: datetime, end: datetime) -> list[datetime]:
    step = (end - start) / 24
    return [*(start + number * step for number in range(24)), end - TICK]


# -- what always holds -------------------------------------------------------------------------------------


@given(rotas(covered=True), instants)
def test_with_enough_people_present_two_different_ones_are_on_duty(facts: RotaFacts, at: datetime) -> None:
    assume(len(members(facts, at) - absent(facts, at)) >= 2)
    found = duty_at(facts, at)
    assert found.primary is not None
    assert found.backup is not None
    assert found.primary.person != found.backup.person
    assert DutyWarning.NOBODY_PRIMARY not in found.warnings
    assert DutyWarning.NOBODY_BACKUP not in found.warnings


@given(rotas(), instants)
def test_whatever_the_facts_nobody_is_both_and_nobody_absent_is_called(facts: RotaFacts, at: datetime) -> None:
    found = duty_at(facts, at)
    primary, backup = people(found)
    assert primary is None or primary != backup
    assert (primary is None) is (DutyWarning.NOBODY_PRIMARY in found.warnings)
    assert (backup is None) is (DutyWarning.NOBODY_BACKUP in found.warnings)
    assert {primary, backup} & absent(facts, at) <= set(overriding(facts, at).values())


@given(rotas(), instants)
def test_an_override_beats_rotation_and_absence(facts: RotaFacts, at: datetime) -> None:
    named = overriding(facts, at)
    found = duty_at(facts, at)
    if Line.PRIMARY in named:
        assert found.primary == Holder(named[Line.PRIMARY], DutyReason.OVERRIDE)
    if Line.BACKUP in named and named[Line.BACKUP] not in (named.get(Line.PRIMARY), people(found)[0]):
        assert found.backup == Holder(named[Line.BACKUP], DutyReason.OVERRIDE)


@given(rotas(), instants)
def test_a_short_absence_changes_nothing(facts: RotaFacts, at: datetime) -> None:
    without = replace(facts, absences=tuple(each for each in facts.absences if each.kind is AbsenceKind.DAY))
    assert duty_at(facts, at) == duty_at(without, at)


@given(rotas(), instants, st.integers(0, 60 * 24), st.data())
def test_shifts_partition_time_and_agree_with_the_duty(
    facts: RotaFacts, start: datetime, hours: int, data: st.DataObject
) -> None:
    end = start + hours * HOUR
    found = shifts(facts, start, end)
    if not hours:
        assert found == ()
        return
    assert (found[0].start, found[-1].end) == (start, end)
    for shift, following in pairwise(found):
        assert shift.end == following.start
        assert shift.duty != following.duty
    for shift in found:
        assert shift.start < shift.end
        assert duty_at(facts, shift.start) == duty_at(facts, shift.end - TICK) == shift.duty
    at = data.draw(st.datetimes(start.replace(tzinfo=None), (end - TICK).replace(tzinfo=None), timezones=st.just(UTC)))
    assert [shift.duty for shift in found if shift.start <= at < shift.end] == [duty_at(facts, at)]


@given(rotas(), instants)
def test_the_next_change_is_honest(facts: RotaFacts, at: datetime) -> None:
    change = next_duty_change(facts, at)
    now = duty_at(facts, at)
    if change is not None:
        assert at < change <= at + 14 * DAY
        assert duty_at(facts, change) != now
    assert all(duty_at(facts, each) == now for each in samples(at, change or at + 14 * DAY))


@given(rotas(), instants, st.integers(1, 40))
def test_the_next_change_is_where_the_first_shift_ends(facts: RotaFacts, at: datetime, days: int) -> None:
    first, *others = shifts(facts, at, at + days * DAY + TICK)
    assert next_duty_change(facts, at, days * DAY) == (first.end if others else None)


@given(
    st.sampled_from(("Europe/Berlin", "America/St_Johns", "Africa/Cairo")),
    instants,
    instants,
    st.sampled_from((1, 2, 3, 7, 14, 21)),
    st.integers(0, 6),
    # Not at a wall time that a clock change skips or repeats in one of these zones: those have examples.
    st.builds(time, st.integers(4, 22), st.sampled_from((0, 30))),
)
def test_members_take_turns_at_the_same_wall_time(
    zone: str, valid_from: datetime, at: datetime, days: int, weekday: int, handover: time
) -> None:
    valid_from, at = sorted((valid_from, at))
    each = rule(Line.PRIMARY, *PEOPLE, at=handover, weekday=weekday, days=days, valid_from=valid_from)
    weekly = days % 7 == 0
    wall = datetime.combine(valid_from.astimezone(ZoneInfo(zone)).date() + DAY, handover, ZoneInfo(zone))
    while wall.astimezone(UTC) > valid_from or (weekly and wall.weekday() != weekday):
        wall -= DAY
    later = [wall.replace(tzinfo=None) + number * days * DAY for number in range(1, 1000 // days)]
    turns = [turn.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for turn in later]
    found = duty_at(RotaFacts(zone, (each,), (), ()), at)
    assert found.primary == Holder(PEOPLE[bisect_right(turns, at) % 6], DutyReason.ON_DUTY)
    assert handovers(each, zone, valid_from + TICK, at + TICK) == tuple(turns[: bisect_right(turns, at)])


# -- the rotation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [time(10), time(10, 30)])
def test_half_a_round_ahead_nobody_has_duty_two_weeks_running(at: time) -> None:
    first = START.astimezone(BERLIN).replace(hour=at.hour, minute=at.minute)
    facts = RotaFacts(
        "Europe/Berlin", tuple(replace(each, handover_time=at, valid_from=first) for each in ROTATIONS), (), ()
    )
    year = shifts(facts, first, first + 364 * DAY)
    assert len(year) in (52, 53)  # the year ends in another offset than it began, or not
    for shift, following in pairwise(year):
        assert not set(people(shift.duty)) & set(people(following.duty))
        assert shift.duty.warnings == ()
        local = shift.end.astimezone(BERLIN)
        assert (local.weekday(), local.time()) == (WEDNESDAY, at)
    turns = [people(shift.duty) for shift in year[:6]]
    assert sorted(primary or 0 for primary, _ in turns) == sorted(backup or 0 for _, backup in turns) == [*PEOPLE]


@pytest.mark.parametrize(
    ("handover", "length"),
    [
        (berlin(2027, 3, 31, 10), timedelta(days=7) - HOUR),
        (berlin(2027, 11, 3, 10), timedelta(days=7) + HOUR),
        (berlin(2027, 1, 6, 10), timedelta(days=7)),
    ],
    ids=["clocks go forward", "clocks go back", "new year"],
)
def test_a_clock_change_makes_a_shift_shorter_or_longer(handover: datetime, length: timedelta) -> None:
    (shift,) = [each for each in shifts(PLAIN, handover - 20 * DAY, handover + DAY) if each.end == handover]
    assert shift.end - shift.start == length


def test_a_handover_in_the_skipped_hour_is_at_the_instant_after_it() -> None:
    nightly = rule(Line.PRIMARY, *PEOPLE, at=time(2, 30), days=1)
    assert handovers(nightly, "Europe/Berlin", berlin(2027, 3, 27, 12), berlin(2027, 3, 29, 12)) == (
        datetime(2027, 3, 28, 1, tzinfo=UTC),
        berlin(2027, 3, 29, 2, 30),
    )


def test_a_handover_in_the_repeated_hour_is_at_the_first_occurrence() -> None:
    nightly = rule(Line.PRIMARY, *PEOPLE, at=time(2, 30), days=1)
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert handovers(nightly, "Europe/Berlin", first - HOUR, first + 2 * HOUR) == (first,)
    facts = RotaFacts("Europe/Berlin", (nightly,), (), ())
    before, after = duty_at(facts, first - TICK), duty_at(facts, first)
    assert before != after
    assert duty_at(facts, berlin(2027, 10, 31, 2, 15, fold=1)) == after  # the clock shows 02:15 again


def test_a_rule_that_begins_in_the_repeated_hour_knows_which_of_the_two() -> None:
    first, second = (datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    at = berlin(2027, 10, 31, 12)
    on_duty = [
        people(duty_at(RotaFacts("Europe/Berlin", (each,), (), ()), at))[0]
        for each in (
            rule(Line.PRIMARY, *PEOPLE, at=time(2, 45), days=1, valid_from=valid_from) for valid_from in (first, second)
        )
    ]
    assert on_duty == [BEN, ANNA]  # the handover at the first 02:45 lies between the two


def test_clocks_that_go_back_over_midnight_do_not_hand_back() -> None:
    """In St John's the first minute of 1 November 2009 was followed by 23:01 of the day before."""
    zone = ZoneInfo("America/St_Johns")
    nightly = rule(Line.PRIMARY, *PEOPLE, at=time(0), days=1, valid_from=datetime(2009, 10, 1, tzinfo=zone))
    facts = RotaFacts("America/St_Johns", (nightly,), (), ())
    midnight = datetime(2009, 11, 1, tzinfo=zone).astimezone(UTC)
    again = datetime(2009, 10, 31, 23, 30, tzinfo=zone, fold=1).astimezone(UTC)
    assert midnight < again < midnight + HOUR
    assert duty_at(facts, again) == duty_at(facts, midnight) != duty_at(facts, midnight - TICK)


def test_the_shift_in_which_a_rule_begins_is_the_first_member_s_even_if_cut_short() -> None:
    friday = berlin(2026, 1, 9, 15)
    facts = RotaFacts("Europe/Berlin", (rule(Line.PRIMARY, ANNA, BEN, valid_from=friday),), (), ())
    assert people(duty_at(facts, friday - TICK)) == (None, None)
    assert [(each.start, people(each.duty)[0]) for each in shifts(facts, friday, friday + 14 * DAY)] == [
        (friday, ANNA),
        (berlin(2026, 1, 14, 10), BEN),
        (berlin(2026, 1, 21, 10), ANNA),
    ]
    assert handovers(facts.rotations[0], "Europe/Berlin", friday - 7 * DAY, friday + 7 * DAY) == (
        berlin(2026, 1, 14, 10),
    )


def test_the_handover_weekday_is_ignored_unless_the_period_is_whole_weeks() -> None:
    every_other_day = rule(Line.PRIMARY, ANNA, BEN, days=2, weekday=6)
    assert handovers(every_other_day, "Europe/Berlin", START, START + 5 * DAY) == (
        START,
        START + 2 * DAY,
        START + 4 * DAY,
    )


def test_members_change_where_one_rule_ends_and_another_begins() -> None:
    change = berlin(2026, 1, 14, 10)
    rotations = (
        rule(Line.PRIMARY, ANNA, BEN, valid_until=change),
        rule(Line.PRIMARY, CARO, DAN, valid_from=change),
    )
    facts = RotaFacts("Europe/Berlin", rotations, (), ())
    assert [people(each.duty)[0] for each in shifts(facts, START, START + 28 * DAY)] == [ANNA, CARO, DAN, CARO]
    assert handovers(rotations[0], "Europe/Berlin", START, START + 28 * DAY) == (START,)
    assert next_duty_change(facts, START) == change


def test_a_rule_that_ends_leaves_nobody() -> None:
    end = berlin(2026, 1, 16)
    facts = RotaFacts("Europe/Berlin", tuple(replace(each, valid_until=end) for each in ROTATIONS), (), ())
    assert people(duty_at(facts, end - TICK)) == (BEN, EVA)
    assert duty_at(facts, end) == duty(None, None, DutyWarning.NOBODY_PRIMARY, DutyWarning.NOBODY_BACKUP)
    assert next_duty_change(facts, end) is None


# -- overrides and absences --------------------------------------------------------------------------------

ON_DUTY, OVERRIDE = DutyReason.ON_DUTY, DutyReason.OVERRIDE
MOVED_UP, STAND_IN = DutyReason.MOVED_UP, DutyReason.STAND_IN


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((), duty((ANNA, ON_DUTY), (DAN, ON_DUTY))),
        ((away(ANNA, AbsenceKind.SHORT),), duty((ANNA, ON_DUTY), (DAN, ON_DUTY))),
        ((away(CARO),), duty((ANNA, ON_DUTY), (DAN, ON_DUTY))),
        # the line moves up
        ((away(ANNA),), duty((DAN, MOVED_UP), (EVA, STAND_IN), DutyWarning.PRIMARY_ABSENT)),
        ((away(ANNA), away(EVA)), duty((DAN, MOVED_UP), (FINN, STAND_IN), DutyWarning.PRIMARY_ABSENT)),
        (
            (away(ANNA), override(Line.BACKUP, CARO)),
            duty((CARO, MOVED_UP), (EVA, STAND_IN), DutyWarning.PRIMARY_ABSENT),
        ),
        # the backup's place is taken
        ((away(DAN),), duty((ANNA, ON_DUTY), (EVA, STAND_IN), DutyWarning.BACKUP_ABSENT)),
        (
            (away(DAN), away(EVA), away(FINN)),
            duty((ANNA, ON_DUTY), (BEN, STAND_IN), DutyWarning.BACKUP_ABSENT),
        ),
        (
            (override(Line.PRIMARY, DAN),),
            duty((DAN, OVERRIDE), (EVA, STAND_IN), DutyWarning.SAME_AS_PRIMARY),
        ),
        (
            (override(Line.BACKUP, ANNA),),
            duty((ANNA, ON_DUTY), (EVA, STAND_IN), DutyWarning.SAME_AS_PRIMARY),
        ),
        (
            (override(Line.PRIMARY, CARO), override(Line.BACKUP, CARO)),
            duty((CARO, OVERRIDE), (EVA, STAND_IN), DutyWarning.SAME_AS_PRIMARY),
        ),
        # both are missing
        (
            (away(ANNA), away(DAN)),
            duty((BEN, STAND_IN), (EVA, STAND_IN), DutyWarning.PRIMARY_ABSENT, DutyWarning.BACKUP_ABSENT),
        ),
        (
            tuple(away(person) for person in (ANNA, DAN, BEN, CARO, EVA)),
            duty(
                (FINN, STAND_IN),
                None,
                DutyWarning.PRIMARY_ABSENT,
                DutyWarning.BACKUP_ABSENT,
                DutyWarning.NOBODY_BACKUP,
            ),
        ),
        (
            tuple(away(person) for person in PEOPLE),
            duty(
                None,
                None,
                DutyWarning.PRIMARY_ABSENT,
                DutyWarning.BACKUP_ABSENT,
                DutyWarning.NOBODY_PRIMARY,
                DutyWarning.NOBODY_BACKUP,
            ),
        ),
        # an override beats absence and rotation
        ((away(ANNA), override(Line.PRIMARY, ANNA)), duty((ANNA, OVERRIDE), (DAN, ON_DUTY))),
        ((away(ANNA), override(Line.PRIMARY, 99)), duty((99, OVERRIDE), (DAN, ON_DUTY))),
        ((away(DAN), override(Line.BACKUP, DAN)), duty((ANNA, ON_DUTY), (DAN, OVERRIDE))),
        (
            (away(ANNA), override(Line.BACKUP, ANNA)),
            duty((BEN, STAND_IN), (ANNA, OVERRIDE), DutyWarning.PRIMARY_ABSENT),
        ),
    ],
)
def test_who_is_on_duty(changes: tuple[OverrideFact | AbsenceFact, ...], expected: Duty) -> None:
    facts = with_changes(*changes)
    assert duty_at(facts, IN_WEEK_ONE) == expected
    assert duty_at(facts, berlin(2026, 1, 10)) == duty_at(PLAIN, IN_WEEK_ONE)


def test_both_rotations_name_the_same_person() -> None:
    facts = with_changes(rotations=(rule(Line.PRIMARY, ANNA, BEN), rule(Line.BACKUP, ANNA)))
    assert duty_at(facts, IN_WEEK_ONE) == duty((ANNA, ON_DUTY), (BEN, STAND_IN), DutyWarning.SAME_AS_PRIMARY)
    assert duty_at(facts, IN_WEEK_ONE + 7 * DAY) == duty((BEN, ON_DUTY), (ANNA, ON_DUTY))


def test_a_line_without_a_rule_has_nobody() -> None:
    only_backup = with_changes(rotations=ROTATIONS[1:])
    assert duty_at(only_backup, IN_WEEK_ONE) == duty(None, (DAN, ON_DUTY), DutyWarning.NOBODY_PRIMARY)
    only_primary = with_changes(away(ANNA), rotations=ROTATIONS[:1])
    assert duty_at(only_primary, IN_WEEK_ONE) == duty(
        (BEN, STAND_IN), None, DutyWarning.PRIMARY_ABSENT, DutyWarning.NOBODY_BACKUP
    )


def test_the_other_line_s_members_stand_in_where_a_line_has_no_others() -> None:
    facts = with_changes(away(ANNA), away(DAN), rotations=(rule(Line.PRIMARY, ANNA), rule(Line.BACKUP, DAN, EVA)))
    assert duty_at(facts, IN_WEEK_ONE) == duty(
        (EVA, STAND_IN),
        None,
        DutyWarning.PRIMARY_ABSENT,
        DutyWarning.BACKUP_ABSENT,
        DutyWarning.NOBODY_BACKUP,
    )


def test_an_override_stands_without_any_rule() -> None:
    facts = with_changes(override(Line.PRIMARY, ANNA), override(Line.BACKUP, ANNA), rotations=())
    assert duty_at(facts, IN_WEEK_ONE) == duty(
        (ANNA, OVERRIDE), None, DutyWarning.SAME_AS_PRIMARY, DutyWarning.NOBODY_BACKUP
    )


def test_a_rotation_without_members_is_none() -> None:
    facts = with_changes(rotations=(rule(Line.PRIMARY), rule(Line.BACKUP, DAN)))
    assert people(duty_at(facts, IN_WEEK_ONE)) == (None, DAN)
    assert handovers(facts.rotations[0], "Europe/Berlin", START, START + 28 * DAY) == ()


def test_shifts_are_cut_where_duty_changes_and_nowhere_else() -> None:
    meeting = away(ANNA, AbsenceKind.SHORT)
    elsewhere = away(CARO)
    ill = AbsenceFact(DAN, AbsenceKind.DAY, berlin(2026, 1, 9), berlin(2026, 1, 12))
    facts = with_changes(meeting, elsewhere, ill)
    assert shifts(facts, START, START + 7 * DAY) == (
        Shift(START, ill.start, duty((ANNA, ON_DUTY), (DAN, ON_DUTY))),
        Shift(ill.start, ill.end, duty((ANNA, ON_DUTY), (EVA, STAND_IN), DutyWarning.BACKUP_ABSENT)),
        Shift(ill.end, START + 7 * DAY, duty((ANNA, ON_DUTY), (DAN, ON_DUTY))),
    )
    assert next_duty_change(facts, START) == ill.start


def test_the_next_change_may_lie_just_at_the_horizon() -> None:
    assert next_duty_change(PLAIN, START, timedelta(days=7)) == START + 7 * DAY
    assert next_duty_change(PLAIN, START, timedelta(days=7) - TICK) is None


def test_instants_of_any_zone_are_understood() -> None:
    local = (START + 7 * DAY).astimezone(BERLIN)
    assert duty_at(PLAIN, local) == duty_at(PLAIN, START + 7 * DAY)
    change = next_duty_change(PLAIN, local)
    assert change == START + 14 * DAY
    assert change.tzinfo is UTC
    in_berlin = with_changes(
        OverrideFact(
            Line.PRIMARY,
            CARO,
            datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
            datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        )
    )
    repeated = [berlin(2026, 10, 25, 2, 45), berlin(2026, 10, 25, 2, 45, fold=1)]
    assert [people(duty_at(in_berlin, at))[0] == CARO for at in repeated] == [True, False]
    assert next_duty_change(in_berlin, repeated[0]) == berlin(2026, 10, 25, 2, 30, fold=1)


def test_equal_facts_are_interchangeable_and_survive_pickling() -> None:
    first, second = (with_changes(away(ANNA), override(Line.BACKUP, CARO)) for _ in range(2))
    assert first is not second
    assert (first, hash(first)) == (second, hash(second))
    assert first != PLAIN
    kept = pickle.loads(pickle.dumps(first))  # noqa: S301 - our own bytes
    assert (kept, hash(kept)) == (first, hash(first))
