"""Who looks after a project: its support (hours, desk, team) and its SDM, BRM and their deputies."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from psycopg2.extras import DateTimeTZRange

from portal.models import Assignment, Person, Project, ProjectSupport, SupportHours, Team
from portal.services import ChangedMeanwhile, record, retire, supersede


class PlaceTaken(Exception):
    """Somebody else has this place (role and order) for a part of the period."""


class NobodyElse(Exception):
    """The role would be nobody's from now on."""


@transaction.atomic
def set_support(
    project: Project,
    *,
    seen: int | None,
    hours: SupportHours,
    service_desk: Team | None,
    team: Team | None,
    by: Person,
    now: datetime,
    why: str = "",
) -> ProjectSupport:
    """`seen` is the row that whoever decides has seen (its id). Raises `ChangedMeanwhile` where another stands."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    row: ProjectSupport | None = ProjectSupport.objects.current().filter(project=project).first()
    if (row and row.pk) != seen:
        raise ChangedMeanwhile
    if row is None:
        given: dict[str, Any] = {"project": project, "hours": hours, "service_desk": service_desk, "team": team}
        return record(ProjectSupport, by=by, now=now, why=why, **given)
    return supersede(row, by=by, now=now, why=why, hours=hours, service_desk=service_desk, team=team)


@transaction.atomic
def assign(
    project: Project,
    role: Assignment.Role,
    person: Person,
    *,
    order: int,
    valid: DateTimeTZRange,
    by: Person,
    now: datetime,
    why: str = "",
) -> Assignment:
    """Raises `PlaceTaken`."""
    given = {"project": project, "role": role, "person": person, "order": order, "valid": valid}
    try:
        with transaction.atomic():
            return record(Assignment, by=by, now=now, why=why, **given)
    except IntegrityError as error:
        raise PlaceTaken from error


@transaction.atomic
def reassign(
    row: Assignment, *, person: Person, order: int, valid: DateTimeTZRange, by: Person, now: datetime, why: str
) -> Assignment:
    """Raises `ChangedMeanwhile`, `PlaceTaken`."""
    try:
        with transaction.atomic():
            return supersede(row, by=by, now=now, why=why, person=person, order=order, valid=valid)
    except IntegrityError as error:
        raise PlaceTaken from error


@transaction.atomic
def end_beside_another(row: Assignment, *, by: Person, now: datetime, why: str) -> None:
    """As `end`, where somebody else holds the role. Raises `NobodyElse`."""
    # Of two who end the last two at once the second finds nobody else.
    Project.objects.select_for_update(no_key=True).get(pk=row.project_id)
    begins = row.valid.lower
    at = now if begins is None else max(begins, now)
    # Who held it once, and does no longer, is nobody to rely on.
    others = Assignment.objects.current().filter(project=row.project_id, role=row.role, valid__contains=at)
    if not others.exclude(pk=row.pk).filter(person__is_active=True).exists():
        raise NobodyElse
    end(row, by=by, now=now, why=why)


@transaction.atomic
def end(row: Assignment, *, by: Person, now: datetime, why: str) -> None:
    """From now on; what was before stays. Raises `ChangedMeanwhile`."""
    begins = row.valid.lower
    if begins is not None and begins >= now:
        retire(row, by=by, now=now, why=why)
    else:
        supersede(row, by=by, now=now, why=why, valid=DateTimeTZRange(begins, now))
