"""A page by SMS, and the answers to it."""

import re

import pytest

from demo.phones.callbacks import segments
from demo.phones.client import NothingHappenedError, Phones
from matrix.terms import Channel
from portal import clock
from routing.incidents.models import Status
from routing.incidents.services import acknowledge, resolve
from routing.paging.models import Delivery, Page
from routing.telephony.inbound import unknown_senders
from tests.people import World

from .phones import Case, advance, only, report, send, wait_for_state

State = Delivery.State


@pytest.fixture
def number(phones: Phones, case: Case) -> str:
    """The number of the on-call engineer, to which the page has been sent."""
    number = only(case, Channel.SMS).to
    send()
    phones.wait(number, "sms")
    return number


def exchange(phones: Phones, number: str, body: str) -> str:
    """Send a text and wait for the answer."""
    after = phones.sequence
    phones.send_sms(number, body)
    return str(phones.wait(number, "sms", after=after)["text"])


def test_the_text_names_it_all(phones: Phones, case: Case, number: str) -> None:
    (message,) = phones.messages(to=number)
    body, code = message["body"], case.page.code
    assert body.startswith(f"BLOCKER webshop #{case.incident.number}: HTTP 503 auf allen Fronten")
    assert f"1 {code}=yes 2 {code}=next" in body
    assert re.search(r"http://\S+/a/(\S+)/$", body).group(1) == case.page.token  # type: ignore[union-attr]
    assert segments(body) == 1
    wait_for_state(case.delivery(Channel.SMS), State.DELIVERED)


@pytest.mark.parametrize("body", ["1 {code}", " 1  {code} ", "ja {code}", "OK", "1", "Yes!", "1={code}"])
def test_a_reply_acknowledges(phones: Phones, case: Case, number: str, body: str, world: World) -> None:
    answer = exchange(phones, number, body.format(code=case.page.code))
    assert answer == f"Incident {case.incident.number} is acknowledged."
    assert case.refresh().assignee == world.oncall
    assert case.incident.timeline.get(kind="acknowledged").data == {"via": "sms"}


@pytest.mark.parametrize("body", ["2 {code}", "2", "weiter"])
def test_a_reply_passes_on(phones: Phones, case: Case, number: str, body: str, world: World) -> None:
    answer = exchange(phones, number, body.format(code=case.page.code))
    assert "is passed on to the next" in answer
    advance()
    following = case.next_page()
    assert following is not None
    assert following.person == world.backup


def test_a_reply_that_comes_too_late_hears_who_took_it(phones: Phones, case: Case, number: str, world: World) -> None:
    acknowledge(case.incident, by=world.backup, now=clock.now())
    assert exchange(phones, number, f"1 {case.page.code}") == (
        f"Incident {case.incident.number} has been taken by Elif Nightly."
    )
    assert exchange(phones, number, "2") == f"Incident {case.incident.number} has been taken by Elif Nightly."


def test_the_same_reply_twice_changes_nothing(phones: Phones, case: Case, number: str) -> None:
    exchange(phones, number, "1")
    assert exchange(phones, number, "1") == f"Incident {case.incident.number} is yours already."
    assert case.refresh().timeline.filter(kind="acknowledged").count() == 1


def test_a_bare_one_means_the_latest(phones: Phones, case: Case, number: str, world: World) -> None:
    latest = report(world, title="Disk full")
    exchange(phones, number, "1")
    assert latest.refresh().status == Status.ACKNOWLEDGED
    assert case.refresh().status == Status.NEW
    exchange(phones, number, "1")
    assert case.refresh().status == Status.ACKNOWLEDGED


def test_several_codes_at_once(phones: Phones, case: Case, number: str, world: World) -> None:
    other = report(world, title="Disk full")
    answer = exchange(phones, number, f"1 {case.page.code} {other.page.code}")
    assert answer.count("is acknowledged") == 2
    assert {case.refresh().status, other.refresh().status} == {Status.ACKNOWLEDGED}


@pytest.mark.parametrize("body", ["1 all", "ja alle", "1 ALL"])
def test_one_word_answers_all(phones: Phones, case: Case, number: str, world: World, body: str) -> None:
    others = [report(world, title=f"Disk {name}") for name in range(6)]
    answer = exchange(phones, number, body)
    assert answer.count("is acknowledged") == 5
    assert answer.endswith("and 2 more.")
    assert {each.refresh().status for each in [case, *others]} == {Status.ACKNOWLEDGED}
    assert exchange(phones, number, body) == "Nothing waits for an answer from you."


def test_an_unknown_code_is_explained(phones: Phones, case: Case, number: str) -> None:
    answer = exchange(phones, number, "1 999")
    assert "There is no page with the code 999." in answer
    assert f"{case.page.code} (webshop)" in answer
    assert case.refresh().status == Status.NEW


@pytest.mark.parametrize("body", ["What?", "3", "17", "1 Tag Urlaub", "", "1 99999999999999999999"])
def test_anything_else_is_explained(phones: Phones, case: Case, number: str, body: str) -> None:
    if body:
        assert "Reply 1 and code" in exchange(phones, number, body)
    assert case.refresh().status == Status.NEW


def test_with_nothing_open(phones: Phones, world: World) -> None:
    assert exchange(phones, str(world.backup.mobile), "1") == "Nothing waits for an answer from you."


def test_strangers_learn_nothing(phones: Phones, case: Case) -> None:
    before = unknown_senders._value.get()
    after = phones.sequence
    phones.send_sms("+4917139200999", f"1 {case.page.code}", to="+496990009000")
    with pytest.raises(NothingHappenedError):
        phones.wait("+4917139200999", "sms", after=after, timeout=1)
    assert unknown_senders._value.get() == before + 1
    assert case.refresh().status == Status.NEW


def test_nobody_answers_for_somebody_else(phones: Phones, case: Case, number: str, world: World) -> None:
    answer = exchange(phones, str(world.backup.mobile), f"1 {case.page.code}")
    assert "There is no page with the code" in answer
    assert case.refresh().status == Status.NEW


def test_a_team_answers_from_its_phone(phones: Phones, case: Case) -> None:
    delivery = only(case, Channel.SMS)
    Delivery.objects.filter(pk=delivery.pk).update(to="+496990009100")
    Page.objects.filter(pk=case.page.pk).update(person=None, recipient="team:1", name="Service Desk")
    assert "is acknowledged" in exchange(phones, "+496990009100", f"1 {case.page.code}")
    assert case.refresh().assignee is None


def test_those_called_earlier_are_told_who_took_it(phones: Phones, case: Case, number: str, world: World) -> None:
    after = phones.sequence
    acknowledge(case.incident, by=world.backup, now=clock.now())
    send()
    text = phones.wait(number, "sms", after=after)["text"]
    assert text == f"webshop #{case.incident.number}: taken by Elif Nightly"


def test_those_called_earlier_are_told_that_it_is_over(phones: Phones, case: Case, number: str) -> None:
    after = phones.sequence
    resolve(case.incident, by=None, now=clock.now(), reason="recovered", actor_name="monitoring")
    send()
    text = phones.wait(number, "sms", after=after)["text"]
    assert text == f"webshop #{case.incident.number}: resolved by monitoring"
