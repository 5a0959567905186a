"""A client that costs little: one thread, raw sockets kept open, requests made beforehand."""

import json
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECTIONS = 8
"""Requests under way at once."""
PATIENCE_SECONDS = 60


class UnexpectedAnswer(Exception):
    """A request was not answered as it should be: what was measured means nothing."""


def get(url: str, token: str) -> bytes:
    """A GET with a personal token, ready to send."""
    return _request("GET", url, f"Authorization: Bearer {token}\r\n", b"")


def page(url: str, cookie: str, *headers: str) -> bytes:
    """A GET as a browser that is signed in sends it, ready to send."""
    lines = "".join(f"{line}\r\n" for line in (f"Cookie: {cookie}", *headers))
    return _request("GET", url, lines, b"")


def header_of(url: str, request: bytes, name: str) -> str:
    """What one answer says in a header. Raises `UnexpectedAnswer` where it says nothing."""
    line = _Line(url)
    line.socket.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += line.socket.recv(65536)
    line.socket.close()
    for each in received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n"):
        key, _colon, value = each.partition(":")
        if key.lower() == name.lower():
            return value.strip()
    raise UnexpectedAnswer(received[:1000].decode(errors="replace"))


def post(url: str, payload: object) -> bytes:
    """A POST of JSON, ready to send."""
    return _request("POST", url, "Content-Type: application/json\r\n", json.dumps(payload).encode())


def _request(method: str, url: str, headers: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    head = f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def per_second(url: str, requests: Iterable[bytes], *, status: int, connections: int = CONNECTIONS) -> float:
    """Answers per second while `requests` are sent over some connections. Raises `UnexpectedAnswer`."""
    began = time.perf_counter()
    count = send(url, requests, status=status, connections=connections)
    return count / (time.perf_counter() - began)


def send(url: str, requests: Iterable[bytes], *, status: int, connections: int = CONNECTIONS) -> int:
    """Send all, each connection its next request when the last is answered; how many. Raises `UnexpectedAnswer`."""
    waiting = iter(requests)
    with selectors.DefaultSelector() as selector:
        lines = [_Line(url) for _ in range(connections)]
        count = sum(line.begin(selector, waiting) for line in lines)
        busy = count
        while busy:
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                raise UnexpectedAnswer(f"nothing came for {PATIENCE_SECONDS} s")
            for key, _events in ready:
                line: _Line = key.data
                if not line.is_answered(status):
                    continue
                if line.next(waiting):
                    count += 1
                else:
                    line.end(selector)
                    busy -= 1
    return count


@dataclass
class _Line:
    """One connection and what has come of the present answer."""

    url: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def begin(self, selector: selectors.BaseSelector, waiting: Iterator[bytes]) -> int:
        if not self.next(waiting):
            self.socket.close()
            return 0
        selector.register(self.socket, selectors.EVENT_READ, self)
        return 1

    def next(self, waiting: Iterator[bytes]) -> bool:
        request = next(waiting, None)
        if request is None:
            return False
        self.socket.sendall(request)
        return True

    def end(self, selector: selectors.BaseSelector) -> None:
        selector.unregister(self.socket)
        self.socket.close()

    def is_answered(self, status: int) -> bool:
        """Whether the answer is complete; raises `UnexpectedAnswer` for another status or a closed connection."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise UnexpectedAnswer("the server closed a connection")
        self.received += chunk
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return False
        length = _length(head)
        if len(body) < length:
            return False
        if head.split(b" ", 2)[1] != str(status).encode():
            raise UnexpectedAnswer(self.received[:1000].decode(errors="replace"))
        self.received = b""
        return True


def _length(head: bytes) -> int:
    """How long the body is; an answer without one (304) says nothing."""
    lines = (line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return int(next(lines, b"0"))
