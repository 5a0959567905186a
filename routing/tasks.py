"""The work that Celery wakes up for. A task makes one service call and can run twice."""

from celery import shared_task

from portal import clock

from . import housekeeping
from .coverage import watching
from .duty import confirmations
from .paging import escalating, ticking
from .presence import digest


@shared_task(name="routing.tasks.tick")
def tick() -> None:
    """Everything that is due, once a second."""
    ticking.tick()


@shared_task(name="routing.tasks.advance_escalations")
def advance_escalations() -> None:
    """A wake-up: some escalation is due."""
    while escalating.advance_due(now=clock.now()):
        pass


@shared_task(name="routing.tasks.keep_house")
def keep_house() -> None:
    """The work of the day, where nobody has begun it."""
    housekeeping.keep_house(now=clock.now())


@shared_task(name="routing.tasks.send_night_reports")
def send_night_reports() -> None:
    """An office has opened: its night is told to whom it concerns."""
    digest.send_night_reports(now=clock.now())


@shared_task(name="routing.tasks.watch_coverage")
def watch_coverage() -> None:
    """Nobody has looked at the coverage for a while."""
    watching.watch(now=clock.now())


@shared_task(name="routing.tasks.ask_for_confirmations")
def ask_for_confirmations() -> None:
    """Whoever takes over a duty soon is asked to confirm it."""
    confirmations.ask_and_warn(now=clock.now())
