"""The desk: what is open, whom it waits for and until when. It asks for itself again and again."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import clock
from portal.access import may_work
from routing.incidents import services
from routing.incidents.models import Incident
from routing.pages.requests import PageRequest, page, staff_only

from .aside import aside, open_alarms
from .forms import DeskFilter
from .rows import counts, in_order, open_incidents, rows_of
from .stamp import Stamp, read_stamp

PER_PAGE = 50
AT_LEAST_EVERY = timedelta(minutes=15)
"""However little changes, the desk is drawn anew after this long."""


@page
@staff_only
def desk(request: PageRequest) -> HttpResponse:
    """The desk, or its moving part: while nothing has changed that is one query, and 304."""
    stamp = read_stamp(request.user)
    seen = (str(request.user.pk), request.user.zone, translation.get_language(), request.get_full_path())
    if request.htmx and stamp.still_holds(request.headers.get("If-None-Match", ""), *seen):
        return HttpResponseNotModified()
    now = clock.now()
    context = _context(request, now)
    tag = stamp.tag(*seen, until=_until(stamp, now, context["until"]))
    response = render(request, "desk/desk.html#live" if request.htmx else "desk/desk.html", {**context, "tag": tag})
    if request.htmx:
        response["ETag"] = tag
    patch_vary_headers(response, ["HX-Request"])
    return response


def _until(stamp: Stamp, now: datetime, until: datetime | None) -> datetime:
    """Until when what is drawn stays true, by the clock that the stamp is read with."""
    return stamp.at + min(until - now if until else AT_LEAST_EVERY, AT_LEAST_EVERY)


def _context(request: PageRequest, now: datetime) -> dict[str, Any]:
    chosen = DeskFilter(request.GET)
    wanted = chosen.wanted
    found = open_incidents(request.user, wanted, now=now)
    shown = Paginator(in_order(found), PER_PAGE).get_page(request.GET.get("page"))
    lines = rows_of(shown.object_list, request.user, now=now)
    beside = aside(request.user, now=now)
    return {
        "now": now,
        "here": request.get_full_path(),
        "filter": chosen,
        "filtered": bool(wanted),
        "rows": shown,
        "lines": lines.rows,
        "counts": counts(request.user),
        "alarms": open_alarms(),
        "aside": beside,
        "works": may_work(request.user),
        "until": min((end for end in (lines.until, beside.until) if end), default=None),
    }


@require_POST
@page
@staff_only
def acknowledge(request: PageRequest, number: int) -> HttpResponse:
    """Take an incident from the desk, and go on there; who comes second reads who has it."""
    incident = get_object_or_404(Incident.objects.visible_to(request.user), pk=number)
    if not may_work(request.user):
        raise PermissionDenied
    said: dict[str, object] = {"number": number}
    try:
        taken = services.acknowledge(incident, by=request.user, now=clock.now())
    except services.ActionRefused:
        messages.warning(request, _("Somebody was faster: #%(number)s is over.") % said)
        return redirect(_back(request))
    if taken.assignee_id == request.user.pk:
        messages.success(request, _("#%(number)s is yours. Nobody else is called.") % said)
    else:
        said["name"] = taken.assignee.name if taken.assignee else _("somebody else")
        messages.warning(request, _("Somebody was faster: %(name)s has #%(number)s.") % said)
    return redirect(_back(request))


def _back(request: PageRequest) -> str:
    """The desk with the filter it had."""
    back = request.POST.get("back", "")
    inside = back.startswith(reverse("desk")) and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if inside else reverse("desk")
