"""Take on a project with everything that its coverage needs, in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from matrix.models import Matrix, MatrixVersion
from matrix.services import ChainMissesTarget, Incomplete, copy_version, publish
from oncall.covering import cover
from oncall.models import Rota
from portal.master_data import rows
from portal.master_data.assigning import assign, set_support
from portal.models import Assignment, Customer, Person, Project, SupportHours, Team


class HasMatrix(Exception):
    """The project has a matrix already: change that."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the project is to begin with; None is left out, and stands on the list of what is missing."""

    hours: SupportHours
    service_desk: Team
    team: Team | None = None
    sdm: Person | None = None
    sdm_deputy: Person | None = None
    brm: Person | None = None
    rota: Rota | None = None
    matrix: MatrixVersion | None = None
    publish: bool = True


@transaction.atomic
def take_on(
    customer: Customer, project: Project, wanted: Wanted, *, by: Person, now: datetime, why: str
) -> tuple[Project, bool]:
    """The unsaved project, saved, and whether its matrix is in force (or none was wanted)."""
    project.customer = customer
    rows.create(project, by=by, why=why)
    set_support(
        project,
        hours=wanted.hours,
        service_desk=wanted.service_desk,
        team=wanted.team,
        seen=None,
        by=by,
        now=now,
        why=why,
    )
    places = [
        (Assignment.Role.SDM, 1, wanted.sdm),
        (Assignment.Role.SDM, 2, wanted.sdm_deputy),
        (Assignment.Role.BRM, 1, wanted.brm),
    ]
    for role, order, person in places:
        if person is not None:
            valid = DateTimeTZRange(now, None)
            assign(project, role, person, order=order, valid=valid, by=by, now=now, why=why)
    if wanted.rota is not None:
        cover(project, wanted.rota, seen=None, starts=now, by=by, now=now, why=why)
    if wanted.matrix is None:
        return project, True
    return project, give_matrix(project, wanted.matrix, in_force=wanted.publish, by=by, now=now, why=why)


@transaction.atomic
def give_matrix(
    project: Project, source: MatrixVersion, *, in_force: bool, by: Person, now: datetime, why: str
) -> bool:
    """A copy of `source` for the project; whether it was published too.

    It stays a draft where it would miss its targets: that is accepted in the matrix's own editor, by a decision.
    Raises `HasMatrix`.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if Matrix.objects.filter(project=project).exists():
        raise HasMatrix
    name, number = project.key, 1
    while Matrix.objects.filter(name=name).exists():
        number += 1
        name = f"{project.key}-{number}"
    draft = copy_version(source, matrix=Matrix.objects.create(project=project, name=name))
    if not in_force:
        return False
    try:
        with transaction.atomic():
            publish(draft, by=by, now=now, reason=why)
    except (ChainMissesTarget, Incomplete):
        return False
    return True
