"""The simulated phones, and an incident whose first page is on its way to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic, sleep

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from demo.phones.client import Phones
from demo.phones.process import PhonesProcess, start_phones
from matrix.terms import Channel
from portal import clock
from portal.models import Person
from routing.incidents.models import Incident
from routing.incidents.services import create_incident
from routing.paging import sending
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery, Page
from tests.people import World

SID, TOKEN = "AC" + "0" * 32, "only-for-tests"
TITLE = "HTTP 503 auf allen Fronten"


@pytest.fixture(scope="module")
def phones_process() -> Iterator[PhonesProcess]:
    """One process for the tests of a module."""
    with start_phones(account_sid=SID, auth_token=TOKEN) as process:
        yield process


@pytest.fixture
def phones(
    phones_process: PhonesProcess, live_server: LiveServer, settings: Settings, transactional_db: None
) -> Phones:
    """Phones and mailbox without calls, messages or modes; the product calls them, and they call the product."""
    settings.TWILIO_BASE_URL = phones_process.url
    settings.TWILIO_TIMEOUT_SECONDS = 1.0
    settings.PUBLIC_URL = live_server.url
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = phones_process.smtp_port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    phones_process.client.configure(
        sms_url=f"{live_server.url}/telephony/sms/", voice_url=f"{live_server.url}/telephony/voice/"
    )
    phones_process.client.reset()
    return phones_process.client


@dataclass
class Case:
    """A Blocker that monitoring reported: the on-call engineer has been paged by call and SMS; nothing is sent yet."""

    incident: Incident
    page: Page

    @property
    def number(self) -> str:
        return self.delivery(Channel.VOICE).to

    def delivery(self, channel: str, page: Page | None = None) -> Delivery:
        return (page or self.page).deliveries.get(channel=channel, kind=Delivery.Kind.PAGE)

    def next_page(self) -> Page | None:
        return self.page.escalation.pages.exclude(pk=self.page.pk).order_by("pk").last()

    def refresh(self) -> Incident:
        self.incident.refresh_from_db()
        return self.incident


def report(world: World, title: str = TITLE) -> Case:
    incident = create_incident(
        project=world.webshop,
        priority="blocker",
        title=title,
        source=Incident.Source.MONITORING,
        by=None,
        now=clock.now(),
    )
    advance()
    return Case(incident, Page.objects.get(escalation__incident=incident))


def alone(case: Case) -> Case:
    """As if its messages had not been bundled with earlier ones to the same number."""
    for delivery in case.page.deliveries.all():
        if delivery.pages.count() > 1:
            delivery.pages.remove(case.page)
            Delivery.objects.create(
                channel=delivery.channel,
                to=delivery.to,
                language=delivery.language,
                next_attempt_at=delivery.created_at,
                created_at=delivery.created_at,
            ).pages.add(case.page)
    return case


def advance() -> None:
    advance_due(now=clock.now())


def send() -> None:
    """What a worker does each second."""
    sending.send_all_due(now=clock.now())


def only(case: Case, channel: str) -> Delivery:
    """The delivery by `channel`; the others are taken away, so that they do not disturb."""
    case.page.deliveries.exclude(channel=channel).delete()
    return case.delivery(channel)


def german(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(language="de")


def wait_for(fact: Callable[[], bool], seconds: float = 5) -> None:
    """Until the provider's callbacks have been taken in; fails after `seconds`."""
    end = monotonic() + seconds
    while not fact():
        assert monotonic() < end, "it did not come to that"
        sleep(0.02)


def wait_for_state(delivery: Delivery, state: str) -> None:
    def reached() -> bool:
        delivery.refresh_from_db()
        return delivery.state == state

    wait_for(reached)


@pytest.fixture
def case(world: World, transactional_db: None) -> Case:
    return report(world)
