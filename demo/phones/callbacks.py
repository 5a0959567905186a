"""Requests to the product: signed as Twilio signs them, sent in the background, disturbed on demand."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from twilio.request_validator import RequestValidator

from demo.phones.records import Call, Callback, Message, Webhook, now
from demo.phones.switchboard import Switchboard

API_VERSION = "2010-04-01"
# Twilio gives a webhook fifteen seconds.
WEBHOOK_TIMEOUT = 15
# Waits between attempts where no connection could be made. Answers of any status are final.
RETRY_AFTER = (0.2, 0.5, 1.0, 2.0)
# How many requests are under way at once; a product that is overloaded is not helped by a thousand.
AT_ONCE = 16


@dataclass(frozen=True)
class Disturbance:
    """What happens to status callbacks on their way.

    `delay`: seconds each is held. `duplicate`: further copies of each. `shuffle`: up to so many random seconds more
    for each, so that they overtake one another. `drop`: the share, from 0 to 1, that is never sent.
    """

    delay: float = 0
    duplicate: int = 0
    shuffle: float = 0
    drop: float = 0


class WebhookFailed(Exception):
    """The product could not be reached or refused."""


class Courier:
    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.disturbance = Disturbance()
        self._validator = RequestValidator(board.config.auth_token)
        self._last: dict[str, threading.Event] = {}
        self._lines = threading.BoundedSemaphore(AT_ONCE)

    def fetch(self, record: Call | Message, event: str, webhook: Webhook, params: dict[str, str]) -> str:
        """Ask the product now; its answer's body. Raises WebhookFailed. The attempt is kept with the record."""
        callback = Callback(event, webhook.url, params)
        with self.board.changed:
            record.callbacks.append(callback)
        body = self._attempt(callback, webhook)
        self.board.tell(record, "callback", f"{event} {callback.status or callback.error}")
        if callback.status is None or callback.status >= 400:
            raise WebhookFailed(callback.error or f"HTTP {callback.status} from {webhook.url}")
        return body

    def notify(self, record: Call | Message, event: str, params: dict[str, str]) -> None:
        """Tell the record's webhook later, after what it was told before unless shuffled."""
        webhook = record.webhook
        if not (webhook and webhook.url and event in webhook.events):
            return
        disturbance = self.disturbance
        for _copy in range(1 + disturbance.duplicate):
            self._enqueue(record, webhook, Callback(event, webhook.url, params), disturbance)

    def _enqueue(self, record: Call | Message, webhook: Webhook, callback: Callback, disturbance: Disturbance) -> None:
        with self.board.changed:
            record.callbacks.append(callback)
        if random.random() < disturbance.drop:  # noqa: S311 - no secret
            callback.error = "dropped"
            return
        due = time.monotonic() + disturbance.delay
        if disturbance.shuffle:
            due += random.uniform(0, disturbance.shuffle)  # noqa: S311 - no secret
        done = threading.Event()
        with self.board.changed:
            before = None if disturbance.shuffle else self._last.get(record.sid)
            self._last[record.sid] = done

        def deliver() -> None:
            try:
                time.sleep(max(0.0, due - time.monotonic()))
                if before:
                    before.wait()
                if self.board.is_current(record):
                    self._attempt(callback, webhook)
                    self.board.tell(record, "callback", f"{callback.event} {callback.status or callback.error}")
            finally:
                done.set()
                with self.board.changed:
                    if self._last.get(record.sid) is done:
                        del self._last[record.sid]

        threading.Thread(target=deliver, name=f"callback {record.sid}", daemon=True).start()

    def _attempt(self, callback: Callback, webhook: Webhook) -> str:
        for wait in (*RETRY_AFTER, None):
            callback.attempts += 1
            callback.sent_at = now()
            try:
                response = self._send(webhook, callback.params)
            except requests.ConnectionError as error:
                callback.error = f"{type(error).__name__}: {webhook.url}"
                if wait is not None:
                    time.sleep(wait)
                    continue
            except requests.RequestException as error:
                callback.error = f"{type(error).__name__}: {webhook.url}"
            else:
                callback.status, callback.error = response.status_code, ""
                # Twilio takes a document without a charset for UTF-8.
                return response.content.decode("utf-8", "replace")
            break
        return ""

    def _send(self, webhook: Webhook, params: dict[str, str]) -> requests.Response:
        url, form = webhook.url, params
        if webhook.method == "GET":
            url, form = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(params)}", {}
        headers = {
            "X-Twilio-Signature": self._validator.compute_signature(url, form),
            "User-Agent": "TwilioProxy/1.1 (simulated)",
        }
        with self._lines, requests.Session() as session:
            session.trust_env = False  # the product stands on this machine, whatever proxy is set
            return session.request(webhook.method, url, data=form or None, headers=headers, timeout=WEBHOOK_TIMEOUT)


def absolute(base: str, url: str) -> str:
    return urljoin(base, url) if base else url


def call_params(call: Call, account_sid: str) -> dict[str, str]:
    """What Twilio sends with every request that belongs to a call."""
    params = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": call.status,
        "Called": call.to,
        "Caller": call.from_,
        "Direction": call.direction,
        "From": call.from_,
        "To": call.to,
    }
    if call.answered_by:
        params["AnsweredBy"] = call.answered_by
    if call.parent_sid:
        params["ParentCallSid"] = call.parent_sid
    return params


def progress_params(call: Call, account_sid: str, event: str) -> dict[str, str]:
    """The parameters of one status callback; the event "completed" carries the final status, whatever it is."""
    params = call_params(call, account_sid)
    params |= {
        "CallStatus": {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}.get(
            event, call.status
        ),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(call.sequence),
        "Timestamp": format_datetime(now()),
    }
    if event == "completed":
        params |= {"CallDuration": str(call.duration), "Duration": str(-(-call.duration // 60))}
        if call.status == "failed":
            params["SipResponseCode"] = "404"
    return params


def message_params(message: Message, account_sid: str) -> dict[str, str]:
    params = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "From": message.from_,
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.direction == "inbound":
        return params | {
            "Body": message.body,
            "NumMedia": "0",
            "NumSegments": str(segments(message.body)),
            "SmsMessageSid": message.sid,
        }
    params["MessageStatus"] = message.status
    if message.error_code:
        params["ErrorCode"] = str(message.error_code)
    return params


GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_ESCAPED = frozenset("^{}\\[~]|€\f")


def segments(body: str) -> int:
    """How many texts the network makes of it (3GPP TS 23.038: 160 or 153 in GSM-7, 70 or 67 in UCS-2)."""
    if all(character in GSM_7 or character in GSM_7_ESCAPED for character in body):
        length, single, part = len(body) + sum(character in GSM_7_ESCAPED for character in body), 160, 153
    else:
        length, single, part = len(body.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // part)
