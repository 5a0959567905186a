"""Plays TwiML in a call that has been answered."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

from demo.phones import twiml
from demo.phones.callbacks import WebhookFailed, absolute, call_params
from demo.phones.records import Call, Recording, Source, Webhook, new_sid, now
from demo.phones.switchboard import CallEnded, CallRedirected

if TYPE_CHECKING:
    from demo.phones.network import Network

# A document that sends the call round in circles without a pause would never end.
MAX_DOCUMENTS = 200


class Rejected(Exception):
    """<Reject> as the first verb of an inbound call."""


class Player:
    """Plays documents one after the other until the call ends.

    Raises CallEnded where somebody hung up or the document says so, and Rejected.
    """

    def __init__(self, network: Network, call: Call) -> None:
        self.network = network
        self.board = network.board
        self.call = call
        self.base = ""  # the document being played, for relative addresses

    def run(self, source: Source) -> None:
        """Returns when a document ends without going on to another."""
        following: Source | None = source
        for _count in range(MAX_DOCUMENTS):
            if following is None:
                return
            try:
                following = self._play_document(following)
            except CallRedirected as redirection:
                following = redirection.source
        self._fail("too many documents")

    def _play_document(self, source: Source) -> Source | None:
        try:
            verbs = twiml.parse(self._fetch(source))
        except (WebhookFailed, twiml.TwimlError) as error:
            self._fail(str(error))
        for verb in verbs:
            following = self._play(verb)
            if following:
                return following
        return None

    def _fetch(self, source: Source) -> str:
        if source.twiml:
            return source.twiml
        self.base = source.url
        params = call_params(self.call, self.board.config.account_sid) | dict(source.params)
        return self.network.courier.fetch(self.call, "twiml", Webhook(source.url, source.method), params)

    def _fail(self, reason: str) -> NoReturn:
        """Twilio apologises and hangs up."""
        self.call.error = reason
        self.board.add_line(self.call, "error", f"An application error has occurred: {reason}")
        raise CallEnded

    def _go_to(self, url: str, method: str, **params: str) -> Source:
        return Source(absolute(self.base, url) or self.base, method, params=tuple(params.items()))

    def _play(self, verb: twiml.Verb) -> Source | None:  # noqa: C901 - one case a verb
        match verb:
            case twiml.Say():
                self._say(verb)
            case twiml.Play():
                for _repeat in range(verb.loop):
                    self.board.add_line(self.call, "play", absolute(self.base, verb.url))
                    self._pause(self.board.scaled(1))
            case twiml.Pause():
                self._pause(self.board.scaled(verb.length))
            case twiml.Gather():
                return self._gather(verb)
            case twiml.Redirect():
                return self._go_to(verb.url, verb.method)
            case twiml.Hangup():
                raise CallEnded
            case twiml.Reject():
                raise Rejected(verb.reason)
            case twiml.Dial():
                return self._dial(verb)
            case twiml.Record():
                return self._record(verb)
            case twiml.Message():
                self.board.add_line(self.call, "error", "<Message> belongs in the answer to a text, not in a call")
            case twiml.Unknown():
                self.board.add_line(self.call, "error", f"Unknown TwiML verb <{verb.tag}>")
        return None

    def _pause(self, seconds: float | None, until: Callable[[], bool] = lambda: False) -> bool:
        return self.board.wait(self.call, seconds, until)

    def _say(self, verb: twiml.Say, until: Callable[[], bool] = lambda: False) -> bool:
        for _repeat in range(verb.loop):
            self.board.add_line(self.call, "say", verb.text, verb.language)
            if self._pause(len(verb.text) * self.board.config.speech_seconds, until):
                return True
        return False

    # Keys

    def _gather(self, verb: twiml.Gather) -> Source | None:
        self._prompt(verb)
        digits, finished_on = self._collect(verb)
        if not digits and not verb.action_on_empty and not finished_on:
            return None
        return self._go_to(verb.action, verb.method, Digits=digits, FinishedOnKey=finished_on, msg="Gather End")

    def _prompt(self, verb: twiml.Gather) -> None:
        """A key pressed stops what is being said."""
        pressed = self._has_digits
        for prompt in verb.prompts:
            if isinstance(prompt, twiml.Say):
                stopped = self._say(prompt, until=pressed)
            elif isinstance(prompt, twiml.Pause):
                stopped = self._pause(self.board.scaled(prompt.length), pressed)
            else:
                self._play(prompt)
                stopped = pressed()
            if stopped:
                return

    def _has_digits(self) -> bool:
        return bool(self.call.inputs.digits)

    def _collect(self, verb: twiml.Gather) -> tuple[str, str]:
        """The digits, and the key that ended them if one did. The timeout starts anew with each key."""
        self._press_by_itself(verb)
        inputs, digits = self.call.inputs, ""
        while self._pause(self.board.scaled(verb.timeout), self._has_digits):
            key = inputs.digits.popleft()
            if key in verb.finish_on_key:
                return digits, key
            digits += key
            if len(digits) == verb.num_digits:
                break
        return digits, ""

    def _press_by_itself(self, verb: twiml.Gather) -> None:
        inputs = self.call.inputs
        if not inputs.auto_keys or inputs.digits:
            return
        count = verb.num_digits or len(inputs.auto_keys)
        keys, inputs.auto_keys = inputs.auto_keys[:count], inputs.auto_keys[count:]
        self.network.press(self.call, keys)

    # Connecting to another phone

    def _dial(self, verb: twiml.Dial) -> Source | None:
        call = self.call
        if not verb.numbers:
            self._fail("<Dial> without a number")
        names = ", ".join(self.board.directory.name(number.number) for number in verb.numbers)
        self.board.add_line(call, "note", f"☎ {names} …")
        children = [self.network.dial_child(call, verb, number, self.base) for number in verb.numbers]
        try:
            self._pause(None, lambda: any(c.partner for c in children) or all(c.is_over for c in children))
            connected = next((child for child in children if child.partner), None)
            if connected:
                self._bridge(connected, verb.time_limit)
        except CallEnded:
            self._close(children)
            if verb.action:  # asked for all the same, though its answer comes too late
                self._report_late(self._dial_result(verb, children))
            raise
        finally:
            self._close(children)
        return self._dial_result(verb, children) if verb.action else None

    def _bridge(self, child: Call, time_limit: float) -> None:
        self.board.add_line(self.call, "note", f"⇄ {self.board.directory.name(child.to)}")
        try:
            self._pause(self.board.scaled(time_limit), lambda: child.is_over)
        finally:
            self.call.partner = None

    def _close(self, children: list[Call]) -> None:
        with self.board.changed:
            for child in children:
                if not child.is_over and not child.inputs.end_as:
                    child.inputs.end_as = "completed" if child.status == "in-progress" else "canceled"
            self.board.changed.notify_all()
            self.board.changed.wait_for(lambda: all(child.is_over for child in children), 1)

    def _dial_result(self, verb: twiml.Dial, children: list[Call]) -> Source:
        bridged = [child for child in children if child.partner]
        chosen = (bridged or children)[-1]
        # Somebody who picked up but hung up while being asked whether to take the call did not answer it.
        status = (
            "completed" if bridged else ("no-answer" if chosen.status in {"completed", "canceled"} else chosen.status)
        )
        return self._go_to(
            verb.action,
            verb.method,
            DialCallStatus=status,
            DialCallSid=chosen.sid,
            DialCallDuration=str(chosen.duration),
            DialBridged=str(bool(bridged)).lower(),
        )

    # Leaving a message

    def _record(self, verb: twiml.Record) -> Source | None:
        self.board.add_line(self.call, "note", "●")
        started, said = monotonic(), ""
        end = started + self.board.scaled(verb.max_length)
        ending = ""
        try:
            while (left := end - monotonic()) > 0:
                # Silence ends a recording; but somebody who types first needs longer than somebody who speaks.
                silence = self.board.scaled(verb.timeout) if said else left
                if not self._pause(min(left, silence), self._speaks_or_presses):
                    break
                said, ending = self._take_in(said, verb.finish_on_key)
                if ending:
                    break
        except CallEnded:
            self._report_late(self._recorded(verb, said, started, "hangup"))
            raise
        return self._recorded(verb, said, started, ending) if said else None

    def _speaks_or_presses(self) -> bool:
        return bool(self.call.inputs.speech or self.call.inputs.digits)

    def _take_in(self, said: str, finish_on_key: str) -> tuple[str, str]:
        inputs = self.call.inputs
        while inputs.speech:
            said = f"{said} {inputs.speech.popleft()}".strip()
        keys = [inputs.digits.popleft() for _ in range(len(inputs.digits))]
        return said, next((key for key in keys if key in finish_on_key), "")

    def _recorded(self, verb: twiml.Record, said: str, started: float, ending: str) -> Source:
        call, board = self.call, self.board
        sid = new_sid("RE")
        url = f"{board.config.url}/2010-04-01/Accounts/{board.config.account_sid}/Recordings/{sid}"
        recording = Recording(sid, call.sid, url, max(1, math.ceil(monotonic() - started)), said)
        with board.changed:
            call.recordings.append(recording)
            board.recordings[sid] = recording
            board.tell(call, "recording", said)
        result = {"RecordingUrl": url, "RecordingSid": sid, "RecordingDuration": str(recording.duration)}
        self._tell_aside(verb.recording_callback, "recording", result | {"RecordingStatus": "completed"})
        if verb.transcribe:
            self._tell_aside(
                verb.transcribe_callback,
                "transcription",
                result
                | {"TranscriptionText": said, "TranscriptionStatus": "completed", "TranscriptionSid": new_sid("TR")},
            )
        return self._go_to(verb.action, verb.method, **result, Digits=ending)

    def _tell_aside(self, url: str, event: str, params: dict[str, str]) -> None:
        if url:
            all_params = call_params(self.call, self.board.config.account_sid) | params
            self._in_background(event, Webhook(absolute(self.base, url)), all_params)

    def _report_late(self, source: Source) -> None:
        """Twilio asks for the action of a recording or connection also when the caller has hung up."""
        params = call_params(self.call, self.board.config.account_sid) | dict(source.params)
        params["CallStatus"] = "completed"
        self._in_background("twiml", Webhook(source.url, source.method), params)

    def _in_background(self, event: str, webhook: Webhook, params: dict[str, str]) -> None:
        def send() -> None:
            try:
                self.network.courier.fetch(self.call, event, webhook, params)
            except WebhookFailed as error:
                self.board.add_line(self.call, "error", f"{error} ({now():%H:%M:%S} UTC)")

        threading.Thread(target=send, name=f"{event} {self.call.sid}", daemon=True).start()
