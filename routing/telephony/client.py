"""The one way out to phone and SMS: the provider's library, with its base URL taken from the settings.

Every function makes one request and raises one of three errors, which say what may be done next.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as HandshakeError

from .errors import (
    ACCOUNT_FAILED,
    NUMBER_FAILED,
    PermanentError,
    ProviderError,
    TemporaryError,
    UnknownOutcome,
    describe,
)

PROVIDER_URL = "https://api.twilio.com"
RING_SECONDS = 45
"""Long enough to wake somebody."""
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]
CALL_IS_OVER = frozenset({20404, 21220})
CONNECTIONS = 16
"""Kept open for further requests; as many as a worker has under way at once."""
LOOK_AT = 20
"""How many of a number's latest calls or messages are looked through."""

P = ParamSpec("P")
T = TypeVar("T")


class ProviderHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the library carries no types
    """Sends the library's requests to `base_url`, and tells what was surely not sent from what may have been."""

    def __init__(self, base_url: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
        self._base_url = base_url.rstrip("/")
        if urlsplit(base_url).hostname in {"127.0.0.1", "localhost", "::1"}:
            self.session.trust_env = False  # a proxy of the surroundings does not lead to this machine

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        try:
            response = super().request(method, self._moved(url), *args, **kwargs)
        except requests.RequestException as error:
            raise _not_answered(error) from error
        if response.status_code == 429:
            # The library's own exception does not carry the headers.
            raise TemporaryError("429: too many requests", retry_after=_seconds(response.headers.get("Retry-After")))
        return response

    def _moved(self, url: str) -> str:
        if self._base_url == PROVIDER_URL:
            return url
        return self._base_url + url.removeprefix("{0.scheme}://{0.netloc}".format(urlsplit(url)))


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdigit() else None


def _not_answered(error: requests.RequestException) -> ProviderError:
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, NewConnectionError | HandshakeError) or isinstance(error, requests.ConnectTimeout):
        return TemporaryError("no connection to the provider")
    return UnknownOutcome(type(error).__name__)


def _client() -> Client:
    return _client_for(
        settings.TWILIO_BASE_URL,
        settings.TWILIO_ACCOUNT_SID,
        settings.TWILIO_AUTH_TOKEN,
        settings.TWILIO_TIMEOUT_SECONDS,
    )


@cache
def _client_for(base_url: str, account_sid: str, auth_token: str, timeout: float) -> Client:
    return Client(account_sid, auth_token, http_client=ProviderHttpClient(base_url, timeout))


def _asked(ask: Callable[P, T]) -> Callable[P, T]:
    """Translate the library's errors."""

    @wraps(ask)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return ask(*args, **kwargs)
        except ProviderError:
            raise
        except TwilioRestException as error:
            raise _refused(error) from error
        except TwilioException as error:
            raise TemporaryError(str(error), account=True) from error
        except (ValueError, KeyError, TypeError) as error:
            raise UnknownOutcome("unreadable answer") from error

    return wrapped


def _refused(error: TwilioRestException) -> ProviderError:
    text = describe(error.code, error.msg)
    if error.status >= 500:
        return TemporaryError(text)
    if error.status in {401, 403} or error.code in ACCOUNT_FAILED:
        return TemporaryError(text, account=True)
    return PermanentError(text, number=error.code in NUMBER_FAILED)


@_asked
def place_call(*, to: str, url: str, status_url: str) -> str:
    """Call the E.164 number `to`, which hears the TwiML of `url`; the provider's id of the call."""
    call = _client().calls.create(
        to=to,
        from_=settings.TWILIO_FROM_NUMBER,
        url=url,
        status_callback=status_url,
        status_callback_event=CALL_EVENTS,
        timeout=RING_SECONDS,
    )
    return str(call.sid)


@_asked
def send_text(*, to: str, body: str, status_url: str) -> str:
    """Send `body` to the E.164 number `to`; the provider's id of the message."""
    message = _client().messages.create(to=to, from_=settings.TWILIO_FROM_NUMBER, body=body, status_callback=status_url)
    return str(message.sid)


@_asked
def cancel_call(sid: str) -> None:
    """End a call that rings. One that has been answered goes on, so that whoever answered hears why."""
    try:
        _client().calls(sid).update(status="canceled")
    except TwilioRestException as error:
        if error.code not in CALL_IS_OVER:
            raise


@_asked
def find_call(*, to: str, since: datetime, known: Collection[str]) -> str | None:
    """The id of a call to `to` begun at or after `since` (UTC) that is not among `known` ids."""
    calls = _client().calls.list(to=to, from_=settings.TWILIO_FROM_NUMBER, start_time_after=since, limit=LOOK_AT)
    # The list's own filter may go by the day.
    return _first(calls, known, lambda call: _no_earlier(call, since))


@_asked
def find_text(*, to: str, since: datetime, marks: Collection[str], known: Collection[str]) -> str | None:
    """The id of a message to `to` sent at or after `since` (UTC) whose text holds one of `marks`; none of `known`."""
    texts = _client().messages.list(to=to, from_=settings.TWILIO_FROM_NUMBER, date_sent_after=since, limit=LOOK_AT)

    def fits(text: Any) -> bool:
        return _no_earlier(text, since) and any(mark in (text.body or "") for mark in marks)

    return _first(texts, known, fits)


@_asked
def look_up(sid: str, *, call: bool) -> dict[str, str]:
    """What the provider has recorded of a call or message, in the words of its reports."""
    if call:
        return {"CallSid": sid, "CallStatus": str(_client().calls(sid).fetch().status)}
    message = _client().messages(sid).fetch()
    return {"MessageSid": sid, "MessageStatus": str(message.status), "ErrorCode": str(message.error_code or "")}


def _no_earlier(record: Any, since: datetime) -> bool:
    return record.date_created is None or bool(record.date_created >= since)


def _first(records: list[Any], known: Collection[str], fits: Callable[[Any], bool]) -> str | None:
    return next((str(record.sid) for record in records if record.sid not in known and fits(record)), None)
