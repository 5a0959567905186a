"""My projects, and what happened there by night: where a Service Delivery Manager's day begins."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import clock
from portal.access import may_work
from routing.incidents.services import ActionRefused
from routing.pages.incidents import find
from routing.pages.requests import PageRequest, page, staff_only

from . import digest
from .night import MOST, happenings, my_nights
from .projects import as_open, my_incidents, my_projects
from .taking import take_over
from .views import presence_context

MOST_SHOWN = 20
"""So many of one's own incidents are listed; the list of incidents has them all."""


@page
@staff_only
def projects(request: PageRequest) -> HttpResponse:
    """One's presence, one's projects with what is open there, and what one has taken."""
    now = clock.now()
    mine = list(my_incidents(request.user)[: MOST_SHOWN + 1])
    context = {
        **presence_context(request.user, request.user, now=now),
        "now": now,
        "projects": my_projects(request.user, now=now),
        "mine": [as_open(incident) for incident in mine[:MOST_SHOWN]],
        "more": len(mine) > MOST_SHOWN,
    }
    return render(request, "presence/projects.html", context)


@page
@staff_only
def night(request: PageRequest) -> HttpResponse:
    """Since the office last closed: who was called, who answered, what is still open."""
    return _show_night(request, clock.now())


@require_POST
@page
@staff_only
def take(request: PageRequest, number: int) -> HttpResponse:
    """Take over what was still open; where somebody else did something meanwhile, it is said who has it."""
    incident = find(request, number)
    if not may_work(request.user):
        raise PermissionDenied
    now = clock.now()
    try:
        take_over(incident, by=request.user, now=now, seen=request.POST.get("seen", ""))
    except ActionRefused:
        fresh = find(request, number)
        refused = _("#%(number)s was not taken: it is %(status)s by now, with %(name)s.") % {
            "number": fresh.number,
            "status": fresh.get_status_display(),
            "name": fresh.owner_name or _("nobody"),
        }
        return _show_night(request, now, refused=refused, status=409)
    messages.success(request, _("#%(number)s is yours now.") % {"number": incident.number})
    return redirect("night")


@require_POST
@page
@staff_only
def night_mail(request: PageRequest) -> HttpResponse:
    """Whether the report comes by e-mail."""
    digest.choose(by=request.user, wanted="wanted" in request.POST)
    messages.success(request, _("Saved."))
    return redirect("night")


def _show_night(request: PageRequest, now: datetime, *, refused: str = "", status: int = 200) -> HttpResponse:
    projects, nights = my_nights(request.user, now=now)
    told = happenings(nights, reader=request.user)
    context = {
        "now": now,
        "projects": projects,
        "nights": sorted(set(nights.values()), key=lambda each: each.start),
        "told": told[:MOST],
        "more": len(told) > MOST,
        "still_open": sum(each.is_open for each in told[:MOST]),
        "wanted": digest.wants_report(request.user),
        "refused": refused,
    }
    return render(request, "presence/night.html", context, status=status)
