"""What the provider reports: late, twice, out of order, before its own answer."""

import pytest

from demo.phones.client import Phones
from matrix.terms import Channel
from portal import clock
from routing.paging.models import Alarm, ContactMethod, Delivery
from routing.telephony import reports
from tests.people import World

from .phones import Case, advance, only, send, wait_for, wait_for_state

State = Delivery.State


def told(delivery: Delivery, status: str, sid: str = "CA1", **more: str) -> str:
    """The state after a report."""
    delivery.refresh_from_db()
    name = "Call" if sid.startswith("CA") else "Message"
    reports.note(delivery, {f"{name}Sid": sid, f"{name}Status": status, **more}, now=clock.now())
    delivery.refresh_from_db()
    return delivery.state


@pytest.fixture
def call(case: Case) -> Delivery:
    return only(case, Channel.VOICE)


@pytest.fixture
def text(case: Case) -> Delivery:
    return only(case, Channel.SMS)


def put(delivery: Delivery, state: str, **values: object) -> None:
    lease = clock.now() if state == State.SENDING else None
    Delivery.objects.filter(pk=delivery.pk).update(state=state, leased_until=lease, **values)


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.UNKNOWN])
def test_a_report_before_the_answer_adopts_the_call(call: Delivery, state: str) -> None:
    put(call, state)
    assert told(call, "ringing") == State.ACCEPTED
    assert call.provider_id == "CA1"
    assert call.leased_until is None


def test_reports_go_forward_only(call: Delivery) -> None:
    put(call, State.ACCEPTED, provider_id="CA1")
    assert told(call, "completed") == State.DELIVERED
    finished = call.finished_at
    for late in ("initiated", "ringing", "in-progress", "completed", "failed", "no-answer", "canceled"):
        assert told(call, late) == State.DELIVERED
    assert call.finished_at == finished


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", State.ACCEPTED),
        ("initiated", State.ACCEPTED),
        ("ringing", State.ACCEPTED),
        ("in-progress", State.DELIVERED),
        ("completed", State.DELIVERED),
        ("busy", State.FAILED),
        ("no-answer", State.FAILED),
        ("failed", State.FAILED),
        ("canceled", State.CANCELLED),
        ("something-new", State.ACCEPTED),
    ],
)
def test_what_a_call_comes_to(call: Delivery, status: str, state: str) -> None:
    put(call, State.ACCEPTED, provider_id="CA1")
    assert told(call, status) == state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("sent", State.ACCEPTED),
        ("delivered", State.DELIVERED),
        ("undelivered", State.FAILED),
        ("failed", State.FAILED),
    ],
)
def test_what_a_text_comes_to(text: Delivery, status: str, state: str) -> None:
    put(text, State.ACCEPTED, provider_id="SM1")
    assert told(text, status, "SM1") == state


def test_the_end_of_a_lost_attempt_does_not_end_the_next(call: Delivery) -> None:
    put(call, State.ACCEPTED, provider_id="CA2", attempts=2)
    assert told(call, "no-answer", "CA1") == State.ACCEPTED
    assert told(call, "completed", "CA1") == State.DELIVERED


def test_an_id_belongs_to_one_delivery(case: Case) -> None:
    call, text = case.delivery(Channel.VOICE), case.delivery(Channel.SMS)
    put(text, State.ACCEPTED, provider_id="CA1")
    # A look-up may take the wrong one; what the provider reports under the delivery's own address is sure.
    assert told(call, "completed") == State.DELIVERED
    text.refresh_from_db()
    assert (call.provider_id, text.provider_id) == ("CA1", "")


def test_a_handset_that_is_off_disables_nothing(text: Delivery) -> None:
    put(text, State.ACCEPTED, provider_id="SM1")
    assert told(text, "undelivered", "SM1", ErrorCode="30003") == State.FAILED
    assert not Alarm.objects.exists()
    assert not ContactMethod.objects.filter(disabled_at__isnull=False).exists()
    due_at = text.pages.get().escalation.due_at
    assert due_at is not None
    assert due_at > clock.now()


def test_a_number_out_of_service_is_not_used_again(phones: Phones, case: Case, world: World) -> None:
    text = only(case, Channel.SMS)
    phones.mode(text.to, "undeliverable")
    send()
    wait_for_state(text, State.FAILED)
    assert text.error.startswith("30005")
    disabled = ContactMethod.objects.get(disabled_at__isnull=False)
    assert (disabled.person, disabled.channel) == (world.oncall, Channel.SMS)
    alarm = Alarm.objects.get(kind="number_failed")
    assert alarm.data["name"] == "Marek Nightly"
    assert text.to not in f"{alarm.key}{alarm.data}"


def test_where_all_fail_for_good_the_next_is_called_at_once(phones: Phones, case: Case, world: World) -> None:
    phones.mode(case.number, "undeliverable")
    send()
    wait_for_state(case.delivery(Channel.VOICE), State.FAILED)
    wait_for_state(case.delivery(Channel.SMS), State.FAILED)
    assert case.delivery(Channel.VOICE).error == "failed, SIP 404"
    advance()
    following = case.next_page()
    assert following is not None
    assert following.person == world.backup


@pytest.mark.parametrize("disturbance", [{"duplicate": 2}, {"shuffle": 0.5}, {"duplicate": 1, "shuffle": 0.5}])
def test_disturbed_reports(phones: Phones, case: Case, disturbance: dict[str, float]) -> None:
    phones.mode(case.number, "answer", keys="1")
    phones.disturb_callbacks(**disturbance)  # type: ignore[arg-type]
    send()

    def all_told() -> bool:
        reported = [callback for call in phones.calls(to=case.number) for callback in call["callbacks"]]
        return len(reported) >= 4 and all(callback["status"] for callback in reported)

    phones.wait(case.number, "ended")
    wait_for(all_told)
    wait_for_state(case.delivery(Channel.VOICE), State.DELIVERED)
    wait_for_state(case.delivery(Channel.SMS), State.DELIVERED)
    assert {callback["status"] for call in phones.calls() for callback in call["callbacks"]} <= {200, 204}
    assert len(phones.calls(to=case.number)) == 1
    assert case.refresh().timeline.filter(kind="acknowledged").count() == 1
