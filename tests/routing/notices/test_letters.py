"""The mails as they arrive, over real SMTP."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from demo.phones.client import Phones
from matrix.models import Topic
from portal import clock
from portal.models import Person, Project
from routing.incidents import services
from routing.incidents.models import Incident
from routing.notices.services import choose
from routing.paging import sending
from routing.paging.models import Delivery
from tests.people import PRIVATE, SUNDAY_NIGHT, TUESDAY, World, minutes

from .test_telling import act, report

Mail = dict[str, Any]


@pytest.fixture
def world(phones: Phones, world: World) -> World:
    """People, and a mailbox that their mails go to."""
    return world


def sent(phones: Phones, person: Person) -> list[Mail]:
    """Every mail to the person, after all that is queued has been sent."""
    Delivery.objects.filter(state="queued").update(next_attempt_at=clock.now())
    sending.send_due_post(now=clock.now())
    return [{**mail, "text": mail["text"].replace("\r\n", "\n")} for mail in phones.mails(to=person.email)]


def mail_about(phones: Phones, person: Person, heading: str) -> Mail:
    """The one mail with this heading."""
    [found] = [mail for mail in sent(phones, person) if f" {heading}: " in mail["subject"]]
    return found


def at(incident_at: datetime, world: World, **fields: Any) -> Incident:
    return services.create_incident(
        project=fields.pop("project", world.webshop),
        title=fields.pop("title", "The shop is down"),
        priority=fields.pop("priority", "blocker"),
        source=Incident.Source.PORTAL,
        by=world.alice,
        reporter=world.alice,
        now=incident_at,
        **fields,
    )


def german(person: Person) -> None:
    person.language = "de"
    person.save()


def test_a_receipt_says_by_when_there_is_an_answer(world: World, phones: Phones, settings: Settings) -> None:
    incident = at(TUESDAY, world)
    mail = mail_about(phones, world.alice, "received")
    assert mail["subject"] == f"#{incident.pk} received: The shop is down"
    assert mail["text"] == (
        "Hello Alice Alster,\n\n"
        "we have received your report.\n\n"
        f"  #{incident.pk} The shop is down\n"
        "  Project: webshop (Webshop)\n"
        "  Priority: Blocker\n"
        "  Reported: Tue 24 Nov 2026, 10:00\n"
        "  An answer by: Tue 24 Nov 2026, 11:00\n\n"
        "Those responsible are being notified. If nobody answers, the next are\n"
        "called.\n\n"
        "Read and answer in the portal:\n"
        f"{settings.PUBLIC_URL}/incidents/{incident.pk}/\n\n"
        "-- \n"
        "Nordhafen · +49 69 90009000\n"
        "This message was sent automatically. Replies to it are not read: please\n"
        "answer in the portal.\n"
        "All times are those of Europe/Berlin.\n"
        f"Which messages you get is up to you:\n{settings.PUBLIC_URL}/profile/notices/"
    )
    assert f'<a href="{settings.PUBLIC_URL}/incidents/{incident.pk}/">' in mail["html"]
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"
    assert mail["headers"]["References"] == "<incident-" + incident.number + "@localhost>"


def test_a_receipt_in_german_and_in_the_readers_zone(world: World, phones: Phones) -> None:
    german(world.alice)
    world.alice.zone = "Asia/Tokyo"
    world.alice.save()
    incident = at(TUESDAY, world, title="Der Shop ist nicht erreichbar")
    mail = mail_about(phones, world.alice, "eingegangen")
    assert mail["subject"] == f"#{incident.pk} eingegangen: Der Shop ist nicht erreichbar"
    assert "Guten Tag Alice Alster," in mail["text"]
    assert "Reaktion bis: Di 24.11.2026, 19:00" in mail["text"]
    assert "Asia/Tokyo" in mail["text"]
    assert '<html lang="de">' in mail["html"]


def test_what_waits_for_the_opening_says_so(world: World, phones: Phones) -> None:
    at(SUNDAY_NIGHT, world, priority="minor")
    mail = mail_about(phones, world.alice, "received")
    assert "We start when the office opens: Mon 30 Nov 2026, 08:00." in mail["text"]
    assert "An answer by: Mon 30 Nov 2026, 12:00" in mail["text"]


def test_an_acknowledgement_names_on_call_people_to_nobody(world: World, phones: Phones) -> None:
    incident = at(TUESDAY, world)
    services.acknowledge(incident, by=world.oncall, now=TUESDAY + minutes(12))
    mail = mail_about(phones, world.alice, "taken")
    assert "your report has been taken by: on-call engineer." in mail["text"]
    assert "Answered: Tue 24 Nov 2026, 10:12, within the target (Tue 24 Nov 2026,\n    11:00)" in mail["text"]
    assert "Marek" not in mail["text"] + mail["html"]


def test_an_acknowledgement_after_the_target_says_so(world: World, phones: Phones) -> None:
    incident = at(TUESDAY, world)
    services.acknowledge(incident, by=world.sdm, now=TUESDAY + minutes(75))
    mail = mail_about(phones, world.alice, "taken")
    assert "taken by: Jana Manager." in mail["text"]
    assert "after the target" in mail["text"]


def test_a_question_stands_in_the_mail(world: World, phones: Phones) -> None:
    german(world.alice)
    incident = report(world)
    act(world, incident, "acknowledge")
    services.wait(incident, by=world.sdm, now=clock.now(), question="Seit wann?\nWer ist <betroffen>?")
    mail = mail_about(phones, world.alice, "wir brauchen Ihre Antwort")
    assert "\n  Seit wann?\n  Wer ist <betroffen>?\n" in mail["text"]
    assert "Seit wann?<br>Wer ist &lt;betroffen&gt;?" in mail["html"]


def test_a_public_note_stands_in_the_mail(world: World, phones: Phones) -> None:
    incident = report(world)
    act(world, incident, "acknowledge", "note", "whisper")
    mail = mail_about(phones, world.alice, "message")
    assert "\n  Half way\n" in mail["text"]


def test_a_resolution_says_how_to_open_it_again(world: World, phones: Phones, settings: Settings) -> None:
    settings.AUTO_CLOSE_DAYS = 14
    incident = at(TUESDAY, world)
    services.resolve(incident, by=world.oncall, now=TUESDAY + minutes(400), reason="Disk replaced")
    mail = mail_about(phones, world.alice, "resolved")
    assert "  Resolved: Disk replaced\n" in mail["text"]
    assert "Restored: Tue 24 Nov 2026, 16:40, after the target" in mail["text"]
    assert "Until Tue 8 Dec 2026 you can open it again" in mail["text"]


def test_everything_in_german(world: World, phones: Phones) -> None:
    german(world.alice)
    incident = report(world)
    act(world, incident, "acknowledge", "start", "note", "ask", "resolve", "reopen")
    mails = sent(phones, world.alice)
    assert len(mails) == 6
    assert {mail["headers"]["References"] for mail in mails} == {f"<incident-{incident.pk}@localhost>"}
    for mail in mails:
        assert mail["text"].startswith("Guten Tag Alice Alster,")
        assert not re.search(
            r"\b(your|you|the|we|please|Reported|Priority)\b", mail["text"].replace(incident.title, "")
        )
        assert "Nachricht wurde automatisch verschickt" in mail["text"]


def test_no_mail_holds_what_customers_may_not_read(world: World, phones: Phones) -> None:
    incident = report(world)
    act(world, incident, "whisper", "acknowledge", "note", "ask", "answer", "pass on", "resolve", "reopen")
    everything = str(sent(phones, world.alice))
    for secret in ("Secret", "Marek", "Nightly", "Elif", PRIVATE, "Stadtwerke", "Emergency"):
        assert secret not in everything


def test_lines_are_short_but_for_what_cannot_be_broken(world: World, phones: Phones) -> None:
    german(world.alice)
    Project.objects.filter(pk=world.webshop.pk).update(name="Ein wirklich langer Name " * 6)
    incident = report(world, title="Ein Titel mit sehr vielen Wörtern " * 5 + "\x07 und Ende")
    act(world, incident, "acknowledge", "start", "resolve")
    for mail in sent(phones, world.alice):
        assert len(mail["subject"]) < 200
        assert "\n" not in mail["subject"]
        for line in mail["text"].splitlines():
            assert len(line) <= 72 or "http" in line


def test_what_is_not_wanted_any_more_is_not_sent(world: World, phones: Phones) -> None:
    incident = report(world)
    choose(by=world.alice, wanted={"receipt": False})
    act(world, incident, "acknowledge")
    assert [mail["subject"].split(":")[0] for mail in sent(phones, world.alice)] == [f"#{incident.pk} taken"]


def test_a_contact_that_left_gets_nothing_that_was_queued(world: World, phones: Phones) -> None:
    report(world)
    world.alice.contacts.update(left_at=clock.now() - timedelta(seconds=1))
    assert sent(phones, world.alice) == []


def test_a_request_names_its_topic_and_no_priority(world: World, phones: Phones) -> None:
    german(world.alice)
    topic = Topic.objects.create(key="change", name_de="Änderung", name_en="Change", roles=["sdm"], answer_minutes=480)
    request = at(TUESDAY, world, kind="request", topic=topic, priority="minor")
    services.acknowledge(request, by=world.sdm, now=TUESDAY + minutes(5))
    received, taken = sent(phones, world.alice)
    for mail in (received, taken):
        assert "Thema: Änderung" in mail["text"]
        assert "Priorität" not in mail["text"]
    assert "anrufen" not in taken["text"]
