"""The control API: what people would do with their phones, and what a test wants to know. JSON, loopback only."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from demo.phones.behaviour import MODES, Channel, Rule
from demo.phones.callbacks import Disturbance
from demo.phones.network import NotPossible, network
from demo.phones.records import Event
from demo.phones.switchboard import switchboard

MAX_WAIT = 60.0

Json = dict[str, Any]
View = Callable[..., HttpResponse]


class Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def _refusal(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"error": detail}, status=status)


def _is_foreign(request: HttpRequest) -> bool:
    """From another machine, or sent by a page of another site in a browser on this one."""
    try:
        here = ipaddress.ip_address(request.META["REMOTE_ADDR"]).is_loopback
    except ValueError:
        here = False
    return not here or request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}


def control(method: str) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, **kwargs: str) -> HttpResponse:
            if _is_foreign(request):
                return _refusal(403, "only from this machine")
            if request.method != method:
                return _refusal(405, f"{method} only")
            try:
                return view(request, **kwargs)
            except Refused as refused:
                return _refusal(refused.status, str(refused))
            except NotPossible as reason:
                return _refusal(409, str(reason))

        return wrapped

    return decorate


def _body(request: HttpRequest) -> Json:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise Refused(400, "not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "not an object")
    return body


def _number(body: Json, name: str) -> float:
    try:
        return float(body.get(name) or 0)
    except (TypeError, ValueError):
        raise Refused(400, f"{name} is not a number") from None


def _seconds(request: HttpRequest, name: str, default: float) -> float:
    try:
        return float(request.GET.get(name, default))
    except ValueError:
        raise Refused(400, f"{name} is not a number") from None


@control("POST")
def reset(_request: HttpRequest) -> HttpResponse:
    board = switchboard()
    with board.changed:
        board.reset()
        network().courier.disturbance = Disturbance()
        board.publish("reset", "")
    return JsonResponse({"seq": board.sequence})


def _of_number(request: HttpRequest, records: list[Json]) -> list[Json]:
    wanted = {name: request.GET[name] for name in ("to", "from", "number") if name in request.GET}
    return [record for record in records if all(record[name] == value for name, value in wanted.items())]


@control("GET")
def calls(request: HttpRequest) -> HttpResponse:
    board = switchboard()
    with board.changed:
        records = [call.as_json() for call in board.calls.values()]
    return JsonResponse({"calls": _of_number(request, records)})


@control("GET")
def messages(request: HttpRequest) -> HttpResponse:
    board = switchboard()
    with board.changed:
        records = [message.as_json() for message in board.messages.values()]
    return JsonResponse({"messages": _of_number(request, records)})


@control("GET")
def mails(request: HttpRequest) -> HttpResponse:
    to = request.GET.get("to", "").lower()
    board = switchboard()
    with board.changed:
        records = [
            mail.as_json()
            for mail in board.mails
            if not to or to in {recipient.lower() for recipient in mail.recipients}
        ]
    return JsonResponse({"mails": records})


@control("GET")
def events(request: HttpRequest) -> HttpResponse:
    after = int(_seconds(request, "after", 0))
    board = switchboard()
    with board.changed:
        return JsonResponse({"events": [event.as_json() for event in board.events_after(after)], "seq": board.sequence})


@control("GET")
def wait(request: HttpRequest) -> HttpResponse:
    """Answers as soon as an event fits `number`, `event`, `sid` and `contains` and is newer than `after`."""
    wanted = {name: request.GET[name] for name in ("number", "event", "sid", "contains") if name in request.GET}

    def fits(event: Event) -> bool:
        return (
            wanted.get("number", event.number) == event.number
            and wanted.get("event", event.kind) == event.kind
            and wanted.get("sid", event.sid) == event.sid
            and wanted.get("contains", "") in event.text
        )

    timeout = min(_seconds(request, "timeout", 10), MAX_WAIT)
    found = switchboard().wait_for_event(fits, int(_seconds(request, "after", 0)), timeout)
    return JsonResponse(found.as_json()) if found else _refusal(404, f"nothing like {wanted} in {timeout} s")


@control("POST")
def configure(request: HttpRequest) -> HttpResponse:
    board, body = switchboard(), _body(request)
    names = ("sms_url", "voice_url", "voice_status_url")
    unknown = body.keys() - set(names)
    if unknown:
        raise Refused(400, f"unknown: {', '.join(sorted(unknown))}")
    with board.changed:
        for name, value in body.items():
            setattr(board, name, str(value))
        return JsonResponse({name: getattr(board, name) for name in names})


@control("POST")
def callbacks(request: HttpRequest) -> HttpResponse:
    """What happens to callbacks from now on; what is not named is undisturbed."""
    body = _body(request)
    unknown = body.keys() - {each.name for each in fields(Disturbance)}
    if unknown:
        raise Refused(400, f"unknown: {', '.join(sorted(unknown))}")
    network().courier.disturbance = Disturbance(
        delay=_number(body, "delay"),
        duplicate=int(_number(body, "duplicate")),
        shuffle=_number(body, "shuffle"),
        drop=_number(body, "drop"),
    )
    return JsonResponse({})


@control("POST")
def mode(request: HttpRequest, number: str) -> HttpResponse:
    board, body = switchboard(), _body(request)
    name = body.get("mode")
    if name not in MODES:
        raise Refused(400, f"mode is one of {', '.join(MODES)}")
    channels: dict[Any, Channel | None] = {None: None, "": None, "voice": "voice", "sms": "sms"}
    if body.get("channel") not in channels:
        raise Refused(400, "channel is voice or sms")
    times = int(_number(body, "times")) or None
    rule = Rule(str(name), str(body.get("keys") or ""), _number(body, "seconds"), times)
    with board.changed:
        board.behaviours.set(number, rule, channels[body.get("channel")])
        board.publish("mode", number, text=rule.mode)
    return JsonResponse({"mode": rule.mode})


@control("POST")
def answer(request: HttpRequest, number: str) -> HttpResponse:
    return JsonResponse(network().answer(number, _body(request).get("sid", "")).as_json())


@control("POST")
def decline(request: HttpRequest, number: str) -> HttpResponse:
    return JsonResponse(network().decline(number, _body(request).get("sid", "")).as_json())


@control("POST")
def hang_up(request: HttpRequest, number: str) -> HttpResponse:
    return JsonResponse(network().hang_up(number, _body(request).get("sid", "")).as_json())


@control("POST")
def press(request: HttpRequest, number: str) -> HttpResponse:
    body = _body(request)
    digits = str(body.get("digits", ""))
    if not digits or set(digits) - set("0123456789*#"):
        raise Refused(400, "digits are 0-9, * and #")
    return JsonResponse(network().press_on(number, digits, body.get("sid", "")).as_json())


@control("POST")
def say(request: HttpRequest, number: str) -> HttpResponse:
    body = _body(request)
    return JsonResponse(network().say(number, _text(body, "text"), body.get("sid", "")).as_json())


@control("POST")
def sms(request: HttpRequest, number: str) -> HttpResponse:
    """A text from the phone; without `to` it answers whoever wrote last."""
    body = _body(request)
    to = str(body.get("to") or _last_sender(number))
    return JsonResponse(network().text_provider(number, _text(body, "body"), to).as_json(), status=201)


@control("POST")
def call(request: HttpRequest, number: str) -> HttpResponse:
    return JsonResponse(network().call_provider(number, _text(_body(request), "to")).as_json(), status=201)


def _text(body: Json, name: str) -> str:
    text = str(body.get(name) or "").strip()
    if not text:
        raise Refused(400, f"{name} is missing")
    return text


def _last_sender(number: str) -> str:
    board = switchboard()
    with board.changed:
        for message in reversed(board.messages.values()):
            if message.to == number:
                return message.from_
    services = board.directory.services
    if not services:
        raise Refused(400, "to is missing")
    return services[-1].number
