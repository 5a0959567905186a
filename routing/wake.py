"""Wake-ups: a hint to a worker that something is due now.

The work list is in PostgreSQL and a tick looks through it each second, so a wake-up may be lost. Publishing one never
raises, takes at most 100 ms, and is not tried again for a second where the broker did not answer.
"""

import time
from functools import cache, partial

import structlog
from django.db import connection, transaction
from kombu import Connection, pools

from portal.celery import app
from portal.kill_points import kill_point

log = structlog.get_logger(__name__)

BROKER_SECONDS = 0.05
"""For connecting and for one answer each: together the 100 ms a wake-up may take."""
QUIET_SECONDS = 1.0
EXPIRES_SECONDS = 30
"""A hint that nobody took by then is stale: the tick has found the row."""


class _Broker:
    """This process's way to the broker, with time-outs of its own: a worker's are longer."""

    def __init__(self) -> None:
        self.quiet_until = 0.0

    def publish(self, task: str) -> None:
        kill_point("before_wake_up")
        if time.monotonic() < self.quiet_until:
            return
        try:
            with pools.producers[_connection()].acquire(block=False) as producer:
                app.send_task(task, producer=producer, retry=False, expires=EXPIRES_SECONDS)
        except Exception as error:  # noqa: BLE001 -- whatever the broker's client raises, the tick finds the row
            self.quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning("wake_up_lost", task=task, error=str(error))


@cache
def _connection() -> Connection:
    options = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS, "max_retries": 0}
    connection: Connection = app.connection_for_write(transport_options=options)
    return connection


_broker = _Broker()


ADVANCE = partial(_broker.publish, "routing.tasks.advance_escalations")
SEND = partial(_broker.publish, "routing.paging.tasks.send_due")
SEND_POST = partial(_broker.publish, "routing.paging.tasks.send_post")
HANG_UP = partial(_broker.publish, "routing.paging.tasks.send_hang_ups")
RECONCILE = partial(_broker.publish, "routing.paging.tasks.send_reconcile")
KEEP_HOUSE = partial(_broker.publish, "routing.tasks.keep_house")
NIGHT_REPORTS = partial(_broker.publish, "routing.tasks.send_night_reports")
COVERAGE = partial(_broker.publish, "routing.tasks.watch_coverage")
CONFIRMATIONS = partial(_broker.publish, "routing.tasks.ask_for_confirmations")
"""Tasks by name: whoever wakes them need not know them."""


def _once_committed(publish: "partial[None]") -> None:
    """Publish after the commit, once per transaction however often it was asked for."""
    if not any(waiting[1] is publish for waiting in connection.run_on_commit):
        transaction.on_commit(publish, robust=True)


def wake_escalations() -> None:
    """After the commit: something is due in an escalation."""
    _once_committed(ADVANCE)


def wake_senders() -> None:
    """After the commit: some delivery may be sent."""
    _once_committed(SEND)


def wake_post() -> None:
    """After the commit: a mail that pages nobody may be sent."""
    _once_committed(SEND_POST)


def wake_hang_ups() -> None:
    """After the commit: calls ring that nobody needs to answer any more."""
    _once_committed(HANG_UP)


def wake_reconcilers() -> None:
    """After the commit: it is time to ask the provider what became of something."""
    _once_committed(RECONCILE)


def wake_housekeeper() -> None:
    """After the commit: nobody has begun the day's work yet."""
    _once_committed(KEEP_HOUSE)


def wake_night_reports() -> None:
    """After the commit: an office has opened, and nobody has been told of its night."""
    _once_committed(NIGHT_REPORTS)


def wake_coverage() -> None:
    """After the commit: nobody has looked at the coverage for a while."""
    _once_committed(COVERAGE)


def wake_confirmations() -> None:
    """After the commit: it is time to look who takes over a duty soon."""
    _once_committed(CONFIRMATIONS)
