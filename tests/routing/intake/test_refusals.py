"""What the intake refuses, how, and that it changes nothing then."""

import io
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
import structlog
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from portal import clock
from portal.embedded import Valkey
from portal.logs import mask
from portal.tokens import revoke
from routing.incidents.models import Incident
from routing.intake.models import IntakeKey
from routing.intake.services import find_key
from routing.paging.models import Alarm
from tests.people import World

from .posting import alert, group, make_key, post, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def key_and_token(world: World) -> tuple[IntakeKey, str]:
    return make_key(world.webshop)


@pytest.fixture
def key(key_and_token: tuple[IntakeKey, str]) -> IntakeKey:
    return key_and_token[0]


@pytest.fixture
def token(key_and_token: tuple[IntakeKey, str]) -> str:
    return key_and_token[1]


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert {"type", "title", "detail"} <= body.keys()
    return body


def test_the_token_is_stored_hashed(key: IntakeKey, token: str) -> None:
    assert token not in str(IntakeKey.objects.values())
    assert token.startswith(key.token_start)
    assert len(token) >= 32
    assert find_key(token, now=clock.now()) == key


@pytest.mark.parametrize("other", ["nonsense", "x" * 5_000, "ä ö%00", "\udcff"])
def test_other_tokens_find_nothing(token: str, other: str) -> None:
    assert find_key(other, now=clock.now()) is None
    assert find_key(token[:-1], now=clock.now()) is None
    assert find_key(token.swapcase(), now=clock.now()) is None


def test_an_unknown_token_is_404(token: str) -> None:
    problem(post(token + "x", {"title": "Down"}), 404)
    assert not Incident.objects.exists()


def test_a_revoked_key_is_404(key: IntakeKey, token: str) -> None:
    revoke(key, now=timezone.now())
    problem(post(token, {"title": "Down"}), 404)
    assert not Incident.objects.exists()


def test_revoking_twice_keeps_the_first_instant(key: IntakeKey) -> None:
    revoke(key, now=timezone.now())
    key.refresh_from_db()
    first = key.revoked_at
    revoke(key, now=timezone.now())
    key.refresh_from_db()
    assert key.revoked_at == first


def test_a_format_that_is_not_supported_names_those_that_are(token: str) -> None:
    detail = problem(post(token, {"title": "Down"}, "carrier-pigeon"), 404)["detail"]
    assert "alertmanager" in detail
    assert "generic" in detail


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_other_methods_are_405(token: str, method: str) -> None:
    answer = getattr(Client(), method)(f"/intake/{token}/generic/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


@pytest.mark.parametrize(
    ("format_name", "body", "field"),
    [
        ("generic", b"", "non_field_errors"),
        ("generic", b"{", "non_field_errors"),
        ("generic", b"title=Down", "non_field_errors"),
        ("generic", b"[" * 100_000, "non_field_errors"),
        ("generic", b'{"title": ' + b"[" * 200 + b"]" * 200 + b"}", "non_field_errors"),
        ("generic", {}, "title"),
        ("generic", {"title": "Down", "status": "on fire"}, "status"),
        ("generic", {"events": [{"title": ""}, 3]}, "events.1"),
        ("alertmanager", [], "non_field_errors"),
        ("alertmanager", {"alerts": None}, "alerts"),
        ("alertmanager", group([{"status": "firing"}]), "alerts.0.labels"),
    ],
)
def test_a_body_without_a_usable_event_is_400_and_changes_nothing(
    token: str, format_name: str, body: object, field: str
) -> None:
    before = rows()
    errors = problem(post(token, body, format_name), 400)["errors"]
    assert errors[field]
    assert rows() == before


def test_the_errors_of_a_large_batch_are_the_first_ones(token: str) -> None:
    assert len(problem(post(token, [3] * 1_000), 400)["errors"]) == 20


def test_a_body_over_5_mib_is_413(token: str) -> None:
    before = rows()
    problem(post(token, {"title": "Down", "description": "x" * 5 * 1024 * 1024}), 413)
    assert rows() == before


def test_a_body_of_just_5_mib_is_taken(token: str) -> None:
    frame = len(json.dumps({"title": "Down", "description": ""}))
    answer = post(token, {"title": "Down", "description": "x" * (5 * 1024 * 1024 - frame)})
    assert answer.status_code == 202
    assert len(Incident.objects.get().description) <= 10_000


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_the_content_type_does_not_matter(token: str, content_type: str) -> None:
    assert post(token, {"title": "Down"}, content_type=content_type).status_code == 202


def test_neither_a_session_nor_a_csrf_token_is_asked_for(token: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(f"/intake/{token}/generic/", {"title": "Down"}, content_type="application/json")
    assert answer.status_code == 202
    assert not answer.cookies


def test_a_forgotten_slash_is_forgiven(token: str) -> None:
    answer = Client().post(f"/intake/{token}/generic", {"title": "Down"}, content_type="application/json")
    assert answer.status_code == 202


@pytest.mark.parametrize(("format_name", "status"), [("generic", 429), ("alertmanager", 503)])
def test_over_the_keys_rate_is_refused_with_one_alarm(world: World, format_name: str, status: int) -> None:
    key, token = make_key(world.webshop, rate_per_minute=3)
    _, other = make_key(world.webshop, rate_per_minute=3)
    body = group([alert("DiskFull")]) if format_name == "alertmanager" else {"title": "Down"}
    # More than two windows' worth: however the minute falls, one of them is full.
    answers = [post(token, body, format_name) for _ in range(9)]
    refused = [answer for answer in answers if answer.status_code != 202]
    assert len(refused) >= 3
    for answer in refused:
        problem(answer, status)
        assert 1 <= int(answer["Retry-After"]) <= 60
    assert len(answers) - len(refused) >= 3
    alarm, *again = Alarm.objects.filter(kind="intake_rate", key=str(key.pk))
    assert len(again) <= 1  # where the minute turned meanwhile
    assert alarm.data == {"name": "Prometheus", "project": "webshop"}
    assert post(other, body, format_name).status_code == 202


def test_without_a_rate_of_its_own_a_key_has_the_installations(token: str, settings: Settings) -> None:
    settings.INTAKE_RATE_PER_MINUTE = 1
    assert 429 in [post(token, {"title": "Down"}).status_code for _ in range(3)]


def test_the_rate_is_per_minute(world: World) -> None:
    _, token = make_key(world.webshop, rate_per_minute=1)
    assert 429 in [post(token, {"title": "Down"}).status_code for _ in range(3)]
    cache.clear()  # a new minute is a new counter
    assert post(token, {"title": "Down"}).status_code == 202


def test_the_alarm_of_a_key_stays_until_a_calm_minute(world: World) -> None:
    key, token = make_key(world.webshop, rate_per_minute=1)
    minute = clock.now().replace(second=0, microsecond=0)

    def after(minutes: int, *, requests: int) -> bool:
        """Whether the alarm is open once these have been posted in a minute to come."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: minute + timedelta(minutes=minutes))
            for _request in range(requests):
                post(token, {"title": "Down"})
        return Alarm.objects.filter(kind="intake_rate", key=str(key.pk), cleared_at=None).exists()

    assert after(0, requests=2)
    assert after(1, requests=1)  # the minute before was not calm
    assert not after(2, requests=1)
    assert Alarm.objects.filter(kind="intake_rate").count() == 1


def test_without_redis_nobody_is_refused(world: World, settings: Settings, redis_server: Valkey) -> None:
    _, token = make_key(world.webshop, rate_per_minute=1)
    redis_server.stop()
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": redis_server.url}}
    assert [post(token, {"title": "Down"}).status_code for _ in range(3)] == [202, 202, 202]


def test_the_token_is_masked_in_the_log(token: str) -> None:
    [handler] = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
        and isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    ]
    written = io.StringIO()
    stream = handler.setStream(written)
    try:
        problem(post(token, {"title": "Down"}, "carrier-pigeon"), 404)
    finally:
        handler.setStream(stream)
    assert "carrier-pigeon" in written.getvalue()
    assert token not in written.getvalue()
    assert f"/intake/{token[:6]}…/carrier-pigeon/" in mask(f"/intake/{token}/carrier-pigeon/")


@pytest.mark.parametrize("format_name", ["generic", "alertmanager"])
@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["alerts", "labels", "annotations", "status", "fingerprint", "events", "title"])
                | st.text(max_size=3),
                inner,
                max_size=5,
            )
        ),
        max_leaves=15,
    )
)
def test_garbage_is_never_a_500_and_changes_nothing(token: str, format_name: str, body: object) -> None:
    before = rows()
    answer = post(token, body, format_name)
    assert answer.status_code in (202, 400)
    if answer.status_code == 400:
        assert problem(answer, 400)["errors"]
        assert rows() == before
