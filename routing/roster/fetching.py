"""Fetches a calendar that an administrator names, and nothing that the address could be a pretext for.

The host is looked up once, and only that address is spoken to: so no second answer of its name server leads
elsewhere. Addresses of the own network are refused unless a setting allows them, redirects are not followed, and size
and time are limited.
"""

import ipaddress
import socket
import ssl
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

MOST_BYTES = 1024 * 1024
SECONDS = 10.0
"""In all, once the host is looked up."""
STEP_SECONDS = 5.0
CHUNK = 65536
PORTS = {"http": 80, "https": 443}
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class FetchRefused(Exception):
    """Nothing was fetched; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Pinned(HTTPConnection):
    """Speaks to one address, whatever the name of the host leads to by then."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool) -> None:
        super().__init__(host, port, timeout=STEP_SECONDS)
        self.address, self.tls = address, tls

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), STEP_SECONDS)
        if self.tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """End it from another thread: whoever waits for the next byte is told that there is none."""
        with suppress(OSError, AttributeError):  # not begun yet, or over
            self.sock.shutdown(socket.SHUT_RDWR)


def fetch(url: str) -> str:
    """The text at the address (http, https, webcal). Raises `FetchRefused`."""
    if url.lower().startswith("webcal:"):
        url = f"https:{url[len('webcal:') :]}"
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise FetchRefused("address") from error
    if not port or not parts.hostname or parts.username or not url.isascii() or any(sign.isspace() for sign in url):
        raise FetchRefused("address")
    if port not in PORTS.values() and not settings.FETCH_PRIVATE_ADDRESSES:
        raise FetchRefused("address")
    connection = _Pinned(parts.hostname, port, _address(parts.hostname, port), tls=parts.scheme == "https")
    # Each step has its own limit; a host that sends a byte now and then keeps within it for ever.
    timer = Timer(SECONDS, connection.cut)
    timer.start()
    try:
        return _read(connection, parts)
    except (OSError, HTTPException, ValueError) as error:
        raise FetchRefused("unreachable") from error
    finally:
        timer.cancel()
        connection.close()


def _address(host: str, port: int) -> str:
    """Where the host is. One private address among several is one too many."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise FetchRefused("unreachable") from error
    if not settings.FETCH_PRIVATE_ADDRESSES and not all(map(_is_public, found)):
        raise FetchRefused("private")
    return min(found)


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # These carry an address of IPv4 within; of those outside the global range others do.
        inner = found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None or found not in GLOBAL_UNICAST:
            return False
    return found.is_global and not found.is_multicast


def _read(connection: _Pinned, parts: SplitResult) -> str:
    until = time.monotonic() + SECONDS
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"Accept": "text/calendar, text/csv", "User-Agent": "Direktdraht"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise FetchRefused("redirect" if 300 <= answer.status < 400 else "unreachable")
    body = b""
    while chunk := answer.read1(CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise FetchRefused("too_large")
        if time.monotonic() > until:
            raise FetchRefused("unreachable")
    if answer.length or time.monotonic() > until:
        raise FetchRefused("unreachable")  # it ended early
    return body.decode()
