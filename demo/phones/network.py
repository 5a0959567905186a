"""The life of calls and texts: from acceptance to their end, each on a thread of its own."""

from __future__ import annotations

import threading
from functools import cache

from demo.phones import twiml
from demo.phones.behaviour import Rule
from demo.phones.callbacks import Courier, WebhookFailed, absolute, call_params, message_params, progress_params
from demo.phones.player import Player, Rejected
from demo.phones.records import Call, Message, Source, Webhook, now
from demo.phones.switchboard import CallEnded, CallRedirected, Switchboard, switchboard

# Seconds, before scaling.
PICK_UP_AFTER = 1
TEXT_TRAVELS = 0.5
UNREACHABLE = 30005  # Twilio: unknown destination handset


class NotPossible(Exception):
    """The phone is not in the state for it."""


class Network:
    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.courier = Courier(board)

    # Calls

    def start(self, call: Call, rule: Rule) -> None:
        """Let an accepted call run. Returns at once."""
        call.behaviour = rule.mode
        call.inputs.auto_keys = rule.keys if rule.mode == "answer" else ""
        with self.board.changed:
            if self.board.is_current(call):
                self.board.calls[call.sid] = call
            else:
                call.inputs.end_as = "canceled"
        threading.Thread(target=self._run, args=(call,), name=f"call {call.sid}", daemon=True).start()

    def _run(self, call: Call) -> None:
        status = "failed"
        try:
            if call.direction == "inbound":
                self._take_in(call)
            else:
                self._ring(call)
                self._answered(call)
                self._talk(call)
            status = "completed"
        except CallEnded as end:
            status = call.inputs.end_as or (str(end) or "completed")
        except Rejected as rejection:
            status = "busy" if str(rejection) == "busy" else "no-answer"
        finally:
            self._finish(call, status)

    def _progress(self, call: Call, event: str) -> None:
        params = progress_params(call, self.board.config.account_sid, event)
        call.sequence += 1
        self.courier.notify(call, event, params)

    def _ring(self, call: Call) -> None:
        """Returns when somebody answers. Raises CallEnded with the status where nobody does."""
        with self.board.changed:
            call.started_at = now()
        self._progress(call, "initiated")
        outcome = {"busy": "busy", "undeliverable": "failed", "invalid": "failed"}.get(call.behaviour)
        if outcome:
            raise CallEnded(outcome)
        with self.board.changed:
            call.status, call.ringing_at = "ringing", now()
            self._progress(call, "ringing")
            self.board.tell(call, "ringing", call.from_)
        self._wait_for_answer(call)

    def _wait_for_answer(self, call: Call) -> None:
        by_itself = call.behaviour in {"answer", "voicemail"}
        patience = self.board.scaled(PICK_UP_AFTER if by_itself else call.ring_seconds)
        try:
            answered = self.board.wait(call, patience, lambda: call.inputs.answer)
        except CallRedirected as redirection:  # for when it is answered
            call.source = redirection.source
            return self._wait_for_answer(call)
        if not (answered or by_itself):
            raise CallEnded("no-answer")
        return None

    def _answered(self, call: Call) -> None:
        with self.board.changed:
            call.status, call.answered_at = "in-progress", now()
            if call.detect_machine:
                call.answered_by = "machine_start" if call.behaviour == "voicemail" else "human"
            self._progress(call, "answered")
            self.board.tell(call, "answered")

    def _talk(self, call: Call) -> None:
        if call.source.url or call.source.twiml:
            Player(self, call).run(call.source)
        if call.direction == "outbound-dial":
            self._join(call)

    def _take_in(self, call: Call) -> None:
        """A phone calls the provider: its number's instructions are fetched before it is answered."""
        with self.board.changed:
            call.started_at = call.ringing_at = now()
            call.status = "ringing"
            self.board.tell(call, "calling", call.to)
        params = call_params(call, self.board.config.account_sid)
        try:
            document = self.courier.fetch(call, "voice", Webhook(call.source.url), params)
            verbs = twiml.parse(document)
        except (WebhookFailed, twiml.TwimlError) as error:
            call.error = str(error)
            self.board.add_line(call, "error", f"An application error has occurred: {error}")
            raise CallEnded("failed") from error
        if verbs and isinstance(verbs[0], twiml.Reject):
            raise Rejected(verbs[0].reason)
        self._answered(call)
        player = Player(self, call)
        player.base = call.source.url
        player.run(Source(twiml=document or "<Response/>"))

    def _finish(self, call: Call, status: str) -> None:
        with self.board.changed:
            if call.answered_at and status not in {"failed", "completed"}:
                status = "completed"
            call.status, call.ended_at = status, now()
            self._progress(call, "completed")
            self.board.tell(call, "ended", status)
            self.board.changed.notify_all()

    # A call that is connected to another

    def dial_child(self, parent: Call, dial: twiml.Dial, number: twiml.Number, base: str) -> Call:
        webhook = None
        if number.status_callback:
            url = absolute(base, number.status_callback)
            webhook = Webhook(url, number.status_callback_method, number.status_callback_events)
        with self.board.changed:
            rule = self.board.behaviours.take(number.number, "voice")
        child = Call(
            to=number.number,
            from_=dial.caller_id or parent.from_,
            direction="outbound-dial",
            epoch=parent.epoch,
            source=Source(absolute(base, number.url), number.method) if number.url else Source(),
            webhook=webhook,
            ring_seconds=dial.timeout,
            parent_sid=parent.sid,
        )
        self.start(child, rule)
        return child

    def _join(self, child: Call) -> None:
        """Connect to the parent, unless another phone was faster; stay until somebody hangs up."""
        with self.board.changed:
            parent = self.board.calls.get(child.parent_sid)
            if parent is None or parent.partner or parent.is_over:
                raise CallEnded("completed")
            parent.partner, child.partner = child, parent
            self.board.tell(child, "connected", parent.phone)
        self.board.add_line(child, "note", f"⇄ {self.board.directory.name(parent.phone)}")
        self.board.wait(child, None)

    # What people do with their phones

    def current(self, number: str, *statuses: str, sid: str = "") -> Call:
        """The number's oldest call in one of the states. Raises NotPossible without one."""
        with self.board.changed:
            for call in self.board.calls.values():
                if call.phone == number and call.status in statuses and sid in {"", call.sid}:
                    return call
        raise NotPossible(f"{number} has no call that is {' or '.join(statuses)}")

    def answer(self, number: str, sid: str = "") -> Call:
        with self.board.changed:
            call = self._ringing(number, sid)
            call.inputs.answer = True
            self.board.changed.notify_all()
        return call

    def _ringing(self, number: str, sid: str) -> Call:
        call = self.current(number, "ringing", sid=sid)
        if call.direction == "inbound":
            raise NotPossible(f"{number} is calling, not being called")
        return call

    def decline(self, number: str, sid: str = "") -> Call:
        """To the provider a declined call is a busy line."""
        with self.board.changed:
            return self._end(self._ringing(number, sid), "busy")

    def hang_up(self, number: str, sid: str = "") -> Call:
        with self.board.changed:
            call = self.current(number, "in-progress", "ringing", sid=sid)
            early = "canceled" if call.direction == "inbound" else "busy"
            return self._end(call, "completed" if call.status == "in-progress" else early)

    def _end(self, call: Call, status: str) -> Call:
        call.inputs.end_as = call.inputs.end_as or status
        self.board.changed.notify_all()
        return call

    def press_on(self, number: str, keys: str, sid: str = "") -> Call:
        call = self.current(number, "in-progress", sid=sid)
        self.press(call, keys)
        return call

    def press(self, call: Call, keys: str) -> None:
        with self.board.changed:
            call.inputs.digits.extend(keys)
            for key in keys:
                self.board.add_line(call, "key", key)

    def say(self, number: str, text: str, sid: str = "") -> Call:
        """Said into the phone: recorded if that is what the call does, heard by whoever it is connected to."""
        call = self.current(number, "in-progress", sid=sid)
        with self.board.changed:
            self.board.add_line(call, "caller", text)
            if call.partner:
                self.board.add_line(call.partner, "say", f"{self.board.directory.name(number)}: {text}")
            else:
                call.inputs.speech.append(text)
            self.board.changed.notify_all()
        return call

    def call_provider(self, number: str, to: str) -> Call:
        board = self.board
        if not board.voice_url:
            raise NotPossible("no voice URL is configured")
        call = Call(to, number, "inbound", board.epoch, source=Source(board.voice_url))
        if board.voice_status_url:
            call.webhook = Webhook(board.voice_status_url)
        self.start(call, Rule())
        return call

    # The REST interface

    def cancel(self, call: Call) -> None:
        """Ends a call that was not answered yet; leaves others as they are, as Twilio does."""
        with self.board.changed:
            if call.status in {"queued", "ringing"}:
                self._end(call, "canceled")
                self.board.changed.wait_for(lambda: call.is_over, 1)

    def complete(self, call: Call) -> None:
        with self.board.changed:
            self._end(call, "completed" if call.status == "in-progress" else "canceled")
            self.board.changed.wait_for(lambda: call.is_over, 1)

    def redirect(self, call: Call, source: Source) -> None:
        with self.board.changed:
            call.inputs.redirect = source
            self.board.changed.notify_all()

    # Texts

    def send(self, message: Message, rule: Rule) -> None:
        """Let an accepted text travel. Returns at once."""
        message.behaviour = rule.mode
        with self.board.changed:
            if not self.board.is_current(message):
                return
            self.board.messages[message.sid] = message
        threading.Thread(target=self._deliver, args=(message,), name=f"text {message.sid}", daemon=True).start()

    def _deliver(self, message: Message) -> None:
        with self.board.changed:
            message.status, message.sent_at = "sent", now()
        self._report(message)
        with self.board.changed:
            self.board.changed.wait_for(lambda: not self.board.is_current(message), self.board.scaled(TEXT_TRAVELS))
            if message.behaviour == "undeliverable":
                message.status, message.error_code = "undelivered", UNREACHABLE
                self.board.tell(message, "undelivered", message.body)
            else:
                message.status, message.delivered_at = "delivered", now()
                self.board.tell(message, "sms", message.body)
        self._report(message)

    def _report(self, message: Message) -> None:
        params = message_params(message, self.board.config.account_sid)
        self.courier.notify(message, message.status, params)

    def text_provider(self, number: str, body: str, to: str) -> Message:
        """A phone writes to the provider."""
        board = self.board
        if not board.sms_url:
            raise NotPossible("no SMS URL is configured")
        message = Message(to, number, body, "inbound", board.epoch, status="received")
        with board.changed:
            message.delivered_at = now()
            board.messages[message.sid] = message
            board.tell(message, "sms_sent", body)
        threading.Thread(target=self._hand_over, args=(message,), name=f"text {message.sid}", daemon=True).start()
        return message

    def _hand_over(self, message: Message) -> None:
        params = message_params(message, self.board.config.account_sid)
        try:
            answer = self.courier.fetch(message, "sms", Webhook(self.board.sms_url), params)
            verbs = twiml.parse(answer) if answer.lstrip().startswith("<") else ()
        except (WebhookFailed, twiml.TwimlError) as error:
            with self.board.changed:
                message.status = "failed"
                self.board.tell(message, "error", str(error))
            return
        for verb in verbs:
            if isinstance(verb, twiml.Message):
                to = verb.to or message.from_
                reply = Message(to, message.to, verb.body, "outbound-reply", message.epoch)
                with self.board.changed:
                    rule = self.board.behaviours.take(to, "sms")
                self.send(reply, rule)


@cache
def network() -> Network:
    """The one of this process."""
    return Network(switchboard())
