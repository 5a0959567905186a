"""An import tried dry, and carried out exactly as it was shown: all of it, or nothing."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from portal.audit import acting
from portal.models import Person
from portal.services import ChangedMeanwhile

from .kinds import Act, Kind
from .plan import Plan, rows_of
from .table import Table


class NothingToDo(Exception):
    """A row is refused, or none would change anything."""


def plan(kind: type[Kind], table: Table, *, now: datetime) -> Plan:
    """What the import would do, in a constant number of queries. Raises `BadHeader`."""
    return _planned(kind(now=now), table)


def carry_out(kind: type[Kind], table: Table, *, stamp: str, by: Person, now: datetime, why: str) -> Plan:
    """Do what the plan with this `stamp` says, in one transaction.

    Raises `ChangedMeanwhile` where the plan is another by now, `NothingToDo`, `BadHeader`; then nothing was done.
    """
    try:
        with transaction.atomic():
            return _carry_out(kind, table, stamp, Act(by, now, why))
    except IntegrityError:
        # Somebody made or changed the same by hand at this very moment.
        raise ChangedMeanwhile from None


def _carry_out(kind: type[Kind], table: Table, stamp: str, act: Act) -> Plan:
    with connection.cursor() as cursor:  # one import at a time: of the same one sent twice, the second finds it done
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('portal.imports'))")
    worker = kind(now=act.now, lock=True)
    found = _planned(worker, table)
    if found.stamp != stamp:
        raise ChangedMeanwhile
    if not found.can_go_ahead:
        raise NothingToDo
    with acting(act.by, act.why):
        worker.write(found.fates, act)
    return found


def _planned(worker: Kind, table: Table) -> Plan:
    rows, unused = rows_of(table, worker.columns)
    return Plan(worker.slug, worker.fates(rows), unused)
