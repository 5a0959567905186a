"""The rotas, and the timeline of one."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from oncall.models import Rota, RotaCoverage, Rotation, Swap
from oncall.queries import bounds, duty_now
from oncall.rotation import Duty, Line, duty_at
from oncall.turns import holder, person_of
from portal import clock
from portal.models import Person
from routing.duty.confirmations import unconfirmed
from routing.duty.forms import period_text
from routing.duty.letters import LINE
from routing.pages.requests import PageRequest, administrators_only, page
from routing.presentation import person_for

from .history import changes
from .known import Known, gather, when
from .warnings import warnings_for
from .weeks import WEEK, midnight, monday_of, weeks

CHECKED = timedelta(weeks=8)
"""So far ahead the list of rotas looks for what is amiss."""
LENGTHS = (4, 8)
AROUND = timedelta(weeks=2)
"""How far beyond the weeks shown beginnings and ends of duties are sought."""


@page
@administrators_only
def rosters(request: PageRequest) -> HttpResponse:
    """Every rota: who is on duty now, what it covers, and what is amiss in the next weeks."""
    now = clock.now()
    found = list(Rota.objects.in_use())
    known = gather(found, reader=request.user, start=now, end=now + CHECKED, now=now)
    rows: list[dict[str, Any]] = [
        {
            "rota": duty.rota,
            "primary": _name(duty.primary, request.user),
            "backup": _name(duty.backup, request.user),
            "until": duty.until,
            "projects": [],
            "warnings": warnings_for(duty.rota, now, now + CHECKED, known=known),
        }
        for duty in duty_now(found, at=now)
    ]
    by_rota: dict[int, Any] = {row["rota"].pk: row["projects"] for row in rows}
    for covered in _covered(now):
        if covered.rota_id in by_rota:
            by_rota[covered.rota_id].append(covered.project)
    retired = Rota.objects.exclude(retired_at=None)
    context = {"now": now, "rows": rows, "retired": retired, "weeks": CHECKED.days // 7}
    return render(request, "roster/rosters.html", context)


def _covered(now: datetime) -> Any:
    rows = RotaCoverage.objects.current().filter(valid__contains=now, project__retired_at=None)
    return rows.select_related("project").order_by("project__name")


def _name(person: Person | None, reader: Person) -> str:
    shown = person_for(person, reader)
    return shown["name"] if shown else ""


@page
@administrators_only
def roster(request: PageRequest, slug: str) -> HttpResponse:
    """The weeks of one rota: `?from=` a day of the first, `?weeks=` how many."""
    now = clock.now()
    rota = get_object_or_404(Rota, slug=slug)
    number = 8 if request.GET.get("weeks") == "8" else LENGTHS[0]
    this_week = monday_of(timezone.localdate(now))
    first = _first(request.GET.get("from", ""), this_week)
    start, end = midnight(first), midnight(first + number * WEEK)
    known = gather([rota], reader=request.user, start=start - AROUND, end=end + AROUND, now=now)
    duty = duty_at(known.facts[rota.pk], now) if known.start <= now < known.end else None
    coverage = RotaCoverage.objects.current().filter(rota=rota, valid__endswith=None, project__retired_at=None)
    context = {
        "now": now,
        "rota": rota,
        "on_duty": _holders(duty, known) if duty else [],
        "unconfirmed": _unconfirmed(rota, known, now),
        "weeks": weeks(rota, known, first, number, now=now),
        "number": number,
        "lengths": LENGTHS,
        "first": first,
        "earlier": first - number * WEEK,
        "later": first + number * WEEK,
        "is_now": first == this_week,
        "warnings": warnings_for(rota, max(start, now), end, known=known) if end > now else [],
        "coverage": coverage.select_related("project").order_by("project__name"),
        "rotations": _rotations(rota, now),
        "swaps": _swaps(rota, request.user, now),
        "changes": changes([rota], reader=request.user),
    }
    return render(request, "roster/roster.html", context)


def _holders(duty: Duty, known: Known) -> list[dict[str, Any]]:
    held = {line: person_of(holder(duty, line)) for line in Line}
    return [{"line": LINE[line], "pk": pk, "name": known.name(pk)} for line, pk in held.items()]


def _unconfirmed(rota: Rota, known: Known, now: datetime) -> list[str]:
    """Who was asked to take over and has not said so yet, in words."""
    text = _("%(name)s has not confirmed to take over at %(at)s: %(rota)s, %(line)s.")
    return [
        text % {"name": known.name(each.person), "at": when(each.at), "rota": rota, "line": LINE[each.line]}
        for each in unconfirmed([rota], now=now)
    ]


def _first(text: str, this_week: date) -> date:
    try:
        day = parse_date(text) if len(text) < 11 else None
    except ValueError:
        day = None
    return monday_of(day) if day and 2020 <= day.year <= 2099 else this_week


def _rotations(rota: Rota, now: datetime) -> list[tuple[Rotation, datetime]]:
    """What runs and what is planned, with its members in turn, and when each may end at the earliest."""
    rows = Rotation.objects.current().filter(rota=rota, valid__overlap=(now, None))
    rows = rows.prefetch_related("places__person").order_by("-line", "valid")
    return [(row, max(row.valid.lower, now)) for row in rows]


def _swaps(rota: Rota, reader: Person, now: datetime) -> list[dict[str, Any]]:
    rows = Swap.objects.filter(rota=rota, state=Swap.State.ASKED, expires_at__gt=now).select_related("asked_by")
    return [
        {"name": _name(row.asked_by, reader), "period": period_text(*bounds(row.gives)), "swap": row} for row in rows
    ]
