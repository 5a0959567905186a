"""A look-up knows a call by its number alone, and may take it for another delivery's to that number."""

import pytest

from matrix.terms import Channel
from portal import clock
from routing.paging import deliveries
from routing.paging.models import Delivery
from routing.telephony import reports
from tests.routing.telephony.phones import Case

SID = "CA" + "7" * 32
State = Delivery.State


@pytest.fixture
def lost(case: Case) -> Delivery:
    """Its call never reached the provider; the look-up found the other's instead."""
    now = clock.now()
    delivery = case.delivery(Channel.VOICE)
    Delivery.objects.filter(pk=delivery.pk).update(state=State.UNKNOWN, attempts=1, sent_at=now, leased_until=now)
    assert deliveries.adopted(delivery, provider_id=SID, now=now)
    return delivery


@pytest.fixture
def called(case: Case, lost: Delivery) -> Delivery:
    """The provider has called for this one, and our side does not know yet."""
    now = clock.now()
    delivery = Delivery.objects.create(
        channel=Channel.VOICE,
        to=lost.to,
        language=lost.language,
        state=State.SENDING,
        attempts=1,
        leased_until=now,
        created_at=now,
    )
    delivery.pages.add(case.page)
    return delivery


def states(*found: Delivery) -> list[tuple[str, str]]:
    for each in found:
        each.refresh_from_db()
    return [(each.state, each.provider_id) for each in found]


def test_the_callback_says_whose_call_it_is_and_the_other_is_sent(lost: Delivery, called: Delivery) -> None:
    reports.note(called, {"CallSid": SID, "CallStatus": "ringing"}, now=clock.now())
    assert states(called, lost) == [(State.ACCEPTED, SID), (State.QUEUED, "")]
    assert lost.next_attempt_at is not None
    assert lost.next_attempt_at <= clock.now()


def test_so_does_the_answer_to_the_request(lost: Delivery, called: Delivery) -> None:
    assert deliveries.accepted(called, provider_id=SID, now=clock.now())
    assert states(called, lost) == [(State.ACCEPTED, SID), (State.QUEUED, "")]


def test_what_has_ended_is_not_sent_again(lost: Delivery, called: Delivery) -> None:
    assert deliveries.cancelled(lost, now=clock.now())
    reports.note(called, {"CallSid": SID, "CallStatus": "ringing"}, now=clock.now())
    assert states(called, lost) == [(State.ACCEPTED, SID), (State.CANCELLED, "")]


def test_a_second_look_up_takes_nothing(lost: Delivery, called: Delivery) -> None:
    assert not deliveries.adopted(called, provider_id=SID, now=clock.now())
    assert states(called, lost) == [(State.SENDING, ""), (State.ACCEPTED, SID)]
