"""A process is killed at each of the places where something could be lost or done twice; none of it is.

Every test kills one process with SIGKILL at a named place, once, and a keeper starts it again.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.db.models import F

from demo.phones.process import PhonesProcess, start_phones
from portal import clock
from portal.embedded import Valkey
from routing.incidents.models import Incident, Status
from routing.incidents.services import create_incident
from routing.intake.keys import create_intake_key
from routing.intake.models import Signal
from routing.models import Delivery, Escalation, Page, Pulse
from tests.people import World, make_world
from tests.processes import COMMANDS, database_url, eventually, free_port, surroundings, web

from .herd import Herd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

UNFINISHED = ["queued", "sending", "unknown"]


class House:
    """A world with phones, and processes of which one is to die at the place `at`."""

    def __init__(self, world: World, phones: PhonesProcess, redis: Valkey, directory: Path) -> None:
        self.world = world
        self.phones = phones.client
        self._phones = phones
        self._redis = redis
        self._directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def number(self) -> str:
        """The telephone of whoever is called first."""
        return str(self.world.oncall.mobile)

    def running(self, *names: str, at: str) -> AbstractContextManager[Herd]:
        commands = {name: web(self.port) if name == "web" else COMMANDS[name] for name in names}
        environment = surroundings(
            database_url=database_url(), redis_url=self._redis.url, phones=self._phones, port=self.port
        )
        self.phones.configure(sms_url=f"{self.url}/telephony/sms/")
        return Herd(commands, {**environment, "KILL_POINTS": f"{at}={self.flag}"}, logs=self._directory)

    @property
    def flag(self) -> Path:
        return self._directory / "died"

    def wait_until_it_ticks(self) -> None:
        eventually(lambda: Pulse.objects.filter(name="tick").exists(), seconds=60)

    def wait_until_web_answers(self) -> None:
        eventually(lambda: self._answers("/healthz"), seconds=60)

    def _answers(self, path: str) -> bool:
        try:
            return requests.get(f"{self.url}{path}", timeout=5).ok
        except requests.ConnectionError:
            return False

    def alert(self) -> Incident:
        return create_incident(
            project=self.world.webshop,
            priority="blocker",
            title="HTTP 503 on all frontends",
            source=Incident.Source.MONITORING,
            by=None,
            now=clock.now(),
        )

    def wait_for_death(self) -> None:
        eventually(self.flag.exists)

    def wait_until_all_is_sent(self) -> None:
        eventually(lambda: Delivery.objects.exists() and not Delivery.objects.filter(state__in=UNFINISHED).exists())

    def let_leases_run_out(self) -> None:
        """The dead process's minute is over at once."""
        Delivery.objects.filter(state=Delivery.State.SENDING).update(leased_until=F("leased_until") - timedelta(days=1))

    def assert_paged_once(self) -> None:
        """One page to the primary, one call and one text, as the provider saw it too."""
        assert Page.objects.count() == 1
        assert len(self.phones.calls(to=self.number)) == 1
        assert len(self.phones.messages(to=self.number)) == 1


@pytest.fixture
def phones() -> Iterator[PhonesProcess]:
    sid, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    with start_phones(account_sid=sid, auth_token=token, time_scale=0.2) as process:
        yield process


@pytest.fixture
def house(transactional_db: None, phones: PhonesProcess, redis_server: Valkey, tmp_path: Path) -> House:
    return House(make_world(), phones, redis_server, tmp_path)


def test_a_sender_dies_between_claim_and_sending(house: House) -> None:
    with house.running("beat", "worker", "sender", at="claimed"):
        house.wait_until_it_ticks()
        house.alert()
        house.wait_for_death()
        assert Delivery.objects.filter(state=Delivery.State.SENDING).exists()
        house.let_leases_run_out()
        house.wait_until_all_is_sent()
    house.assert_paged_once()


def test_a_sender_dies_between_the_providers_acceptance_and_our_commit(house: House) -> None:
    """No callback arrives here, so the provider is asked: what it has is adopted, not sent again."""
    with house.running("beat", "worker", "sender", at="accepted"):
        house.wait_until_it_ticks()
        house.alert()
        house.wait_for_death()
        house.let_leases_run_out()
        house.wait_until_all_is_sent()
    house.assert_paged_once()
    accepted = set(Delivery.objects.values_list("provider_id", flat=True))
    there = [*house.phones.calls(to=house.number), *house.phones.messages(to=house.number)]
    assert accepted == {record["sid"] for record in there}


def test_a_callback_tells_what_the_dead_sender_could_not(house: House) -> None:
    with house.running("web", "beat", "worker", "sender", at="accepted"):
        house.wait_until_it_ticks()
        house.wait_until_web_answers()
        house.alert()
        house.wait_for_death()
        house.wait_until_all_is_sent()  # though no lease has run out
    house.assert_paged_once()


@pytest.mark.parametrize("place", ["before_tick_commit", "after_tick_commit", "before_wake_up"])
def test_a_worker_dies_in_the_tick(house: House, place: str) -> None:
    with house.running("beat", "worker", "sender", at=place):
        house.wait_until_it_ticks()
        house.alert()
        house.wait_for_death()
        house.wait_until_all_is_sent()
    house.assert_paged_once()
    escalation = Escalation.objects.get()
    assert escalation.due_at == Page.objects.get().created_at + timedelta(minutes=30)


@pytest.mark.parametrize("place", ["before_answer_commit", "after_answer_commit"])
@pytest.mark.parametrize("way", ["voice", "sms"])
def test_the_web_server_dies_while_somebody_acknowledges(house: House, place: str, way: str) -> None:
    """The provider repeats a request whose connection broke: it is answered once, and nobody else is called."""
    if way == "voice":
        house.phones.mode(house.number, "answer", keys="1")
    with house.running("web", "beat", "worker", "sender", at=place):
        house.wait_until_it_ticks()
        house.wait_until_web_answers()
        incident = house.alert()
        if way == "sms":
            house.phones.wait(house.number, "sms", timeout=20)
            house.phones.send_sms(house.number, "1", to=settings.TWILIO_FROM_NUMBER)
        house.wait_for_death()
        eventually(lambda: Incident.objects.get().status == Status.ACKNOWLEDGED)
        told = "is acknowledged" if place == "before_answer_commit" else "is yours already"
        eventually(lambda: any(told in text for text in _heard(house, way)))
    assert incident.timeline.filter(kind="acknowledged").count() == 1
    assert Escalation.objects.get().state == Escalation.State.ACKNOWLEDGED
    assert Page.objects.get().state == Page.State.ACKNOWLEDGED


def _heard(house: House, way: str) -> list[str]:
    if way == "sms":
        return [message["body"] for message in house.phones.messages(to=house.number)]
    return [text for call in house.phones.calls(to=house.number) for text in call["spoken"]]


@pytest.mark.parametrize("place", ["before_intake_commit", "before_wake_up"])
def test_the_web_server_dies_while_a_signal_arrives(house: House, place: str) -> None:
    """Monitoring gets no answer and posts again: before the commit nothing is there, after it the same incident."""
    _key, token = create_intake_key(project=house.world.webshop, name="alerts", by=None, now=clock.now())
    with house.running("web", at=place):
        house.wait_until_web_answers()
        with pytest.raises(requests.ConnectionError):
            _post(house, token)
        house.wait_for_death()
        kept = int(place == "before_wake_up")
        assert Signal.objects.count() == kept
        assert Escalation.objects.filter(due_at__lte=clock.now()).count() == kept
        answer = _post(house, token)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 1, "incidents": [Incident.objects.get().number]}
    assert Escalation.objects.count() == 1


def _post(house: House, token: str) -> requests.Response:
    alert = {"labels": {"alertname": "Down", "severity": "critical"}, "status": "firing"}
    return requests.post(f"{house.url}/intake/{token}/alertmanager/", json={"alerts": [alert]}, timeout=15)


@pytest.mark.parametrize("at", ["claimed", "before_wake_up"])
def test_a_customer_is_told_once_whoever_dies(house: House, at: str) -> None:
    """A receipt survives the sender that had it, and the process that was to wake one."""
    alice = house.world.alice
    with house.running("web", "beat", "worker", "sender", at=at):
        house.wait_until_it_ticks()
        house.wait_until_web_answers()
        create_incident(
            project=house.world.webshop,
            kind=Incident.Kind.REQUEST,
            priority="minor",
            title="Two more servers",
            source=Incident.Source.PORTAL,
            by=alice,
            reporter=alice,
            now=clock.now(),
        )
        house.wait_for_death()
        house.let_leases_run_out()
        house.wait_until_all_is_sent()
    assert len(house.phones.mails(to=alice.email)) == 1
