"""A client of the control API, for tests and scripts."""

from __future__ import annotations

from typing import Any, cast

import requests

Json = dict[str, Any]


class PhonesError(Exception):
    """The phones refused; `status` is the HTTP status (409: the phone is not in the state for it)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status


class NothingHappenedError(PhonesError):
    """No matching event came in time."""


class Phones:
    """Numbers are E.164. Every method raises PhonesError where the phones refuse."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def _request(self, method: str, path: str, timeout: float = 15, **kwargs: Any) -> Json:
        response = self._session.request(method, f"{self.base_url}/control/{path}", timeout=timeout, **kwargs)
        if response.ok:
            return cast("Json", response.json())
        kind = NothingHappenedError if path == "wait" and response.status_code == 404 else PhonesError
        raise kind(response.status_code, response.text)

    def _get(self, path: str, **query: object) -> Json:
        given = {name: value for name, value in query.items() if value is not None}
        return self._request("GET", path, params=given)

    def _post(self, path: str, **body: object) -> Json:
        return self._request("POST", path, json={name: value for name, value in body.items() if value is not None})

    def _do(self, number: str, action: str, **body: object) -> Json:
        return self._post(f"numbers/{number}/{action}", **body)

    def reset(self) -> int:
        """Forget calls, messages, mails, modes and disturbances; the place in the log from where to wait."""
        return int(self._post("reset")["seq"])

    def configure(
        self, *, sms_url: str | None = None, voice_url: str | None = None, voice_status_url: str | None = None
    ) -> Json:
        """The product's addresses for what phones begin by themselves. They survive a reset."""
        return self._post("config", sms_url=sms_url, voice_url=voice_url, voice_status_url=voice_status_url)

    def disturb_callbacks(self, *, delay: float = 0, duplicate: int = 0, shuffle: float = 0, drop: float = 0) -> None:
        """From now on: hold each status callback `delay` seconds, send `duplicate` further copies, let them overtake
        one another by up to `shuffle` seconds, and lose the share `drop` (0 to 1) of them."""
        self._post("callbacks", delay=delay, duplicate=duplicate, shuffle=shuffle, drop=drop)

    def mode(
        self,
        number: str,
        mode: str,
        *,
        times: int | None = None,
        channel: str | None = None,
        keys: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """How the number behaves, for good or for its next `times` requests."""
        self._do(number, "mode", mode=mode, times=times, channel=channel, keys=keys, seconds=seconds)

    def answer(self, number: str, sid: str | None = None) -> Json:
        return self._do(number, "answer", sid=sid)

    def decline(self, number: str, sid: str | None = None) -> Json:
        return self._do(number, "decline", sid=sid)

    def hang_up(self, number: str, sid: str | None = None) -> Json:
        return self._do(number, "hangup", sid=sid)

    def press(self, number: str, digits: str, sid: str | None = None) -> Json:
        """Keys pressed early wait for the next Gather."""
        return self._do(number, "press", digits=digits, sid=sid)

    def say(self, number: str, text: str, sid: str | None = None) -> Json:
        return self._do(number, "say", text=text, sid=sid)

    def send_sms(self, number: str, body: str, to: str | None = None) -> Json:
        """A text from `number` to the provider; by default to whoever wrote to it last."""
        return self._do(number, "sms", body=body, to=to)

    def call(self, number: str, to: str) -> Json:
        """`number` calls `to`, a number of the provider."""
        return self._do(number, "call", to=to)

    def calls(self, *, to: str | None = None, number: str | None = None) -> list[Json]:
        """Oldest first."""
        return cast("list[Json]", self._get("calls", to=to, number=number)["calls"])

    def messages(self, *, to: str | None = None, number: str | None = None) -> list[Json]:
        """Oldest first, both directions (`direction` is "in" for texts to the provider)."""
        return cast("list[Json]", self._get("messages", to=to, number=number)["messages"])

    def mails(self, *, to: str | None = None) -> list[Json]:
        return cast("list[Json]", self._get("mails", to=to)["mails"])

    def events(self, *, after: int = 0) -> list[Json]:
        return cast("list[Json]", self._get("events", after=after)["events"])

    @property
    def sequence(self) -> int:
        """The place in the log reached so far."""
        return int(self._get("events", after=2**53)["seq"])

    def wait(
        self,
        number: str | None,
        event: str,
        *,
        after: int = 0,
        timeout: float = 10,
        contains: str | None = None,
        sid: str | None = None,
    ) -> Json:
        """The first such event newer than `after`; raises NothingHappenedError after `timeout` seconds (60 at most).

        Events: calling, ringing, answered, spoken, key, connected, recording, ended, sms (arrived at the phone),
        sms_sent (by the phone), undelivered, refused (a request), mail (`number` is the address), callback, mode,
        error.
        """
        query = {
            "number": number,
            "event": event,
            "after": after,
            "timeout": timeout,
            "contains": contains,
            "sid": sid,
        }
        given = {name: value for name, value in query.items() if value is not None}
        return self._request("GET", "wait", timeout=timeout + 15, params=given)
