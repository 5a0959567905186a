"""A stand-in for the product in tests of the phones: serves TwiML and keeps every request, checking signatures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator

ACCOUNT = "AC" + "0" * 32
TOKEN = "token-of-the-test"


class LocalHttpClient(TwilioHttpClient):  # type: ignore[misc] # twilio has no types
    """Sends to `base_url` what would go to Twilio."""

    def __init__(self, base_url: str, timeout: float = 10) -> None:
        super().__init__(timeout=timeout)
        self.base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        return super().request(method, url.replace("https://api.twilio.com", self.base_url), *args, **kwargs)


@dataclass(frozen=True)
class Request:
    path: str
    params: dict[str, str]
    signed: bool


@dataclass
class Product:
    """`pages` maps a path to the TwiML served there, or to a function of the parameters that returns it."""

    pages: dict[str, str | Callable[[dict[str, str]], str]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    url: str = ""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, path: str, count: int = 1, timeout: float = 10) -> list[Request]:
        def there() -> bool:
            return len(self.at(path)) >= count

        with self.arrived:
            assert self.arrived.wait_for(there, timeout), f"{len(self.at(path))} of {count} at {path}: {self.requests}"
            return self.at(path)

    def at(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        product = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                params = dict(parse_qsl(body, keep_blank_values=True))
                url = f"{product.url}{self.path}"
                signed = RequestValidator(TOKEN).validate(url, params, self.headers.get("X-Twilio-Signature", ""))
                path = urlsplit(self.path).path
                page = product.pages.get(path, "")
                answer = (page(params) if callable(page) else page).encode()
                with product.arrived:
                    product.requests.append(Request(path, params, signed))
                    product.arrived.notify_all()
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: object) -> None:
                pass

        return Handler
