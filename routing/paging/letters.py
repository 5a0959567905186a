"""Letters: mails and texts that are written when they are queued. They page nobody and wait for no answer."""

from dataclasses import dataclass
from datetime import datetime

from matrix.terms import Channel
from routing.wake import wake_post

from .models import Delivery, MailText


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one address; `calendar` is an iTIP message (RFC 5546) that goes beside the text."""

    to: str
    name: str
    language: str
    subject: str
    body: str
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A letter as a text message to one number (E.164); the body is GSM-7."""

    to: str
    name: str
    language: str
    body: str
    subject: str = ""
    calendar: str = ""


def post_letter(letter: Letter | Text, *, at: datetime, now: datetime) -> Delivery:
    """Queue the letter in the caller's transaction; it leaves at `at` or as soon after as can be."""
    delivery = Delivery.objects.create(
        kind=Delivery.Kind.LETTER,
        channel=Channel.SMS if isinstance(letter, Text) else Channel.EMAIL,
        to=letter.to,
        language=letter.language,
        next_attempt_at=at,
        created_at=now,
    )
    MailText.objects.create(
        delivery=delivery,
        name=letter.name,
        subject=" ".join(letter.subject.split()),
        body=letter.body,
        calendar=letter.calendar,
    )
    wake_post()
    return delivery
