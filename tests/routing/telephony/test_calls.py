"""A page by phone, the whole way: it rings, says what has happened, and takes an answer by key."""

import pytest
from pytest_django import Settings

from demo.phones.client import Phones
from matrix.terms import Channel
from portal import clock
from routing.incidents.models import Incident, Status
from routing.incidents.services import acknowledge, resolve
from routing.paging import sending
from routing.paging.models import Delivery, Page
from tests.people import World

from .phones import Case, advance, german, only, report, send, wait_for_state

State = Delivery.State


def ended(phones: Phones, number: str) -> dict[str, object]:
    """The number's only call, once it is over."""
    phones.wait(number, "ended")
    (call,) = phones.calls(to=number)
    return call


def said(call: dict[str, object]) -> str:
    spoken = call["spoken"]
    assert isinstance(spoken, list)
    return " ".join(spoken)


def test_one_acknowledges(phones: Phones, case: Case, world: World) -> None:
    phones.mode(case.number, "answer", keys="1")
    send()
    call = ended(phones, case.number)
    assert said(call).count("Blocker in project webshop") == 2
    assert said(call).count("HTTP 503 auf allen Fronten") == 2
    assert said(call).startswith("Direktdraht for Marek Nightly.")
    assert said(call).endswith(f"Incident {case.incident.number} is acknowledged. Goodbye.")
    assert call["errors"] == []
    assert case.refresh().status == Status.ACKNOWLEDGED
    assert case.incident.assignee == world.oncall
    assert case.incident.timeline.get(kind="acknowledged").data == {"via": "voice"}
    wait_for_state(case.delivery(Channel.VOICE), State.DELIVERED)


def test_two_passes_on_to_the_next(phones: Phones, case: Case, world: World) -> None:
    phones.mode(case.number, "answer", keys="2")
    send()
    call = ended(phones, case.number)
    assert "is passed on to the next" in said(call)
    advance()
    following = case.next_page()
    assert following is not None
    assert following.person == world.backup
    assert case.refresh().status == Status.NEW


def test_star_repeats_and_other_keys_explain(phones: Phones, case: Case) -> None:
    phones.mode(case.number, "answer", keys="*71")
    send()
    call = ended(phones, case.number)
    assert said(call).count("Direktdraht for") == 4
    assert said(call).count("Press 1 to acknowledge") == 5
    assert case.refresh().status == Status.ACKNOWLEDGED


def test_silence_is_no_acknowledgement(phones: Phones, case: Case) -> None:
    phones.mode(case.number, "voicemail")
    send()
    call = ended(phones, case.number)
    assert said(call).count("Press 1") == 3
    assert said(call).endswith("Goodbye.")
    wait_for_state(case.delivery(Channel.VOICE), State.DELIVERED)
    assert case.refresh().status == Status.NEW


@pytest.mark.parametrize("mode", ["busy", "no_answer"])
def test_nobody_answers(phones: Phones, case: Case, mode: str) -> None:
    due = case.page.escalation.due_at
    phones.mode(case.number, mode, channel="voice")
    send()
    delivery = case.delivery(Channel.VOICE)
    wait_for_state(delivery, State.FAILED)
    assert delivery.error == mode.replace("_", "-")
    assert delivery.finished_at is not None
    case.page.escalation.refresh_from_db()
    assert case.page.escalation.due_at == due


def test_who_answers_too_late_hears_who_took_it(phones: Phones, case: Case, world: World) -> None:
    send()
    phones.wait(case.number, "ringing")
    acknowledge(case.incident, by=world.backup, now=clock.now())
    phones.answer(case.number)
    call = ended(phones, case.number)
    assert said(call) == f"Incident {case.incident.number} has been taken by Elif Nightly. Goodbye."


def test_who_presses_too_late_hears_who_took_it(phones: Phones, case: Case, world: World) -> None:
    send()
    phones.wait(case.number, "ringing")
    phones.answer(case.number)
    phones.wait(case.number, "spoken")
    acknowledge(case.incident, by=world.backup, now=clock.now())
    phones.press(case.number, "1")
    call = ended(phones, case.number)
    assert "has been taken by Elif Nightly" in said(call)
    assert case.refresh().assignee == world.backup


def test_a_call_that_rings_for_nothing_is_ended(phones: Phones, case: Case, world: World) -> None:
    send()
    phones.wait(case.number, "ringing")
    acknowledge(case.incident, by=world.backup, now=clock.now())
    assert sending.hang_up_due(now=clock.now()) == 1
    delivery = case.delivery(Channel.VOICE)
    wait_for_state(delivery, State.CANCELLED)
    assert delivery.hang_up_at is None
    assert ended(phones, case.number)["status"] == "canceled"
    assert not sending.has_hang_ups(now=clock.now())


def test_hanging_up_spares_a_call_that_was_answered(phones: Phones, case: Case, world: World) -> None:
    delivery = only(case, Channel.VOICE)
    phones.disturb_callbacks(drop=1)
    send()
    phones.wait(case.number, "ringing")
    phones.answer(case.number)
    phones.wait(case.number, "spoken")
    # As if nothing had told yet that it was answered: no report, nor the call's request for instructions.
    Delivery.objects.filter(pk=delivery.pk).update(state=State.ACCEPTED, hang_up_at=clock.now())
    assert sending.hang_up_due(now=clock.now()) == 1
    phones.disturb_callbacks()
    phones.press(case.number, "1")
    assert "is acknowledged" in said(ended(phones, case.number))
    wait_for_state(delivery, State.DELIVERED)
    assert not sending.has_hang_ups(now=clock.now())


def test_a_hang_up_waits_for_the_provider(phones: Phones, case: Case, settings: Settings) -> None:
    delivery = only(case, Channel.VOICE)
    send()
    phones.wait(case.number, "ringing")
    Delivery.objects.filter(pk=delivery.pk).update(hang_up_at=clock.now())
    reachable = settings.TWILIO_BASE_URL
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    sending.hang_up_due(now=clock.now())
    assert sending.has_hang_ups(now=clock.now())
    settings.TWILIO_BASE_URL = reachable
    sending.hang_up_due(now=clock.now())
    wait_for_state(delivery, State.CANCELLED)


def test_a_call_after_the_end(phones: Phones, case: Case) -> None:
    send()
    phones.wait(case.number, "ringing")
    resolve(case.incident, by=None, now=clock.now(), reason="recovered", actor_name="monitoring")
    phones.answer(case.number)
    assert said(ended(phones, case.number)) == f"Incident {case.incident.number} is over already. Goodbye."


def test_who_is_informed_is_not_asked(phones: Phones, case: Case) -> None:
    Page.objects.filter(pk=case.page.pk).update(informs=True, state=Page.State.INFORMED)
    phones.mode(case.number, "answer", keys="1")
    send()
    call = ended(phones, case.number)
    assert "For your information, no answer needed." in said(call)
    assert "Press" not in said(call)
    assert case.refresh().status == Status.NEW


def test_the_call_speaks_the_language_of_the_person(phones: Phones, world: World) -> None:
    german(world.oncall)
    case = report(world)
    phones.mode(case.number, "answer", keys="1")
    send()
    call = ended(phones, case.number)
    lines = call["lines"]
    assert isinstance(lines, list)
    assert {line["language"] for line in lines if line["kind"] == "say"} == {"de-DE"}


def test_titles_may_hold_anything(phones: Phones, world: World) -> None:
    case = report(world, title="</Say><Hangup/> \x0b & 'load' > 9 \U0001f525")
    phones.mode(case.number, "answer", keys="1")
    send()
    call = ended(phones, case.number)
    assert call["errors"] == []
    assert "</Say><Hangup/> & 'load' > 9" in said(call)
    assert case.refresh().status == Status.ACKNOWLEDGED


def test_one_key_answers_all_that_the_call_tells(phones: Phones, case: Case, world: World) -> None:
    other = report(world, title="Queue stands still")
    assert set(only(case, Channel.VOICE).pages.all()) == {case.page, other.page}
    phones.mode(case.number, "answer", keys="1")
    send()
    call = ended(phones, case.number)
    assert "Press 1 to acknowledge all of them" in said(call)
    assert set(Incident.objects.values_list("status", flat=True)) == {Status.ACKNOWLEDGED}
    assert f"Incident {other.incident.number} is acknowledged." in said(call)


def test_a_shared_phone_answers_in_its_own_name(phones: Phones, case: Case) -> None:
    Page.objects.filter(pk=case.page.pk).update(person=None, recipient="last_resort", name="Last resort")
    phones.mode(case.number, "answer", keys="1")
    send()
    ended(phones, case.number)
    assert case.refresh().status == Status.ACKNOWLEDGED
    assert case.incident.assignee is None


def test_who_calls_back_is_greeted(phones: Phones, world: World) -> None:
    phones.call("+4917139200077", "+496990009000")
    call = phones.wait("+4917139200077", "spoken")
    assert "This is Nordhafen." in call["text"]
