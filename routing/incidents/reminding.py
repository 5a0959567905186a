"""Looks again at what shows no progress: reminds whoever has it, once, and then begins a new round."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet

from routing.decision import Callee, Kind
from routing.paging import calling, escalating
from routing.paging.alarms import clear_alarms, raise_alarm
from routing.paging.models import Delivery, Escalation, Page

from . import progress, waits
from .models import Incident, Status
from .services import facts_now
from .timeline import write

log = structlog.get_logger(__name__)

RETRY_AFTER_ERROR = timedelta(seconds=30)


def due_incidents(now: datetime) -> QuerySet[Incident]:
    """What has to be looked at again at `now`."""
    return Incident.objects.filter(progress_due_at__lte=now)


def remind_due(*, now: datetime, limit: int = 50) -> int:
    """Look at up to `limit` incidents whose progress is due at `now`; how many were dealt with.

    Any number of workers may call this at once: what somebody else holds is left to them.
    """
    found = due_incidents(now).order_by("progress_due_at", "pk").values_list("pk", flat=True)[:limit]
    return sum(_look_safely(pk, now=now) for pk in list(found))


def _look_safely(incident_id: int, *, now: datetime) -> bool:
    key = str(incident_id)
    try:
        with transaction.atomic():
            return _look(incident_id, now=now)
    except Exception as error:
        log.exception("reminder_error", incident=key)
        due_incidents(now).filter(pk=incident_id).update(progress_due_at=now + RETRY_AFTER_ERROR)
        raise_alarm("reminder_error", key, now=now, error=str(error)[:200])
        return False


def _look(incident_id: int, *, now: datetime) -> bool:
    """The escalation is locked before the incident, as everywhere. False where somebody else holds one of them."""
    chain = Escalation.objects.filter(incident=incident_id)
    escalation = chain.select_for_update(skip_locked=True).first()
    if escalation is None and chain.exists():
        return False
    held = due_incidents(now).select_for_update(skip_locked=True, of=("self",))
    incident = held.select_related("project", "assignee", "team").filter(pk=incident_id).first()
    if incident is None:
        return False
    if incident.status == Status.WAITING:
        _go_on(incident, now=now)
    elif escalation is not None:
        escalation.incident = incident
        if incident.reminded_at is None:
            _remind(incident, escalation, now=now)
        else:
            _begin_anew(incident, escalation, now=now)
    clear_alarms(str(incident_id), "reminder_error", now=now)
    return True


def _go_on(incident: Incident, *, now: datetime) -> None:
    """The date that was waited for has come."""
    incident.status = Status.IN_PROGRESS
    write(incident, "wait_over", now=now, public=True)
    waits.end(incident, now=now)
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", *waits.FIELDS, *progress.FIELDS])


def _remind(incident: Incident, escalation: Escalation, *, now: datetime) -> None:
    limit = progress.limit_of(incident)
    incident.reminded_at = now
    incident.progress_due_at = now + limit / 2 if limit else None
    incident.save(update_fields=[*progress.FIELDS])
    whom = _who_has_it(incident, escalation)
    write(incident, "reminded", now=now, name=whom.name if whom else "", minutes=_minutes(limit))
    if whom is not None:
        calling.tell(escalation, whom, kind=Delivery.Kind.REMINDER, now=now)


def _who_has_it(incident: Incident, escalation: Escalation) -> Callee | None:
    """The assignee, the team, or the shared phone that answered."""
    if incident.assignee is not None:
        return calling.callee_of(incident.assignee)
    if incident.team is not None:
        return calling.callee_of_team(incident.team)
    page = escalation.pages.of_chain().filter(state=Page.State.ACKNOWLEDGED).order_by("answered_at").last()
    if page is None:
        return None
    kind = Kind.TEAM if page.team_id else Kind.LAST_RESORT
    return Callee(kind, page.team_id, page.name, "")


def _begin_anew(incident: Incident, escalation: Escalation, *, now: datetime) -> None:
    limit = progress.limit_of(incident)
    incident.status, incident.assignee, incident.team = Status.NEW, None, None
    progress.renew(incident, now=now)
    incident.save(update_fields=["status", "assignee", "team", *progress.FIELDS])
    write(incident, "no_progress", now=now, minutes=_minutes(limit * 1.5 if limit else None))
    escalating.new_round(escalation, now=now, facts=facts_now(incident, now))


def _minutes(span: timedelta | None) -> int:
    return int(span.total_seconds() // 60) if span else 0
