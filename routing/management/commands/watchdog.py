"""`manage.py watchdog`: stands by without Redis; any number may run."""

import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import requests
import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from portal import clock
from routing.paging import ticking
from routing.paging.alarms import clear_alarms, raise_alarm

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 1.0
HEARTBEAT_SECONDS = 30.0
GRACE = timedelta(seconds=10)
"""Workers that start beside the watchdog need as long for their first tick before they are missed."""


class Command(BaseCommand):
    help = "Does the workers' due work itself when no tick was completed for three seconds; pings HEARTBEAT_URL."

    def handle(self, *_args: Any, **_options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        watch = Watch()
        while not stop.wait(INTERVAL_SECONDS):
            watch.look()


class Watch:
    """One watchdog's memory: when it began, whether it stands in, and when it last pinged outside."""

    def __init__(self) -> None:
        self.senders: dict[str, threading.Thread] = {}
        self.began: datetime | None = None
        self.standing_in = False
        self.pinged_at: datetime | None = None

    def look(self) -> None:
        """One look; a database that is away is tried again on the next."""
        try:
            now = clock.now()
            self.began = self.began or now
            if self._others_are_starting(self.began, now):
                return
            if ticking.is_behind(now):
                self._stand_in(now)
            elif self.standing_in:
                self.standing_in = False
                clear_alarms("tick", "tick_late", now=now)
                log.info("watchdog_stands_by")
            self._ping(now)
        except DatabaseError as error:
            log.error("watchdog_database_away", error=str(error))  # noqa: TRY400 -- a trace each second says no more
            connection.close()
        except Exception:
            # It is the last that stands by: whatever went wrong with one look, there is another.
            log.exception("watchdog_look_failed")

    def _others_are_starting(self, began: datetime, now: datetime) -> bool:
        """Whether this is a common start, before the first tick of workers that come up meanwhile."""
        age = ticking.tick_age(now)
        return now - began < GRACE and (age is None or age > now - began)

    def _stand_in(self, now: datetime) -> None:
        if not self.standing_in:
            self.standing_in = True
            log.error("watchdog_stands_in")
            raise_alarm("tick_late", "tick", now=now)
        ticking.advance_without_broker()
        self._send("sender", ticking.send_without_broker)
        self._send("post", ticking.send_post_without_broker)

    def _send(self, name: str, send: Callable[[], None]) -> None:
        """Beside the looks: a provider that answers slowly must not keep the next page from being due."""
        running = self.senders.get(name)
        if running is None or not running.is_alive():
            self.senders[name] = threading.Thread(target=_safely, args=[send], name=f"watchdog {name}", daemon=True)
            self.senders[name].start()

    def _ping(self, now: datetime) -> None:
        """Only reached while everything due is being done; silence is what the outside service alarms on."""
        if not settings.HEARTBEAT_URL:
            return
        if self.pinged_at and (now - self.pinged_at).total_seconds() < HEARTBEAT_SECONDS:
            return
        self.pinged_at = now
        try:
            requests.get(settings.HEARTBEAT_URL, timeout=2)
        except requests.RequestException as error:
            log.warning("heartbeat_not_delivered", error=str(error))


def _safely(send: Callable[[], None]) -> None:
    try:
        send()
    except DatabaseError as error:
        log.error("watchdog_database_away", error=str(error))  # noqa: TRY400 -- a trace each second says no more
    except Exception:
        log.exception("watchdog_sending_failed")
    finally:
        connection.close()
