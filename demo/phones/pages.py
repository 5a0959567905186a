"""The wall of phones, a single phone, and what keeps both up to date."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string

from demo.phones.cards import Card, card
from demo.phones.directory import Phone
from demo.phones.records import Event
from demo.phones.switchboard import Switchboard, switchboard
from demo.phones.texts import language, modes, texts

HEARTBEAT = 15.0
# Things often happen in quick succession; a page need not be told of each by itself.
BATCH = 0.1

POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self'",
)


def security_headers(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # refuses names that are not this machine's
        response = get_response(request)
        response["Content-Security-Policy"] = "; ".join(POLICY)
        response["X-Content-Type-Options"] = "nosniff"
        response["Referrer-Policy"] = "same-origin"
        response["Cache-Control"] = "no-store"
        return response

    return middleware


def alive(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def _context(request: HttpRequest) -> dict[str, Any]:
    lang = language(request.headers.get("Accept-Language", ""))
    words = texts(lang)
    services = [(service.number, service.name[lang]) for service in switchboard().directory.services]
    return {"lang": lang, "t": words, "mode_choices": modes(words), "services": services}


def wall(request: HttpRequest) -> HttpResponse:
    board, context = switchboard(), _context(request)
    lang = context["lang"]
    groups = [
        (f"g{index}", group.title[lang], [card(board, phone, lang) for phone in group.phones])
        for index, group in enumerate(board.directory.groups)
    ]
    groups.append(("others", context["t"]["others"], [card(board, phone, lang) for phone in _strangers(board)]))
    return render(request, "phones/wall.html", context | {"groups": groups})


def single(request: HttpRequest, number: str) -> HttpResponse:
    context = _context(request)
    shown = card(switchboard(), switchboard().directory.phone(number), context["lang"])
    return render(request, "phones/single.html", context | {"card": shown})


def _strangers(board: Switchboard) -> list[Phone]:
    """Numbers that nobody in the directory owns but something happened on."""
    with board.changed:
        numbers = {call.phone for call in board.calls.values()}
        numbers |= {message.phone for message in board.messages.values()}
    return [board.directory.phone(number) for number in sorted(numbers) if not board.directory.knows(number)]


def fragments(request: HttpRequest) -> HttpResponse:
    """The moving parts of the phones named by `key`; of those named by `new` the whole card."""
    board, context = switchboard(), _context(request)
    new = set(request.GET.getlist("new"))
    answer = {}
    for key in [*request.GET.getlist("key"), *new]:
        shown = card(board, board.directory.phone(key), context["lang"])
        answer[key] = _parts(shown, context)
        if key in new:
            answer[key]["card"] = render_to_string("phones/card.html", context | {"card": shown})
    return JsonResponse(answer)


def _parts(shown: Card, context: dict[str, Any]) -> dict[str, Any]:
    inside = context | {"card": shown}
    return {
        "state": shown.state,
        "label": context["t"][shown.state],
        "active": shown.active,
        "live": render_to_string("phones/live.html", inside),
        "thread": render_to_string("phones/thread.html", inside),
        "modes": dict(shown.modes),
    }


def changes(_request: HttpRequest) -> StreamingHttpResponse:
    """Server-sent events: the keys of the phones on which something happened."""
    response = StreamingHttpResponse(_stream(switchboard()), content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


def _stream(board: Switchboard) -> Iterator[str]:
    seen = board.sequence
    yield "retry: 1000\n\n"
    while True:
        events = _next_events(board, seen)
        seen = events[-1].seq if events else seen
        keys = sorted({board.directory.phone(event.number).key for event in events if event.number})
        everything = any(event.kind == "reset" for event in events)
        yield f"data: {json.dumps({'keys': keys, 'all': everything})}\n\n" if events else ": still here\n\n"
        time.sleep(BATCH)


def _next_events(board: Switchboard, seen: int) -> Sequence[Event]:
    with board.changed:
        board.changed.wait_for(lambda: board.sequence > seen, HEARTBEAT)
        return board.events_after(seen)
