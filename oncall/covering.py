"""Which rota covers a project: from an instant on another one, and never two."""

from datetime import datetime

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from portal.models import Person, Project
from portal.queries import not_over
from portal.services import ChangedMeanwhile, record, retire, supersede

from .models import Rota, RotaCoverage
from .services import lock, require_in_use
from .signals import roster_changed


@transaction.atomic
def cover(
    project: Project, rota: Rota, *, seen: int | None, starts: datetime, by: Person, now: datetime, why: str = ""
) -> RotaCoverage:
    """`rota` covers the project from `starts` (not before `now`) until further notice.

    `seen` is the row that stood when it was decided (its id). Raises `ChangedMeanwhile` where another stands, or the
    rota was retired.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    lock([rota.pk])
    require_in_use(rota)
    starts = max(starts, now)
    if covering(project, at=now) != seen:
        raise ChangedMeanwhile
    for row in RotaCoverage.objects.current().filter(not_over(starts), project=project):
        if row.valid.lower is not None and row.valid.lower >= starts:
            retire(row, by=by, now=now, why=why)
        else:
            supersede(row, by=by, now=now, why=why, valid=DateTimeTZRange(row.valid.lower, starts))
    valid = DateTimeTZRange(starts, None)
    row = record(RotaCoverage, by=by, now=now, why=why, rota=rota, project=project, valid=valid)
    roster_changed.send(sender=Rota, projects={project.pk}, now=now)
    return row


def covering(project: Project, *, at: datetime) -> int | None:
    """The row that covers the project at `at`, or the next one after it."""
    rows = RotaCoverage.objects.current().filter(not_over(at), project=project)
    return rows.order_by("valid").values_list("pk", flat=True).first()
