"""Every error is a problem document."""

from typing import Any

import pytest
from rest_framework.exceptions import Throttled

from portal.problems import problem_details
from tests.people import World

from .conftest import Login

INCIDENTS = "/api/v1/incidents/"


def check(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status
    return body


def test_field_errors_are_listed_by_field(world: World, api: Login) -> None:
    body = check(api(world.desk).post(INCIDENTS, {}, format="json"), 400)
    assert set(body["errors"]) == {"project", "priority", "title"}
    assert body["title"] == "Bad Request"


def test_a_body_that_is_no_json(world: World, api: Login) -> None:
    for body in (b"{", b"\xff", b'{"title": NaN}', b"[" * 100_000):
        check(api(world.desk).post(INCIDENTS, body, content_type="application/json"), 400)


def test_a_body_of_another_type(world: World, api: Login) -> None:
    check(api(world.desk).post(INCIDENTS, "title=x", content_type="application/x-www-form-urlencoded"), 415)


def test_a_body_that_is_too_large(world: World, api: Login) -> None:
    body = b'{"description": "' + b"x" * (5 * 1024 * 1024) + b'"}'
    check(api(world.desk).post(INCIDENTS, body, content_type="application/json"), 413)


def test_a_method_that_is_not_there(world: World, api: Login) -> None:
    answer = api(world.desk).delete(INCIDENTS)
    check(answer, 405)
    assert "GET" in answer["Allow"]


def test_an_answer_in_another_format(world: World, api: Login) -> None:
    check(api(world.desk).get(INCIDENTS, headers={"Accept": "text/csv"}), 406)


@pytest.mark.parametrize("path", ["projects/nothing/", "incidents/0/", "nothing/", "projects/%00/"])
def test_what_is_not_there(world: World, api: Login, path: str) -> None:
    check(api(world.desk).get(f"/api/v1/{path}"), 404)


def test_the_words_are_in_the_readers_language(world: World, api: Login) -> None:
    world.desk.language = "de"
    world.desk.save()
    body = check(api(world.desk).post(INCIDENTS, {}, format="json"), 400)
    assert body["errors"]["title"] == ["Dieses Feld ist zwingend erforderlich."]


def test_too_many_requests_say_when_to_come_back() -> None:
    answer = problem_details(Throttled(wait=2.5), {})
    assert answer is not None
    assert answer.status_code == 429
    assert answer.data is not None
    assert answer.data["status"] == 429
    assert int(answer["Retry-After"]) >= 2
