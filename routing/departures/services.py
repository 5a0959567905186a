"""A person leaves: every place is filled or given up, and their account ends, in one transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from django.db import transaction
from psycopg2.extras import DateTimeTZRange

from oncall.models import CalendarFeed, Override, Rota, Rotation, Swap
from oncall.queries import last_recorded, rota_facts
from oncall.replacing import overrides_of, replace_in_override, replace_in_rotation, rotations_of
from oncall.rotation import RotaFacts
from oncall.services import lock
from oncall.timeline import differences
from portal.access import is_administrator
from portal.administrators import lock_administrators, require_another
from portal.master_data import assigning, rows
from portal.models import Assignment, EscalationManager, Membership, Person
from portal.profile.closing import close_account
from portal.services import ChangedMeanwhile, record, retire
from routing.duty import services as duty
from routing.incidents.models import Incident
from routing.incidents.taking import assign

from .queries import AHEAD, Kind, Place, places_of

Chosen = Mapping[str, Person]
"""Place (its key) → who takes it over."""


class LeavesHole(Exception):
    """Somebody must take over; `places` name where, `rota` and `at` the first duty that nobody would hold."""

    def __init__(self, places: list[Place], *, rota: Rota | None = None, at: datetime | None = None) -> None:
        super().__init__(", ".join(place.key for place in places))
        self.places = places
        self.rota = rota
        self.at = at


@transaction.atomic
def leave(person: Person, chosen: Chosen, *, seen: frozenset[str], by: Person, now: datetime, why: str) -> None:
    """The person has left: signs in no more, is called no more, and nothing is without somebody.

    `seen` are the places (keys) that whoever decides has seen. Raises `ChangedMeanwhile` where they are others now,
    `LeavesHole`, and `portal.administrators.LastAdministrator`.
    """
    lock_administrators()
    person = Person.objects.select_for_update(no_key=True, of=("self",)).get(pk=person.pk)
    if not person.is_active:
        raise ChangedMeanwhile
    if is_administrator(person):
        require_another(person)
    rotas = {row.rota for row in rotations_of(person, at=now)} | {row.rota for row in overrides_of(person, at=now)}
    lock(rota.pk for rota in rotas)
    # Whoever waited for the locks has read the clock before what others recorded meanwhile.
    now = last_recorded(known_at=now)
    places = places_of(person, now=now)
    if {place.key for place in places} != seen:
        raise ChangedMeanwhile
    _require_filled(places, chosen)
    before = rota_facts(rotas, at=now, known_at=now, horizon=AHEAD)
    for place in places:
        _fill(place, person, chosen.get(place.key), by=by, now=now, why=why)
    _require_duty(rotas, before, now=now)
    _end_account(person, by=by, now=now, why=why)


def _require_filled(places: Iterable[Place], chosen: Chosen) -> None:
    holes = [place for place in places if place.needs and place.key not in chosen]
    if holes:
        raise LeavesHole(holes)


def _require_duty(rotas: Iterable[Rota], before: Mapping[int, RotaFacts], *, now: datetime) -> None:
    """No line that was held is held by nobody afterwards."""
    after = rota_facts(rotas, at=now, known_at=now, horizon=AHEAD)
    for rota in rotas:
        gaps = differences(before[rota.pk], after[rota.pk], now, now + AHEAD)
        if opened := [each.start for each in gaps if each.after is None]:
            raise LeavesHole([], rota=rota, at=min(opened))


# --- Each kind of place ---------------------------------------------------------------------------------------


def _fill(place: Place, person: Person, follows: Person | None, *, by: Person, now: datetime, why: str) -> None:
    row = place.row
    match place.kind:
        case Kind.ASSIGNMENT:
            _reassign(cast("Assignment", row), follows, by=by, now=now, why=why)
        case Kind.MEMBERSHIP:
            _rejoin(cast("Membership", row), follows, by=by, now=now, why=why)
        case Kind.ROTATION:
            replace_in_rotation(cast("Rotation", row), person, follows, by=by, now=now, why=why)
        case Kind.OVERRIDE:
            replace_in_override(cast("Override", row), follows, by=by, now=now, why=why)
        case Kind.MANAGER:
            _succeed(cast("EscalationManager", row), follows, by=by, now=now, why=why)
        case Kind.INCIDENT if follows is not None:
            assign(cast("Incident", row), assignee=follows, by=by, now=now, note=why)


def _reassign(row: Assignment, follows: Person | None, *, by: Person, now: datetime, why: str) -> None:
    begins, ends = row.valid.lower, row.valid.upper
    assigning.end(row, by=by, now=now, why=why)
    if follows is None:
        return
    # A deputy who moves up leaves their own place.
    same = Assignment.objects.current().filter(project=row.project_id, role=row.role, person=follows)
    for other in same.filter(valid__overlap=DateTimeTZRange(now, None)):
        assigning.end(other, by=by, now=now, why=why)
    valid = DateTimeTZRange(max(begins or now, now), ends)
    assigning.assign(
        row.project, Assignment.Role(row.role), follows, order=row.order, valid=valid, by=by, now=now, why=why
    )


def _rejoin(row: Membership, follows: Person | None, *, by: Person, now: datetime, why: str) -> None:
    retire(row, by=by, now=now, why=why)
    if follows and not Membership.objects.current().filter(team=row.team_id, person=follows).exists():
        record(Membership, by=by, now=now, why=why, team=row.team, person=follows, speciality=row.speciality)


def _succeed(row: EscalationManager, follows: Person | None, *, by: Person, now: datetime, why: str) -> None:
    retire(row, by=by, now=now, why=why)
    if follows and not EscalationManager.objects.current().filter(person=follows).exists():
        record(EscalationManager, by=by, now=now, why=why, person=follows, order=row.order)


def _end_account(person: Person, *, by: Person, now: datetime, why: str) -> None:
    """Sessions, tokens, calendar feeds and what they had asked of others; then it is written down."""
    for swap in Swap.objects.filter(asked_by=person, state=Swap.State.ASKED):
        duty.withdraw(swap, now=now)
    for swap in Swap.objects.filter(requests__person=person, requests__declined_at=None, state=Swap.State.ASKED):
        duty.decline(swap, by=person, now=now)
    CalendarFeed.objects.filter(person=person, revoked_at=None).update(revoked_at=now)
    rows.change(person, seen=rows.seen_of(person), by=by, why=why, is_active=False, groups=[])
    close_account(person)
