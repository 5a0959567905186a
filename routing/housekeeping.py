"""Once a day: what is over is closed, what is of no use any more is deleted."""

from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Q

from portal.models import AuditEntry

from .attachments.services import sweep
from .duty.models import DutyConfirmation
from .incidents.models import IdempotencyKey, Incident, Status
from .incidents.services import ActionRefused, close
from .intake.models import Signal
from .paging.models import MailText, PeriodicJob, VerificationCode

log = structlog.get_logger(__name__)

DAILY = "daily"
KEEP_IDEMPOTENCY_KEYS = timedelta(days=7)
KEEP_CODES = timedelta(days=1)
KEEP_JOBS = timedelta(days=30)
KEEP_LETTERS = timedelta(days=30)
KEEP_CONFIRMATIONS = timedelta(days=365)
BATCH = 1000


def is_due(now: datetime) -> bool:
    """Whether nobody has begun the day's work yet."""
    return not PeriodicJob.objects.filter(job=DAILY, period=_day(now)).exists()


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def keep_house(*, now: datetime) -> bool:
    """Do the day's work (days are those of UTC), unless somebody else does; whether it was done here.

    What is left undone by a process that dies is done the next day.
    """
    _job, mine = PeriodicJob.objects.get_or_create(job=DAILY, period=_day(now), defaults={"claimed_at": now})
    if mine:
        _close_resolved(now)
        _delete_signals(now)
        IdempotencyKey.objects.filter(created_at__lt=now - KEEP_IDEMPOTENCY_KEYS).delete()
        VerificationCode.objects.filter(created_at__lt=now - KEEP_CODES).delete()
        PeriodicJob.objects.filter(claimed_at__lt=now - KEEP_JOBS).delete()
        MailText.objects.filter(delivery__finished_at__lt=now - KEEP_LETTERS).delete()
        DutyConfirmation.objects.filter(begins_at__lt=now - KEEP_CONFIRMATIONS).delete()
        _delete_entries(now)
        sweep(now=now)
    return mine


def _close_resolved(now: datetime) -> None:
    """What was resolved long ago, and not reopened since, is done for good."""
    before = now - timedelta(days=settings.AUTO_CLOSE_DAYS)
    for incident in Incident.objects.filter(status=Status.RESOLVED, restored_at__lt=before).order_by("pk"):
        try:
            close(incident, by=None, now=now)
        except ActionRefused:
            log.info("not_closed", incident=incident.pk)


def _delete_signals(now: datetime) -> None:
    """Old signals that no open incident rests upon; in batches, for there may be millions."""
    before = now - timedelta(days=settings.KEEP_SIGNALS_DAYS)
    over = Q(incident=None) | Q(incident__status__in=[Status.RESOLVED, Status.CLOSED])
    while ids := list(Signal.objects.filter(over, received_at__lt=before).order_by("pk").values_list("pk")[:BATCH]):
        Signal.objects.filter(pk__in=[pk for (pk,) in ids]).delete()


def _delete_entries(now: datetime) -> None:
    """Who signed in and when is kept for less long than who changed what. What is recorded stays as it is."""
    sign_ins = Q(kind=AuditEntry.Kind.SIGN_INS, at__lt=now - timedelta(days=settings.KEEP_SIGN_INS_DAYS))
    changes = Q(at__lt=now - timedelta(days=settings.KEEP_AUDIT_DAYS))
    AuditEntry.objects.filter(sign_ins | changes).delete()
