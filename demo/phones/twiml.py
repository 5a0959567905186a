"""What a TwiML document says, as plain values. Pure: no network, no clock.

Attributes and defaults follow Twilio's TwiML reference. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

# Twilio repeats `loop="0"` until the call ends; a bound keeps a silent phone from repeating for ever.
MAX_LOOP = 20


class TwimlError(Exception):
    """The document is not TwiML at all."""


@dataclass(frozen=True)
class Say:
    text: str
    language: str
    loop: int


@dataclass(frozen=True)
class Play:
    url: str
    loop: int


@dataclass(frozen=True)
class Pause:
    length: float


@dataclass(frozen=True)
class Gather:
    prompts: tuple[Verb, ...]
    action: str
    method: str
    num_digits: int | None
    timeout: float
    finish_on_key: str
    action_on_empty: bool


@dataclass(frozen=True)
class Redirect:
    url: str
    method: str


@dataclass(frozen=True)
class Hangup:
    pass


@dataclass(frozen=True)
class Reject:
    reason: str


@dataclass(frozen=True)
class Number:
    number: str
    url: str
    method: str
    status_callback: str
    status_callback_method: str
    status_callback_events: tuple[str, ...]


@dataclass(frozen=True)
class Dial:
    numbers: tuple[Number, ...]
    action: str
    method: str
    timeout: float
    time_limit: float
    caller_id: str


@dataclass(frozen=True)
class Record:
    action: str
    method: str
    timeout: float
    max_length: float
    finish_on_key: str
    recording_callback: str
    transcribe: bool
    transcribe_callback: str


@dataclass(frozen=True)
class Message:
    """A text sent back to whoever wrote; only in answers to a text."""

    body: str
    to: str


@dataclass(frozen=True)
class Unknown:
    tag: str


Verb = Say | Play | Pause | Gather | Redirect | Hangup | Reject | Dial | Record | Message | Unknown


def parse(document: str) -> tuple[Verb, ...]:
    """The verbs of a document in order. Raises TwimlError where Twilio would refuse the document."""
    if not document.strip():
        return ()
    try:
        root = ET.fromstring(document)  # noqa: S314 - the answer of the system under test, on this machine
    except ET.ParseError as error:
        raise TwimlError(f"not XML: {error}") from error
    if root.tag != "Response":
        raise TwimlError(f"<{root.tag}> instead of <Response>")
    return tuple(_verb(element) for element in root)


def _verb(element: ET.Element) -> Verb:
    parser = _PARSERS.get(element.tag)
    return parser(element) if parser else Unknown(element.tag)


def _text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _seconds(attributes: Mapping[str, str], name: str, default: float) -> float:
    try:
        return max(0.0, float(attributes.get(name, default)))
    except ValueError:  # such as timeout="auto"
        return default


def _loop(attributes: Mapping[str, str]) -> int:
    loop = int(_seconds(attributes, "loop", 1))
    return min(loop, MAX_LOOP) if loop else MAX_LOOP


def _method(attributes: Mapping[str, str], name: str = "method") -> str:
    return attributes.get(name, "POST").upper()


def _say(element: ET.Element) -> Say:
    return Say(_text(element), element.get("language", ""), _loop(element.attrib))


def _play(element: ET.Element) -> Play:
    return Play(_text(element), _loop(element.attrib))


def _pause(element: ET.Element) -> Pause:
    return Pause(_seconds(element.attrib, "length", 1))


def _gather(element: ET.Element) -> Gather:
    count = element.get("numDigits", "")
    return Gather(
        prompts=tuple(_verb(child) for child in element),
        action=element.get("action", ""),
        method=_method(element.attrib),
        num_digits=int(count) if count.isdigit() and int(count) else None,
        timeout=_seconds(element.attrib, "timeout", 5),
        finish_on_key=element.get("finishOnKey", "#"),
        action_on_empty=element.get("actionOnEmptyResult", "false").lower() == "true",
    )


def _redirect(element: ET.Element) -> Redirect:
    return Redirect(_text(element), _method(element.attrib))


def _hangup(_element: ET.Element) -> Hangup:
    return Hangup()


def _reject(element: ET.Element) -> Reject:
    return Reject(element.get("reason", "rejected"))


def _number(element: ET.Element) -> Number:
    return Number(
        number=_text(element).replace(" ", ""),
        url=element.get("url", ""),
        method=_method(element.attrib),
        status_callback=element.get("statusCallback", ""),
        status_callback_method=_method(element.attrib, "statusCallbackMethod"),
        status_callback_events=tuple(element.get("statusCallbackEvent", "completed").split()),
    )


def _dial(element: ET.Element) -> Dial:
    nouns = element.findall("Number") or [element]
    return Dial(
        numbers=tuple(number for number in map(_number, nouns) if number.number),
        action=element.get("action", ""),
        method=_method(element.attrib),
        timeout=_seconds(element.attrib, "timeout", 30),
        time_limit=_seconds(element.attrib, "timeLimit", 4 * 60 * 60),
        caller_id=element.get("callerId", ""),
    )


def _record(element: ET.Element) -> Record:
    return Record(
        action=element.get("action", ""),
        method=_method(element.attrib),
        timeout=_seconds(element.attrib, "timeout", 5),
        max_length=_seconds(element.attrib, "maxLength", 3600),
        finish_on_key=element.get("finishOnKey", "1234567890*#"),
        recording_callback=element.get("recordingStatusCallback", ""),
        transcribe=element.get("transcribe", "false").lower() == "true" or "transcribeCallback" in element.attrib,
        transcribe_callback=element.get("transcribeCallback", ""),
    )


def _message(element: ET.Element) -> Message:
    body = element.find("Body")
    return Message(_text(element if body is None else body), element.get("to", ""))


_PARSERS: dict[str, Callable[[ET.Element], Verb]] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Gather": _gather,
    "Redirect": _redirect,
    "Hangup": _hangup,
    "Reject": _reject,
    "Dial": _dial,
    "Record": _record,
    "Message": _message,
}
