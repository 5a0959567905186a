"""What the outside world sends to the portal over HTTP, again and again until it is answered."""

import threading
import time
from collections import Counter
from typing import Any

import requests

PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.3


class Wire:
    """Keeps what a 2xx answer promised. May be used from several threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: Counter[str] = Counter()
        self.promised: set[int] = set()
        """Numbers of incidents that answers named."""
        self.unanswered: list[str] = []
        """What no answer came to within the patience of its sender."""
        self._sessions = threading.local()
        self._closed = threading.Event()

    def close(self) -> None:
        """Nothing is sent again from here on."""
        self._closed.set()

    def is_up(self) -> bool:
        try:
            return self._session().get(f"{self.url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def signal(self, token: str, alerts: list[dict[str, Any]]) -> None:
        """Post alerts as monitoring does: until a 202 comes."""
        answer = self._insist(f"/intake/{token}/alertmanager/", {"alerts": alerts}, {})
        if answer is not None and answer.status_code == 202:
            self.promised.update(int(number) for number in answer.json()["incidents"])

    def report(self, token: str, body: dict[str, Any], key: str) -> None:
        """Report an incident as a customer does: until it is answered, with an Idempotency-Key."""
        answer = self._insist("/api/v1/incidents/", body, {"Authorization": f"Bearer {token}", "Idempotency-Key": key})
        if answer is not None and answer.status_code == 201:
            self.promised.add(int(answer.json()["number"]))

    def act(self, token: str, number: int, action: str, body: dict[str, Any]) -> int | None:
        """One action on an incident, once; the status, None where no answer came."""
        path = f"/api/v1/incidents/{number}/{action}/"
        answer = self._post(path, body, {"Authorization": f"Bearer {token}"})
        self._count(action, answer)
        return answer.status_code if answer is not None else None

    def _insist(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> requests.Response | None:
        what = path.rstrip("/").rsplit("/", 1)[-1]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._post(path, body, headers)
            self._count(what, answer)
            if answer is not None and answer.status_code < 500:
                if not answer.ok:
                    self.unanswered.append(f"{path}: {answer.status_code} {answer.text[:200]}")
                return answer
            if self._closed.wait(PAUSE_SECONDS):
                break
        self.unanswered.append(path)
        return None

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> requests.Response | None:
        try:
            return self._session().post(f"{self.url}{path}", json=body, headers=headers, timeout=15)
        except requests.RequestException:
            return None

    def _count(self, what: str, answer: requests.Response | None) -> None:
        self.answers[f"{what} {answer.status_code if answer is not None else 'no answer'}"] += 1

    def _session(self) -> requests.Session:
        if not hasattr(self._sessions, "session"):
            self._sessions.session = requests.Session()
            self._sessions.session.trust_env = False
        session: requests.Session = self._sessions.session
        return session
