"""Rest after a call-out: whose is under way, what is proposed to keep it, and recording that with one confirmation.

Standing by counts as rest, so what is proposed takes nobody off duty: it keeps them from ordinary work.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from oncall.models import Absence
from oncall.rest import Stretch, kept_free, rest_at
from oncall.rotation import AbsenceKind
from oncall.services import record_absence
from portal.audit import acting
from portal.hours import is_open, next_opening
from portal.models import Installation, Person

from .call_outs import CallOut, recent_call_outs

LOOK_BACK = timedelta(days=3)
WHY = "proposed after a call-out"


class RestOver(Exception):
    """There is no such rest any more, or its times have changed meanwhile."""


@dataclass(frozen=True, slots=True)
class RestDue:
    """A person rests until `until` after `call_out`; ordinary work would begin at `begins`, if before that.

    `free` is the absence proposed, None where none is needed or it is `recorded`.
    """

    person: Person
    call_out: CallOut
    since: datetime
    until: datetime
    begins: datetime | None
    free: Stretch | None
    recorded: bool


def rest_hours() -> int:
    """How many hours of rest the installation asks for; 0: it warns nobody."""
    return Installation.objects.values_list("rest_hours", flat=True).first() or 0


def rest_due(person: Person, *, now: datetime) -> RestDue | None:
    """The rest that the person's last call-out asks for, while it lasts."""
    return next(iter(rests_due(now=now, only=person)), None)


def rests_due(*, now: datetime, only: Person | None = None) -> list[RestDue]:
    """Everybody's rest that is under way, the first to end first; a constant number of queries."""
    length = timedelta(hours=rest_hours())
    if not length:
        return []
    work: dict[int, list[CallOut]] = defaultdict(list)
    for each in recent_call_outs(now - LOOK_BACK, only=only, now=now):
        if each.end is not None and each.end <= now and each.outside_minutes and each.page.person_id:
            work[each.page.person_id].append(each)
    found = [due for rows in work.values() if (due := _due(rows, length, now))]
    absences = _absences([each.person.pk for each in found], now)
    return sorted((_looked_up(each, absences) for each in found), key=lambda each: (each.until, each.person.pk))


def _due(rows: list[CallOut], length: timedelta, now: datetime) -> RestDue | None:
    rest = rest_at(now, [Stretch(each.begin, each.end) for each in rows if each.end is not None], length)
    if rest is None:
        return None
    last = max(rows, key=lambda each: each.end or now)
    opens = _opens(last, rest.start)
    person = last.page.person
    assert person is not None  # noqa: S101 -- narrows the type; the rows are of a person
    begins = opens if opens and opens < rest.end else None
    return RestDue(person, last, rest.start, rest.end, begins, kept_free(rest, opens, now), recorded=False)


def _opens(call_out: CallOut, since: datetime) -> datetime | None:
    """When ordinary work would begin."""
    if call_out.hours is None:
        return None
    return since if is_open(call_out.hours, since) else next_opening(call_out.hours, since)


def _absences(people: Iterable[int], now: datetime) -> dict[int, list[Absence]]:
    found: dict[int, list[Absence]] = defaultdict(list)
    for row in Absence.objects.current().filter(person__in=list(people), period__endswith__gt=now):
        found[row.person_id].append(row)
    return found


def _looked_up(due: RestDue, absences: dict[int, list[Absence]]) -> RestDue:
    """With what is recorded already."""
    free = due.free
    if free is None:
        return due
    recorded = any(row.starts <= free.start and row.ends >= free.end for row in absences[due.person.pk])
    shown = None if recorded else free
    return RestDue(due.person, due.call_out, due.since, due.until, due.begins, shown, recorded)


@transaction.atomic
def keep_rest(person: Person, *, until: datetime | None, by: Person, now: datetime) -> Absence | None:
    """Record the absence that is proposed, where the rest still lasts `until` then; None where it is recorded already.

    Raises `RestOver`. Who may do this for whom is for the caller to ask.
    """
    # Of two at once the second sees what the first did; as in `routing.presence.services`.
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    due = rest_due(person, now=now)
    if due is None or due.until != until:
        raise RestOver
    if due.free is None:
        return None
    period = DateTimeTZRange(due.free.start, due.free.end)
    return record_absence(person, AbsenceKind.SHORT, period, by=by, now=now, why=WHY)


@transaction.atomic
def set_rest_hours(hours: int, *, seen: int, by: Person, why: str) -> bool:
    """From now on so many hours are asked for; False where somebody else has changed what was `seen`."""
    with acting(by, why):
        return bool(Installation.objects.filter(rest_hours=seen).update(rest_hours=hours))
