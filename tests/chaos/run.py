"""One run: a load, chaos, calm, and what is found afterwards."""

import argparse
import math
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from demo.phones.process import start_phones
from portal import clock
from routing.paging.models import Delivery, Escalation
from tests import processes

from . import audit, logs
from .actors import Cast, expire_dead, move_until
from .checks import Line, check_all
from .herd import Herd
from .monkey import Monkey
from .place import Servers
from .story import gather
from .wire import Wire
from .world import make_world

SETTLE_SECONDS = 120.0
NOT_YET_LATE = timedelta(seconds=2)


def run(options: argparse.Namespace, servers: Servers, directory: Path) -> bool:
    """Whether everything held."""
    say(
        f"seed {options.seed}: {options.incidents} incidents in {options.seconds:g} s, a kill every {options.pause:g} s"
    )
    began = time.monotonic()
    call_command("migrate", verbosity=0)
    audit.install()
    world = make_world(options.projects, now=clock.now())
    port = processes.free_port()
    with ExitStack() as stack:
        phones = stack.enter_context(
            start_phones(
                account_sid=settings.TWILIO_ACCOUNT_SID,
                auth_token=settings.TWILIO_AUTH_TOKEN,
                sms_url=f"http://127.0.0.1:{port}/telephony/sms/",
            )
        )
        for site in world.sites:
            if site.unreachable:
                phones.client.mode(str(site.primary.mobile), "invalid")
        environment = processes.surroundings(
            database_url=servers.postgres.url, redis_url=servers.valkey.url, phones=phones, port=port
        )
        environment |= {"TWILIO_TIMEOUT_SECONDS": "3", "LOG_LEVEL": "WARNING", "INTAKE_RATE_PER_MINUTE": "100000"}
        herd = stack.enter_context(Herd(commands(port), environment, logs=directory))
        wire = Wire(f"http://127.0.0.1:{port}")
        stack.callback(wire.close)
        cast = Cast(world, wire, phones.client, options.seed)
        monkey = Monkey(herd, servers, phones.client, cast, seed=options.seed)
        processes.eventually(wire.is_up, seconds=60)
        say(f"everything runs after {time.monotonic() - began:.0f} s")
        play(options, servers, cast, monkey)
        connections.close_all()  # they may be of a server that is dead
        phones.client.disturb_callbacks()
        say(f"calm after {time.monotonic() - began:.0f} s: {herd.deaths.total()} deaths")
        settle(herd, servers.postgres.url)
        story = gather(phones.client)
    lines = [
        *check_all(story, wire.promised, set(cast.alerts)),
        Line("requests never answered", str(len(wire.unanswered)), wire.unanswered),
        *logs.check(directory, herd.names, servers.postgres_log),
    ]
    show("deaths", herd.deaths)
    show("monkey", monkey.done)
    show("people", cast.done)
    show("HTTP", wire.answers)
    return table(options.seed, lines, seconds=time.monotonic() - began)


def commands(port: int) -> dict[str, list[str]]:
    """Two of each that does the work, so that one is left while the other starts."""
    worker, sender, beat = (list(processes.COMMANDS[name]) for name in ("worker", "sender", "beat"))
    return {
        "web": processes.web(port),
        "worker-1": [*worker, "--hostname=worker-1@%h"],
        "worker-2": [*worker, "--hostname=worker-2@%h"],
        "sender-1": [*sender, "--hostname=sender-1@%h"],
        "sender-2": [*sender, "--hostname=sender-2@%h"],
        "beat": beat,
        "watchdog": list(processes.COMMANDS["watchdog"]),
    }


def play(options: argparse.Namespace, servers: Servers, cast: Cast, monkey: Monkey) -> None:
    """Everybody acts until all incidents have been reported."""
    stop = threading.Event()
    chance = random.Random(f"{options.seed} time")
    pause = 2 * options.seconds / options.incidents
    deeds: list[Callable[[], None]] = [
        *(partial(cast.answer_until, stop, f"person {each}", pause) for each in range(3)),
        partial(
            move_until, stop, servers.postgres.url, cast, chance, count=math.ceil(options.incidents / options.seconds)
        ),
        partial(report, cast, options, stop),
    ]
    threads = [threading.Thread(target=with_connections_closed, args=[deed], daemon=True) for deed in deeds]
    for thread in threads:
        thread.start()
    # In this thread, with which the servers it starts would end.
    monkey.play_until(stop, seconds=options.seconds, pause=options.pause)
    for thread in threads:
        thread.join()


def report(cast: Cast, options: argparse.Namespace, stop: threading.Event) -> None:
    try:
        cast.report_all(options.incidents, options.seconds)
    finally:
        cast.wait_with_more.clear()
        stop.set()


def with_connections_closed(deed: Callable[[], None]) -> None:
    try:
        deed()
    finally:
        connections.close_all()


def settle(herd: Herd, url: str) -> None:
    """Wait until nothing that is due lies undone; in vain where something is stuck, which the checks will tell."""
    deadline = time.monotonic() + SETTLE_SECONDS
    quiet = 0
    while time.monotonic() < deadline and quiet < 3:
        with closing(psycopg2.connect(url, application_name=audit.MOVER)) as mover:
            expire_dead(mover)
        quiet = quiet + 1 if herd.whole() and nothing_is_due() else 0
        time.sleep(0.5)
    if quiet < 3:
        say("it did not come to rest")


def nothing_is_due() -> bool:
    before = clock.now() - NOT_YET_LATE
    due = Escalation.objects.filter(due_at__lte=before).exists()
    queued = Delivery.objects.filter(state="queued", next_attempt_at__lte=before).exists()
    return not (due or queued or Delivery.objects.filter(state__in=["sending", "unknown"]).exists())


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def show(name: str, counted: dict[str, int]) -> None:
    say(f"{name}: " + ", ".join(f"{what} {count}" for what, count in sorted(counted.items())))


def table(seed: int, lines: list[Line], *, seconds: float) -> bool:
    """Print it; whether no line is broken."""
    broken = [line for line in lines if line.broken]
    width = max(len(line.name) for line in lines)
    say("")
    for line in lines:
        verdict = f"BROKEN ({len(line.broken)})" if line.broken else "ok"
        say(f"{line.name:{width}}  {verdict:12}  {line.figure}")
    for line in broken:
        say(f"\n{line.name}:")
        for text in line.broken[:10]:
            say(f"  {text}")
    say(f"\nseed {seed}: {'BROKEN' if broken else 'all held'} after {seconds:.0f} s")
    return not broken
