"""The portal watches its own coverage: administrators are told each week, and of what is new as soon as it stands."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from portal.hours import local_instant
from portal.models import ADMINISTRATORS, Person
from routing.paging.alarms import clear_alarms, raise_alarm
from routing.paging.letters import Letter, post_letter
from routing.paging.models import PeriodicJob

from .findings import Finding, Severity
from .letters import news_letter, weekly_letter
from .models import KnownFinding
from .queries import Coverage, coverage, covered_projects

log = structlog.get_logger(__name__)

JOB, WEEKLY = "coverage", "coverage_weekly"
EVERY = timedelta(minutes=15)
SETTLED = timedelta(minutes=10)
"""A finding that stands for so long is told: whoever is at work on a roster makes gaps and closes them."""
NEAR = timedelta(hours=48)
_looked: set[str] = set()
"""The period of which this process knows that somebody has looked; no more than one."""


def is_due(now: datetime) -> bool:
    """Whether nobody has looked in this quarter of an hour. One small query until somebody has, then none."""
    period = _period(now)
    if period in _looked:
        return False
    if not PeriodicJob.objects.filter(job=JOB, period=period).exists():
        return True
    _looked.clear()
    _looked.add(period)
    return False


def watch(*, now: datetime) -> int:
    """Look at the coverage and tell administrators what is to be told; how many letters were posted.

    Any number of processes may call this at once: one of them looks, and each finding is told once. A look that
    fails is made again in the next quarter of an hour.
    """
    before = PeriodicJob.objects.filter(job=JOB).order_by("-claimed_at").values_list("claimed_at", flat=True).first()
    if not _claim(JOB, _period(now), now):
        return 0
    try:
        with transaction.atomic():
            found = coverage(covered_projects(), now=now)
            posted = _tell_news(found, now=now) + _tell_weekly(found, before, now=now)
            _alarm(now)
            return posted
    except Exception:
        log.exception("coverage_watch_failed")
        return 0


def _period(now: datetime) -> str:
    begun = now.astimezone(UTC)
    return begun.replace(minute=begun.minute // 15 * 15).strftime("%Y-%m-%dT%H:%M")


def _claim(job: str, period: str, now: datetime) -> bool:
    _job, mine = PeriodicJob.objects.get_or_create(job=job, period=period, defaults={"claimed_at": now})
    return mine


# --- What is new --------------------------------------------------------------------------------------------


def _tell_news(found: Coverage, *, now: datetime) -> int:
    """Tell the gaps and risks that have stood for a while and were not told; forget what is over."""
    grave = [finding for finding in found.findings if finding.severity is not Severity.NOTE]
    standing = {_digest(identity): finding for finding in grave for identity in _identities(finding, now)}
    KnownFinding.objects.exclude(digest__in=standing).delete()
    KnownFinding.objects.bulk_create(
        [
            KnownFinding(digest=digest, severity=finding.severity, seen_at=now)
            for digest, finding in sorted(standing.items(), key=lambda each: each[0])
        ],
        ignore_conflicts=True,
    )
    untold = KnownFinding.objects.filter(digest__in=standing, told_at=None, seen_at__lte=now - SETTLED)
    # Whoever looks at the same time waits here, and finds them told.
    mine = set(untold.select_for_update().order_by("pk").values_list("digest", flat=True))
    if not mine:
        return 0
    KnownFinding.objects.filter(digest__in=mine).update(told_at=now)
    news = tuple(dict.fromkeys(finding for digest, finding in standing.items() if digest in mine))
    return _post(lambda person: news_letter(found, news, person), now=now)


def _identities(finding: Finding, now: datetime) -> Iterator[str]:
    """A gap that is near is told once more: one that is known of a later week would keep it quiet else."""
    for identity in finding.identities:
        yield identity
        if finding.severity is Severity.GAP and finding.since <= now + NEAR:
            yield f"{identity}|near"


def _digest(identity: str) -> str:
    return sha256(identity.encode()).hexdigest()


def _alarm(now: datetime) -> None:
    """The desk sees a gap that administrators were told of, until it is closed."""
    if KnownFinding.objects.filter(severity=Severity.GAP, told_at__isnull=False).exists():
        raise_alarm("coverage_gap", JOB, now=now)
    else:
        clear_alarms(JOB, "coverage_gap", now=now)


# --- Each week ----------------------------------------------------------------------------------------------


def _tell_weekly(found: Coverage, looked_before: datetime | None, *, now: datetime) -> int:
    """Tell everything once a week; not for a time before the portal first looked."""
    due = last_weekly(now)
    if looked_before is None or looked_before >= due or not _claim(WEEKLY, due.strftime("%Y-%m-%dT%H:%M"), now):
        return 0
    return _post(lambda person: weekly_letter(found, person), now=now)


def last_weekly(now: datetime) -> datetime:
    """The last instant up to `now` at which the week's letter was due, by `COVERAGE_MAIL` in the portal's zone."""
    weekday, at = settings.COVERAGE_MAIL
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    day = today - timedelta(days=(today.weekday() - weekday) % 7)
    due = local_instant(settings.TIME_ZONE, day, at)
    return due if due <= now else local_instant(settings.TIME_ZONE, day - timedelta(days=7), at)


def _post(letter_for: Callable[[Person], Letter], *, now: datetime) -> int:
    posted = 0
    for person in administrators():
        try:
            with transaction.atomic():
                post_letter(letter_for(person), at=now, now=now)
                posted += 1
        except Exception:
            log.exception("coverage_letter_failed", person=person.pk)
    return posted


def administrators() -> list[Person]:
    """Everybody who may mend what is found."""
    may = Q(is_superuser=True) | Q(groups__name=ADMINISTRATORS)
    return list(Person.objects.filter(may, is_active=True, is_staff=True).distinct().order_by("pk"))
