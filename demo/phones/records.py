"""What happened: calls, messages, mails. All instants are UTC."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

# Twilio's final states of a call.
ENDED = frozenset({"completed", "busy", "no-answer", "canceled", "failed"})

LineKind = Literal["say", "play", "key", "caller", "note", "error"]


def now() -> datetime:
    return datetime.now(UTC)


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


@dataclass(frozen=True)
class Webhook:
    """An address of the product that wants to know; `events` in Twilio's words."""

    url: str
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)


@dataclass(frozen=True)
class Source:
    """Where a call's next TwiML comes from: an address, or the text itself."""

    url: str = ""
    method: str = "POST"
    twiml: str = ""
    params: tuple[tuple[str, str], ...] = ()


@dataclass
class Callback:
    """One request to the product, with what came of it."""

    event: str
    url: str
    params: dict[str, str]
    created_at: datetime = field(default_factory=now)
    sent_at: datetime | None = None
    attempts: int = 0
    status: int | None = None
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "event": self.event,
            "url": self.url,
            "params": self.params,
            "created_at": iso(self.created_at),
            "sent_at": iso(self.sent_at),
            "attempts": self.attempts,
            "status": self.status,
            "error": self.error,
        }


@dataclass(frozen=True)
class Line:
    """One thing heard, pressed or gone wrong in a call."""

    kind: LineKind
    text: str
    language: str = ""
    at: datetime = field(default_factory=now)

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "text": self.text, "language": self.language, "at": iso(self.at)}


@dataclass
class Recording:
    sid: str
    call_sid: str
    url: str
    duration: int
    transcript: str

    def as_json(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "url": self.url,
            "duration": self.duration,
            "transcript": self.transcript,
        }


@dataclass
class Inputs:
    """What people and the REST interface want of a call that is under way."""

    answer: bool = False
    end_as: str = ""
    digits: deque[str] = field(default_factory=deque)
    speech: deque[str] = field(default_factory=deque)
    redirect: Source | None = None
    # What a phone that answers by itself will press, one Gather at a time.
    auto_keys: str = ""


@dataclass
class Call:
    to: str
    from_: str
    direction: Literal["inbound", "outbound-api", "outbound-dial"]
    epoch: int
    source: Source = field(default_factory=Source)
    webhook: Webhook | None = None
    ring_seconds: float = 60
    detect_machine: bool = False
    parent_sid: str = ""
    behaviour: str = "ring"
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: str = "queued"
    answered_by: str = ""
    error: str = ""
    created_at: datetime = field(default_factory=now)
    started_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    partner: Call | None = None
    lines: list[Line] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    sequence: int = 0
    inputs: Inputs = field(default_factory=Inputs)

    @property
    def phone(self) -> str:
        """The simulated phone in this call; the other end is the provider."""
        return self.from_ if self.direction == "inbound" else self.to

    @property
    def is_over(self) -> bool:
        return self.status in ENDED

    @property
    def duration(self) -> int:
        """Whole seconds between answer and end; 0 where there was no answer."""
        if not (self.answered_at and self.ended_at):
            return 0
        return round((self.ended_at - self.answered_at).total_seconds())

    def as_json(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "to": self.to,
            "from": self.from_,
            "number": self.phone,
            "direction": self.direction,
            "parent_sid": self.parent_sid,
            "status": self.status,
            "answered_by": self.answered_by,
            "error": self.error,
            "created_at": iso(self.created_at),
            "ringing_at": iso(self.ringing_at),
            "answered_at": iso(self.answered_at),
            "ended_at": iso(self.ended_at),
            "duration": self.duration,
            "lines": [line.as_json() for line in self.lines],
            "spoken": [line.text for line in self.lines if line.kind == "say"],
            "keys": "".join(line.text for line in self.lines if line.kind == "key"),
            "errors": [line.text for line in self.lines if line.kind == "error"],
            "recordings": [recording.as_json() for recording in self.recordings],
            "callbacks": [callback.as_json() for callback in self.callbacks],
        }


@dataclass
class Message:
    to: str
    from_: str
    body: str
    direction: Literal["inbound", "outbound-api", "outbound-reply"]
    epoch: int
    webhook: Webhook | None = None
    behaviour: str = "ring"
    sid: str = field(default_factory=lambda: new_sid("SM"))
    status: str = "queued"
    error_code: int | None = None
    created_at: datetime = field(default_factory=now)
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    callbacks: list[Callback] = field(default_factory=list)

    @property
    def phone(self) -> str:
        return self.from_ if self.direction == "inbound" else self.to

    def as_json(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "to": self.to,
            "from": self.from_,
            "number": self.phone,
            "body": self.body,
            "direction": "in" if self.direction == "inbound" else "out",
            "status": self.status,
            "error_code": self.error_code,
            "created_at": iso(self.created_at),
            "sent_at": iso(self.sent_at),
            "delivered_at": iso(self.delivered_at),
            "callbacks": [callback.as_json() for callback in self.callbacks],
        }


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    received_at: datetime = field(default_factory=now)

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
            "received_at": iso(self.received_at),
        }


@dataclass(frozen=True)
class Event:
    """One entry of the log. `number` is the phone's number, or the address for mail."""

    seq: int
    kind: str
    number: str
    sid: str
    text: str
    at: datetime = field(default_factory=now)

    def as_json(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "event": self.kind,
            "number": self.number,
            "sid": self.sid,
            "text": self.text,
            "at": iso(self.at),
        }
