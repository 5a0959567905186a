"""A wake-up may be lost; it never raises, and never holds anybody up."""

import socket
import time
from collections.abc import Iterator

import pytest
import redis
from django.db import transaction

from portal.celery import app
from portal.embedded import Valkey
from routing import wake
from routing.wake import wake_escalations

HINT = "routing.tasks.advance_escalations"
# What a wake-up may take, twice over: this machine may be busy with other tests.
BOUND_SECONDS = 0.2


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[wake._Broker]:
    """A process's way to the broker, fresh, so that no other test's silence is felt."""
    fresh = wake._Broker()
    wake._connection.cache_clear()
    yield fresh
    wake._connection.cache_clear()


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker at `url`, as an operator would configure it."""
    monkeypatch.setitem(app.conf, "broker_url", url)
    monkeypatch.setitem(app.conf, "broker_write_url", url)


def seconds(broker: wake._Broker) -> float:
    began = time.monotonic()
    broker.publish(HINT)
    return time.monotonic() - began


def test_a_hint_reaches_its_queue(broker: wake._Broker, redis_server: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    use(redis_server.url, monkeypatch)
    broker.publish(HINT)
    broker.publish("routing.paging.tasks.send_due")
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.llen("escalation") == 1
        assert client.llen("delivery") == 1


def test_a_broker_that_is_gone_costs_little_and_raises_nothing(
    broker: wake._Broker, redis_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(redis_server.url, monkeypatch)
    broker.publish(HINT)
    redis_server.stop()
    assert seconds(broker) < BOUND_SECONDS
    # Nor is it asked again at once.
    assert seconds(broker) < 0.01


def test_a_broker_that_hangs_costs_little_too(broker: wake._Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        use(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", monkeypatch)
        assert seconds(broker) < BOUND_SECONDS


def test_a_broker_that_comes_back_is_used_again(
    broker: wake._Broker, redis_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(redis_server.url, monkeypatch)
    redis_server.stop()
    broker.publish(HINT)
    redis_server.start()
    time.sleep(wake.QUIET_SECONDS)
    broker.publish(HINT)
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.llen("escalation") == 1


@pytest.mark.django_db(transaction=True)
def test_one_hint_per_transaction_and_only_after_its_commit(redis_client: redis.Redis) -> None:
    wake._connection.cache_clear()
    with transaction.atomic():
        for _ in range(50):
            wake_escalations()
        assert redis_client.llen("escalation") == 0
    assert redis_client.llen("escalation") == 1
