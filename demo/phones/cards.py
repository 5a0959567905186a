"""What the page shows of one phone, worked out from the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from itertools import chain
from typing import Literal

from django.utils.html import strip_tags, urlize
from django.utils.safestring import SafeString, mark_safe

from demo.phones.directory import Phone
from demo.phones.records import Call, Line, Mail, Message, now
from demo.phones.switchboard import Switchboard

# A phone stays in the section "now" so long after the last thing that happened on it.
LINGERS = timedelta(seconds=90)
SHOWN = 40

State = Literal["ringing", "talking", "calling", "idle"]


@dataclass(frozen=True)
class LiveCall:
    sid: str
    number: str
    state: State
    other: str
    since: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Item:
    """One entry of a phone's history."""

    id: str
    at: datetime
    kind: Literal["in", "out", "mail", "call"]
    title: str
    text: SafeString
    lines: tuple[Line, ...] = ()
    keys: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Card:
    phone: Phone
    state: State
    active: bool
    calls: tuple[LiveCall, ...]
    items: tuple[Item, ...]
    modes: tuple[tuple[str, str], ...]  # number, mode


def linked(text: str) -> SafeString:
    """The text with its addresses as links that open beside the phones."""
    html = urlize(text, autoescape=True)
    return mark_safe(html.replace("<a href", '<a target="_blank" rel="noopener" href'))  # noqa: S308 - escaped above


def card(board: Switchboard, phone: Phone, lang: str) -> Card:
    with board.changed:
        calls = [call for call in board.calls.values() if call.phone in phone.numbers]
        messages = [message for message in board.messages.values() if message.phone in phone.numbers]
        mails = [mail for mail in board.mails if phone.email and phone.email in map(str.lower, mail.recipients)]
        modes = tuple((number, board.behaviours.peek(number).mode) for number in phone.numbers)
        live = tuple(_live(board, call, lang) for call in calls if call.status in {"ringing", "in-progress"})
        items = _items(board, calls, messages, mails, lang)
    states: list[State] = ["ringing", "talking", "calling"]
    state: State = next((each for each in states if any(call.state == each for call in live)), "idle")
    active = bool(live) or any(item.at > now() - LINGERS for item in items[-1:])
    return Card(phone, state, active, live, items, modes)


def _live(board: Switchboard, call: Call, lang: str) -> LiveCall:
    waiting: State = "calling" if call.direction == "inbound" else "ringing"
    other = call.to if call.direction == "inbound" else call.from_
    if call.partner:
        other = call.partner.phone
    return LiveCall(
        sid=call.sid,
        number=call.phone,
        state="talking" if call.status == "in-progress" else waiting,
        other=board.directory.name(other, lang),
        since=call.answered_at or call.created_at,
        lines=tuple(call.lines),
    )


def _items(
    board: Switchboard, calls: list[Call], messages: list[Message], mails: list[Mail], lang: str
) -> tuple[Item, ...]:
    found = chain(
        (_call_item(board, call, lang) for call in calls if call.ended_at),
        (_message_item(board, message, lang) for message in messages if message.delivered_at),
        (_mail_item(mail) for mail in mails),
    )
    return tuple(sorted(found, key=lambda item: item.at)[-SHOWN:])


def _call_item(board: Switchboard, call: Call, lang: str) -> Item:
    other = call.to if call.direction == "inbound" else call.from_
    keys = "".join(line.text for line in call.lines if line.kind == "key")
    ended = call.ended_at or call.created_at
    failed = call.status != "completed"
    return Item(
        call.sid, ended, "call", call.status, linked(board.directory.name(other, lang)), tuple(call.lines), keys, failed
    )


def _message_item(board: Switchboard, message: Message, lang: str) -> Item:
    at = message.delivered_at or message.created_at
    if message.direction == "inbound":
        failed = message.status == "failed"
        return Item(message.sid, at, "out", "", linked(message.body), failed=failed)
    sender = board.directory.name(message.from_, lang)
    return Item(message.sid, at, "in", sender, linked(message.body))


def _mail_item(mail: Mail) -> Item:
    text = mail.text or unescape(strip_tags(mail.html))
    key = mail.headers.get("Message-ID", "") or mail.received_at.isoformat()
    return Item(f"mail {key}", mail.received_at, "mail", mail.subject, linked(text.strip()))
