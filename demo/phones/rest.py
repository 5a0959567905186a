"""The provider's REST interface, as far as the `twilio` library uses it for calls and texts."""

from __future__ import annotations

import base64
import hmac
import io
import re
import threading
import wave
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from demo.phones.behaviour import DEFAULT_SECONDS, Channel, Rule
from demo.phones.network import network
from demo.phones.records import Call, Message, Source, Webhook
from demo.phones.resources import call_resource, in_period, message_resource, page
from demo.phones.switchboard import switchboard

E164 = re.compile(r"\+[1-9]\d{6,14}")
CALL_EVENTS = ("completed",)
MESSAGE_EVENTS = ("queued", "sent", "delivered", "undelivered", "failed")
MAX_BODY = 1600

View = Callable[..., HttpResponse]


class ApiError(Exception):
    """An error in Twilio's words."""

    def __init__(self, status: int, code: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after = status, code, retry_after

    def response(self) -> JsonResponse:
        response = JsonResponse(
            {
                "code": self.code,
                "message": str(self),
                "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
                "status": self.status,
            },
            status=self.status,
        )
        if self.retry_after is not None:
            response["Retry-After"] = str(self.retry_after)
        return response


def api(view: View) -> View:
    """Basic authentication with the account's SID and token, and errors as Twilio's JSON."""

    @wraps(view)
    def wrapped(request: HttpRequest, account: str, **kwargs: str) -> HttpResponse:
        try:
            _authenticate(request, account)
            return view(request, **kwargs)
        except ApiError as error:
            return error.response()

    return wrapped


def _authenticate(request: HttpRequest, account: str) -> None:
    config = switchboard().config
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded if kind == "Basic" else "").decode()
    except ValueError:
        given = ""
    expected = f"{config.account_sid}:{config.auth_token}"
    if account != config.account_sid or not hmac.compare_digest(given.encode(), expected.encode()):
        raise ApiError(401, 20003, "Authenticate")


def _not_found(request: HttpRequest) -> ApiError:
    return ApiError(404, 20404, f"The requested resource {request.path} was not found")


def _not_allowed() -> ApiError:
    return ApiError(405, 20004, "Method not allowed")


# Creating


def _check(request: HttpRequest, channel: Channel) -> tuple[str, str]:
    """The numbers of a request that creates something."""
    to, from_ = request.POST.get("To", ""), request.POST.get("From", "")
    if not to:
        code = 21201 if channel == "voice" else 21604
        raise ApiError(400, code, "A 'To' phone number is required.")
    if not E164.fullmatch(to):
        raise ApiError(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if not from_:
        code = 21213 if channel == "voice" else 21603
        raise ApiError(400, code, "A 'From' phone number is required.")
    return to, from_


def _take_rule(to: str, channel: Channel) -> Rule:
    """The rule that holds for this request; refuses it here if it says so."""
    board = switchboard()
    with board.changed:
        rule = board.behaviours.take(to, channel)
        if rule.mode in {"invalid", "http_429", "http_500"}:
            board.publish("refused", to, text=f"{channel} {rule.mode}")
    seconds = rule.seconds or DEFAULT_SECONDS.get(rule.mode, 0)
    if rule.mode == "invalid":
        raise ApiError(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if rule.mode == "http_429":
        raise ApiError(429, 20429, "Too Many Requests", retry_after=max(1, round(seconds)))
    if rule.mode == "http_500":
        raise ApiError(500, 20500, "An internal server error has occurred")
    if rule.mode == "slow":  # accepted late: whoever gave up waiting gets it all the same
        _hold(seconds)
    return rule


def _hold(seconds: float) -> None:
    threading.Event().wait(seconds)


def _created(resource: Callable[[], dict[str, Any]], rule: Rule) -> JsonResponse:
    if rule.mode == "timeout_after_acceptance":
        _hold(rule.seconds or DEFAULT_SECONDS[rule.mode])
    return JsonResponse(resource(), status=201)


def _webhook(request: HttpRequest, events: tuple[str, ...]) -> Webhook | None:
    url = request.POST.get("StatusCallback", "")
    wanted = tuple(" ".join(request.POST.getlist("StatusCallbackEvent")).split())
    return Webhook(url, request.POST.get("StatusCallbackMethod", "POST").upper(), wanted or events) if url else None


def _source(request: HttpRequest) -> Source:
    form = request.POST
    return Source(form.get("Url", ""), form.get("Method", "POST").upper(), form.get("Twiml", ""))


def _create_call(request: HttpRequest) -> HttpResponse:
    to, from_ = _check(request, "voice")
    source = _source(request)
    if not (source.url or source.twiml):
        raise ApiError(400, 21205, "Url parameter is required.")
    try:
        ring_seconds = min(600.0, float(request.POST.get("Timeout", 60)))
    except ValueError:
        raise ApiError(400, 21216, "Invalid Timeout") from None
    rule = _take_rule(to, "voice")
    board = switchboard()
    call = Call(
        to,
        from_,
        "outbound-api",
        board.epoch,
        source=source,
        webhook=_webhook(request, CALL_EVENTS),
        ring_seconds=ring_seconds,
        detect_machine=request.POST.get("MachineDetection", "") in {"Enable", "DetectMessageEnd"},
    )
    accepted = call_resource(call, board.config.account_sid)
    network().start(call, rule)
    return _created(lambda: accepted, rule)


def _create_message(request: HttpRequest) -> HttpResponse:
    to, from_ = _check(request, "sms")
    body = request.POST.get("Body", "")
    if not body:
        raise ApiError(400, 21602, "Message body is required.")
    if len(body) > MAX_BODY:
        raise ApiError(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    rule = _take_rule(to, "sms")
    board = switchboard()
    message = Message(to, from_, body, "outbound-api", board.epoch, webhook=_webhook(request, MESSAGE_EVENTS))
    accepted = message_resource(message, board.config.account_sid)
    network().send(message, rule)
    return _created(lambda: accepted, rule)


# Looking up


def _listing(request: HttpRequest, kind: str, records: list[dict[str, Any]]) -> HttpResponse:
    query = {name: str(value) for name, value in request.GET.items()}
    try:
        return JsonResponse(page(request.path, query, kind, records))
    except ValueError:
        raise ApiError(400, 20001, "Invalid page") from None


def _wanted(request: HttpRequest, **values: str) -> bool:
    return all(request.GET.get(name) in {None, "", value} for name, value in values.items())


def _list_calls(request: HttpRequest) -> HttpResponse:
    board = switchboard()
    with board.changed:
        calls = list(reversed(board.calls.values()))
    query = {name: str(value) for name, value in request.GET.items()}
    try:
        found = [
            call_resource(call, board.config.account_sid)
            for call in calls
            if _wanted(request, To=call.to, From=call.from_, Status=call.status, ParentCallSid=call.parent_sid)
            and in_period(call.started_at or call.created_at, query, "StartTime")
        ]
    except ValueError:
        raise ApiError(400, 20001, "Invalid StartTime") from None
    return _listing(request, "calls", found)


def _list_messages(request: HttpRequest) -> HttpResponse:
    board = switchboard()
    with board.changed:
        messages = list(reversed(board.messages.values()))
    query = {name: str(value) for name, value in request.GET.items()}
    try:
        found = [
            message_resource(message, board.config.account_sid)
            for message in messages
            if _wanted(request, To=message.to, From=message.from_)
            and in_period(message.sent_at or message.created_at, query, "DateSent")
        ]
    except ValueError:
        raise ApiError(400, 20001, "Invalid DateSent") from None
    return _listing(request, "messages", found)


# Changing


def _update_call(request: HttpRequest, call: Call) -> None:
    status, source = request.POST.get("Status", ""), _source(request)
    if status not in {"", "canceled", "completed"}:
        raise ApiError(400, 21218, f"Invalid Status: {status}")
    if call.is_over:
        raise ApiError(400, 21220, "Unable to update record. Call is not in-progress.")
    if source.url or source.twiml:
        network().redirect(call, source)
    if status == "canceled":
        network().cancel(call)
    elif status == "completed":
        network().complete(call)


@api
def calls(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _create_call(request)
    if request.method == "GET":
        return _list_calls(request)
    raise _not_allowed()


@api
def call(request: HttpRequest, sid: str) -> HttpResponse:
    board = switchboard()
    found = board.calls.get(sid)
    if found is None:
        raise _not_found(request)
    if request.method == "POST":
        _update_call(request, found)
    elif request.method != "GET":
        raise _not_allowed()
    return JsonResponse(call_resource(found, board.config.account_sid))


@api
def messages(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _create_message(request)
    if request.method == "GET":
        return _list_messages(request)
    raise _not_allowed()


@api
def message(request: HttpRequest, sid: str) -> HttpResponse:
    board = switchboard()
    found = board.messages.get(sid)
    if found is None:
        raise _not_found(request)
    if request.method != "GET":
        raise _not_allowed()
    return JsonResponse(message_resource(found, board.config.account_sid))


@api
def recording(request: HttpRequest, sid: str) -> HttpResponse:
    """The sound: silence of the right length, for what was "said" was typed."""
    found = switchboard().recordings.get(sid)
    if found is None:
        raise _not_found(request)
    sound = io.BytesIO()
    with wave.open(sound, "wb") as track:
        track.setnchannels(1)
        track.setsampwidth(1)
        track.setframerate(8000)
        track.writeframes(b"\x80" * 8000 * found.duration)
    return HttpResponse(sound.getvalue(), content_type="audio/x-wav")


@api
def unknown(request: HttpRequest, path: str) -> HttpResponse:
    del path
    raise _not_found(request)
