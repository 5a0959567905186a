"""All that this process remembers, behind one lock, and the log of what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache

from demo.phones.behaviour import Behaviours
from demo.phones.config import Config
from demo.phones.directory import Directory
from demo.phones.records import Call, Event, Line, LineKind, Mail, Message, Recording, Source


class CallEnded(Exception):
    """The call ended while something was being waited for or said."""


class CallRedirected(Exception):
    """The REST interface sent the call to other instructions."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.url)
        self.source = source


class Switchboard:
    """State of the simulated telephone network.

    Every change is made holding `changed`, which wakes whoever waits. After a reset, threads of calls from before
    go on to their end but are no longer heard: their records carry an older `epoch`.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.directory = Directory.load(config.directory)
        self.changed = threading.Condition(threading.RLock())
        self.sms_url = config.sms_url
        self.voice_url = config.voice_url
        self.voice_status_url = config.voice_status_url
        self.sequence = 0
        self.epoch = 0
        self._forget()

    def _forget(self) -> None:
        self.calls: dict[str, Call] = {}
        self.messages: dict[str, Message] = {}
        self.mails: list[Mail] = []
        self.recordings: dict[str, Recording] = {}
        self.events: list[Event] = []
        self.behaviours = Behaviours()

    def reset(self) -> None:
        """Forget everything but the addresses of the product and the place in the log."""
        with self.changed:
            for call in self.calls.values():
                call.inputs.end_as = "completed"
            self.epoch += 1
            self._forget()
            self.changed.notify_all()

    def publish(self, kind: str, number: str, *, sid: str = "", text: str = "") -> None:
        with self.changed:
            self.sequence += 1
            self.events.append(Event(self.sequence, kind, number, sid, text))
            self.changed.notify_all()

    def is_current(self, record: Call | Message) -> bool:
        return record.epoch == self.epoch

    def tell(self, record: Call | Message, kind: str, text: str = "") -> None:
        """Publish something about a call or message, unless a reset has forgotten it."""
        with self.changed:
            if self.is_current(record):
                self.publish(kind, record.phone, sid=record.sid, text=text)

    def add_line(self, call: Call, kind: LineKind, text: str, language: str = "") -> None:
        with self.changed:
            call.lines.append(Line(kind, text, language))
            self.tell(call, "spoken" if kind == "say" else kind, text)

    def events_after(self, seq: int) -> list[Event]:
        with self.changed:
            # The log is dense and ordered, so the ones wanted stand at its end.
            newer = min(self.sequence - seq, len(self.events))
            return self.events[-newer:] if newer > 0 else []

    def wait_for_event(self, match: Callable[[Event], bool], after: int, timeout: float) -> Event | None:
        """The first event after `after` that matches; None after `timeout` seconds."""

        def found() -> Event | None:
            return next((event for event in self.events_after(after) if match(event)), None)

        with self.changed:
            return self.changed.wait_for(found, timeout)

    def wait(self, call: Call, seconds: float | None, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait within a call, `seconds` at most (None: without limit), for `until`.

        True if it came. Raises CallEnded or CallRedirected when that comes first.
        """
        inputs = call.inputs
        with self.changed:
            self.changed.wait_for(lambda: inputs.end_as or inputs.redirect or until(), seconds)
            if inputs.end_as:
                raise CallEnded
            if inputs.redirect:
                source, inputs.redirect = inputs.redirect, None
                raise CallRedirected(source)
            return until()

    def scaled(self, seconds: float) -> float:
        return seconds * self.config.time_scale


@cache
def switchboard() -> Switchboard:
    """The one of this process."""
    return Switchboard(Config.from_environment())
