"""Letters leave when they are due, say what was written, and are missed when they do not arrive."""

import smtplib
from datetime import timedelta

from django.core import mail

from portal import clock
from routing.housekeeping import keep_house
from routing.paging import deliveries, sending
from routing.paging.letters import Letter, post_letter
from routing.paging.models import Alarm, Delivery, MailText
from tests.people import World

LETTER = Letter("alice@alster.example", "Alice Alster", "en", "Your\nrequest", "Hello,\n\nthank you.\n")


def test_a_letter_leaves_when_it_is_due(world: World) -> None:
    now = clock.now()
    later = post_letter(LETTER, at=now + timedelta(hours=1), now=now)
    sending.send_delivery(later.pk)
    assert mail.outbox == []
    sending.send_delivery(post_letter(LETTER, at=now, now=now).pk)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.body) == ([LETTER.to], "Your request", LETTER.body)
    assert sent.message().get_content_type() == "text/plain"


def test_an_invitation_goes_beside_the_text(world: World) -> None:
    now = clock.now()
    letter = Letter(LETTER.to, "Alice", "en", "Appointment", "Hello Grüße", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    sending.send_delivery(post_letter(letter, at=now, now=now).pk)
    message = mail.outbox[0].message()
    assert message.get_content_type() == "multipart/alternative"
    text, calendar = message.get_payload()
    assert text.get_content_type() == "text/plain"
    assert calendar.get_content_type() == "text/calendar"
    assert (calendar.get_param("method"), calendar.get_content_charset()) == ("REQUEST", "utf-8")


def test_one_that_cannot_arrive_raises_an_alarm(world: World) -> None:
    now = clock.now()
    delivery = post_letter(LETTER, at=now, now=now)
    deliveries.failed(delivery, error=str(smtplib.SMTPRecipientsRefused({})), now=now, number=True)
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.data["name"]) == ("delivery_failed", "Alice Alster")
    assert LETTER.to not in str(alarm.data) + alarm.key


def test_what_old_letters_said_is_forgotten(world: World) -> None:
    now = clock.now()
    old, waiting = (post_letter(LETTER, at=now, now=now) for _number in range(2))
    deliveries.delivered(old, now=now)
    keep_house(now=now + timedelta(days=31))
    assert MailText.objects.get().delivery == waiting
    assert Delivery.objects.count() == 2


def test_letters_take_nothing_from_what_pages_people(world: World) -> None:
    now = clock.now()
    due, later = (post_letter(LETTER, at=now + timedelta(hours=hours), now=now) for hours in (0, 1))
    assert sending.due_deliveries(now=now + timedelta(hours=2)) == []
    assert sending.due_post(now=now) == [due.pk]
    assert sending.due_post(now=now + timedelta(hours=2)) == [due.pk]  # one after the other to one address
    sending.send_delivery(due.pk)
    assert sending.due_post(now=now + timedelta(hours=2)) == [later.pk]


def test_a_letter_that_is_to_leave_later_holds_back_nothing(world: World) -> None:
    now = clock.now()
    post_letter(LETTER, at=now + timedelta(hours=1), now=now)
    due = post_letter(LETTER, at=now, now=now)
    assert sending.due_post(now=now) == [due.pk]
