"""A client that does not know whether its request arrived may send it again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from routing.incidents.models import IdempotencyKey, Incident
from routing.paging.models import Escalation
from tests.people import World, make_world

from .conftest import Login

INCIDENTS = "/api/v1/incidents/"
NEW = {"project": "webshop", "priority": "blocker", "title": "Shop is down"}


def post(client: APIClient, key: str, body: Any = NEW) -> Any:
    return client.post(INCIDENTS, body, format="json", headers={"Idempotency-Key": key})


def test_the_same_key_answers_with_the_same_incident(world: World, api: Login) -> None:
    client = api(world.alice)
    first = post(client, "one")
    again = post(client, "one", dict(reversed(NEW.items())))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert Incident.objects.count() == 1
    assert post(client, "two").json()["number"] != first.json()["number"]


def test_without_a_key_every_request_counts(world: World, api: Login) -> None:
    client = api(world.alice)
    for _time in range(2):
        client.post(INCIDENTS, NEW, format="json")
    assert Incident.objects.count() == 2


def test_the_same_key_with_another_body_is_refused(world: World, api: Login) -> None:
    client = api(world.alice)
    post(client, "one")
    answer = post(client, "one", {**NEW, "title": "Something else"})
    assert answer.status_code == 409
    assert "Idempotency-Key" in answer.json()["detail"]
    assert Incident.objects.count() == 1


def test_keys_are_everybodys_own(world: World, api: Login) -> None:
    assert post(api(world.alice), "one").json()["number"] != post(api(world.bob), "one").json()["number"]


def test_a_refused_request_does_not_use_up_its_key(world: World, api: Login) -> None:
    client = api(world.alice)
    assert post(client, "one", {**NEW, "title": ""}).status_code == 400
    assert post(client, "one").status_code == 201


def test_a_key_has_a_length(world: World, api: Login) -> None:
    assert post(api(world.alice), "k" * 255).status_code == 201
    answer = post(api(world.alice), "k" * 256)
    assert list(answer.json()["errors"]) == ["Idempotency-Key"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_incident(api: Login) -> None:
    client = api(make_world().alice)
    barrier = Barrier(8)

    def send(_number: int) -> tuple[int, str]:
        try:
            barrier.wait(timeout=10)
            answer = post(client, "one")
            return answer.status_code, answer.json()["number"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))
    number = Incident.objects.get().number
    assert answers == {(201, number)}
    assert IdempotencyKey.objects.count() == Escalation.objects.count() == 1
