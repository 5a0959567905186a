"""What the preview says is what happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.terms import Channel, Priority, Role
from portal import clock
from portal.models import EscalationManager, Person
from portal.services import record
from routing.paging.addresses import Listed, listed
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery
from routing.paging.rules import set_rules
from routing.reach.preview import Snag, course_of
from routing.reach.queries import StepKind, steps_for
from tests.people import BEGAN, SUNDAY_NIGHT, TUESDAY, World, minutes
from tests.routing.paging.chains import alert

VOICE, SMS, EMAIL = Channel.VOICE, Channel.SMS, Channel.EMAIL
T = SUNDAY_NIGHT


def kind(*channels: Channel, informs: bool = False) -> StepKind:
    return StepKind((Role.ON_CALL_PRIMARY,), (Priority.BLOCKER,), channels, informs)


def person(*channels: Channel) -> Listed:
    return Listed("en", [(channel, f"{channel}-address") for channel in channels])


def said(course: object) -> list[tuple[int, list[Channel]]]:
    return [(moment.after, [channel for channel, _to in moment.ways]) for moment in course.moments]  # type: ignore[attr-defined]


def test_sms_and_call_at_once_call_again() -> None:
    rules = [(SMS, 0), (VOICE, 0), (VOICE, 5), (VOICE, 15)]
    course = course_of(kind(VOICE, SMS), person(VOICE, SMS), rules)
    assert said(course) == [(0, [SMS, VOICE]), (5, [VOICE]), (15, [VOICE])]
    assert course.snag is None


@pytest.mark.parametrize(
    ("having", "rules", "snag"),
    [
        ((), [], Snag.UNREACHABLE),
        ((EMAIL,), [], Snag.OTHER_CHANNEL),
        ((SMS, EMAIL), [], Snag.CHANNEL_MISSING),
        ((SMS, VOICE), [(EMAIL, 0)], Snag.NO_RULE),
        ((SMS, VOICE), [], None),
    ],
)
def test_what_does_not_fit_is_said(having: tuple[Channel, ...], rules: list[tuple[Channel, int]], snag: Snag) -> None:
    assert course_of(kind(VOICE, SMS), person(*having), rules).snag == snag


def test_who_is_only_informed_is_told_once() -> None:
    course = course_of(kind(SMS, informs=True), person(SMS), [(SMS, 0), (SMS, 5)])
    assert said(course) == [(0, [SMS])]


@given(
    st.sets(st.sampled_from([VOICE, SMS, EMAIL]), min_size=1),
    st.sets(st.sampled_from([VOICE, SMS, EMAIL]), min_size=1),
    st.sets(st.tuples(st.sampled_from([VOICE, SMS, EMAIL]), st.integers(0, 60))),
)
def test_whoever_has_any_way_is_told_something_at_once(
    channels: set[Channel], having: set[Channel], rules: set[tuple[Channel, int]]
) -> None:
    course = course_of(kind(*channels), person(*having), list(rules))
    assert course.moments[0].after == 0
    assert course.snag is not Snag.UNREACHABLE


@pytest.mark.django_db
def test_a_page_goes_out_as_foretold(world: World) -> None:
    set_rules(world.oncall, [(SMS, 2), (VOICE, 5), (VOICE, 15)])
    me = listed({world.oncall.pk})[world.oncall.pk]
    first = next(each for each in steps_for(world.oncall, now=T) if Role.ON_CALL_PRIMARY in each.roles)
    told = {
        (channel, to, moment.after) for moment in course_of(first, me, me.rules).moments for channel, to in moment.ways
    }
    alert(world)
    advance_due(now=T)
    went = {
        (each.channel, each.to, round((each.next_attempt_at - T) / minutes(1)))
        for each in Delivery.objects.all()
        if each.next_attempt_at
    }
    mobile = str(world.oncall.mobile)
    assert went == told == {(SMS, mobile, 0), (VOICE, mobile, 3), (VOICE, mobile, 13)}


def roles_of(somebody: Person) -> set[Role]:
    return {role for each in steps_for(somebody, now=TUESDAY) for role in each.roles}


@pytest.mark.django_db
def test_steps_are_those_of_ones_roles(world: World) -> None:
    assert roles_of(world.oncall) == {Role.ON_CALL_PRIMARY}
    assert roles_of(world.backup) == {Role.ON_CALL_BACKUP}
    assert roles_of(world.deputy) == {Role.SDM}
    assert roles_of(world.manager) == {Role.ESCALATION_MANAGER}
    assert roles_of(world.desk) == set()


@pytest.mark.django_db
def test_a_manager_may_be_sdm_too(world: World) -> None:
    record(EscalationManager, by=None, now=BEGAN, person=world.sdm, order=2)
    assert roles_of(world.sdm) == {Role.SDM, Role.ESCALATION_MANAGER}
    urgent = [
        each for each in steps_for(world.sdm, now=clock.now()) if Role.SDM in each.roles and VOICE in each.channels
    ]
    assert [each.priorities for each in urgent] == [(Priority.BLOCKER, Priority.CRITICAL)]
