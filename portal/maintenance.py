"""Writes of announced maintenance: every version stays recorded, with who and why."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from .models import Maintenance, Person, Project
from .services import record, supersede


class MaintenanceIsOver(Exception):
    """It has been cancelled, or has ended: what is over is not changed any more."""


@transaction.atomic
def announce(
    *,
    projects: Iterable[Project],
    starts: datetime,
    ends: datetime,
    text_de: str,
    text_en: str,
    by: Person | None,
    now: datetime,
    why: str = "",
) -> Maintenance:
    """Announce maintenance of `projects` in `[starts, ends)` (aware).

    Raises `ValueError` without a project, or where it would not end after it starts.
    """
    announced = record(
        Maintenance,
        by=by,
        now=now,
        why=why,
        period=_period(starts, ends),
        text_de=text_de,
        text_en=text_en,
        announced_at=now,
        announced_by=by,
    )
    _set_projects(announced, projects)
    return announced


@transaction.atomic
def change(
    maintenance: Maintenance,
    *,
    by: Person | None,
    now: datetime,
    why: str = "",
    projects: Iterable[Project] | None = None,
    starts: datetime | None = None,
    ends: datetime | None = None,
    **texts: str,
) -> Maintenance:
    """The next version with what is given (also `text_de` and `text_en`), all else as it was.

    Raises `MaintenanceIsOver`, `ValueError` as `announce` does, and `ChangedMeanwhile` where `maintenance` is no
    longer the last version.
    """
    period = _period(starts or maintenance.starts, ends or maintenance.ends)
    return _next(maintenance, projects, by=by, now=now, why=why, period=period, **texts)


@transaction.atomic
def cancel(maintenance: Maintenance, *, by: Person | None, now: datetime, why: str = "") -> Maintenance:
    """The last version, which says that it does not take place. Raises as `change` does."""
    return _next(maintenance, None, by=by, now=now, why=why, cancelled_at=now)


def _next(maintenance: Maintenance, projects: Iterable[Project] | None, *, now: datetime, **fields: Any) -> Maintenance:
    if maintenance.cancelled_at or maintenance.ends <= now:
        raise MaintenanceIsOver
    successor = supersede(maintenance, now=now, sequence=maintenance.sequence + 1, **fields)
    _set_projects(successor, maintenance.projects.all() if projects is None else projects)
    return successor


def _period(starts: datetime, ends: datetime) -> DateTimeTZRange:
    if starts >= ends:
        raise ValueError("a maintenance ends after it starts")
    return DateTimeTZRange(starts, ends)


def _set_projects(maintenance: Maintenance, projects: Iterable[Project]) -> None:
    chosen = list(projects)
    if not chosen:
        raise ValueError("a maintenance is of at least one project")
    maintenance.projects.set(chosen)
