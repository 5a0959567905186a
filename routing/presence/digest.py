"""The night's report by e-mail: once for each opening, to the Service Delivery Manager of each project with news."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

import structlog
from django.db import transaction

from oncall.rotation import AbsenceKind
from portal.facts import Kept
from portal.hours import Hours
from portal.models import Person, Project, ProjectSupport
from portal.queries import hours_facts
from routing.decision import AssigneeFacts
from routing.gather import ProjectFacts, gather
from routing.paging.letters import post_letter
from routing.paging.models import PeriodicJob

from .letters import letter_of
from .models import NightReportChoice
from .night import Night, happenings, night_of

log = structlog.get_logger(__name__)

JOB = "night_report"
_hours: Kept[str, tuple[Hours, ...]] = Kept(size=2)
_done: set[str] = set()
"""Openings of which this process knows that their reports were written."""


def is_due(now: datetime) -> bool:
    """Whether an office has opened of whose night nobody has been told yet. One small query while nothing changes."""
    return bool(_undone(now))


def send_night_reports(*, now: datetime) -> int:
    """Write the reports of every night that is over and untold; how many letters were posted.

    Any number of processes may call this at once: a night is told once or, where that fails, not at all yet.
    """
    return sum(_send(opened, now=now) for opened in _undone(now))


def _undone(now: datetime) -> list[datetime]:
    nights = [night_of(hours, now) for hours in _calendars(now)]
    openings = {_period(night.end): night.end for night in nights if night and night.over}
    unknown = openings.keys() - _done
    if unknown:
        _done.update(PeriodicJob.objects.filter(job=JOB, period__in=unknown).values_list("period", flat=True))
    return sorted(opened for period, opened in openings.items() if period not in _done)


def _calendars(now: datetime) -> tuple[Hours, ...]:
    """The hours of every office that supports a project."""
    shelf = _hours.shelf(now)
    key = now.astimezone(UTC).date().isoformat()  # holidays are known around a date
    if key not in shelf:
        rows = ProjectSupport.objects.as_of(now).select_related("hours")
        shelf[key] = tuple(hours_facts({row.hours for row in rows}, at=now, known_at=now).values())
    return shelf[key]


def _period(opened: datetime) -> str:
    return opened.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


@transaction.atomic
def _send(opened: datetime, *, now: datetime) -> int:
    """Claim and letters in one transaction: whoever dies in between has told nobody, and claimed nothing."""
    _job, mine = PeriodicJob.objects.get_or_create(job=JOB, period=_period(opened), defaults={"claimed_at": now})
    if not mine:
        return 0
    known = gather(Project.objects.filter(retired_at=None).select_related("customer"), at=now, known_at=now)
    nights = {pk: night for pk, facts in known.items() if (night := night_of(facts.hours, now))}
    nights = {pk: night for pk, night in nights.items() if night.over and night.end == opened}
    posted = 0
    for person, projects in _recipients([known[pk] for pk in nights], opened).items():
        try:
            with transaction.atomic():
                posted += _tell(person, {pk: nights[pk] for pk in projects}, now=now)
        except Exception:
            log.exception("night_report_failed", person=person.pk)
    return posted


def _recipients(known: Iterable[ProjectFacts], opened: datetime) -> dict[Person, list[int]]:
    """Who is told of which projects: of each its SDM, or who stands in while they are away for days."""
    mine: dict[int, list[int]] = defaultdict(list)
    for facts in known:
        sdm = _sdm_of(facts, opened)
        if sdm is not None:
            mine[sdm].append(facts.project.pk)
    unwanted = NightReportChoice.objects.filter(wanted=False).values("person")
    people = Person.objects.filter(pk__in=mine, is_active=True, is_staff=True).exclude(pk__in=unwanted)
    return {person: mine[person.pk] for person in people.order_by("pk")}


def _sdm_of(facts: ProjectFacts, at: datetime) -> int | None:
    """The first in order who is not away for days."""
    return next(
        (each.person.id for each in facts.sdm if each.valid.contains(at) and not _is_away(facts, each, at)), None
    )


def _is_away(facts: ProjectFacts, assignee: AssigneeFacts, at: datetime) -> bool:
    absences = facts.base.absences.get(assignee.person.id, ())
    return any(each.kind is AbsenceKind.DAY and each.start <= at < each.end for each in absences)


def _tell(person: Person, nights: dict[int, Night], *, now: datetime) -> int:
    told = happenings(nights, reader=person)
    if told:
        post_letter(letter_of(told, min(night.start for night in nights.values()), person, now=now), at=now, now=now)
    return 1 if told else 0


def wants_report(person: Person) -> bool:
    """Whether the person wants the report by e-mail; so it is until they say otherwise."""
    return not NightReportChoice.objects.filter(person=person, wanted=False).exists()


def choose(*, by: Person, wanted: bool) -> None:
    """Keep whether somebody wants it from now on."""
    NightReportChoice.objects.update_or_create(person=by, defaults={"wanted": wanted})
