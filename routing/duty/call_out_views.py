"""My call-outs: a month of them, each to be put right, and as CSV. Only one's own."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal import clock
from routing.pages.requests import PageRequest, page, staff_only

from .call_outs import call_out, call_outs, correct, month_of, sums
from .forms import TimesForm
from .time_sheet import MEDIA_TYPE, time_sheet

EARLIEST = 2000


@require_safe
@page
@staff_only
def index(request: PageRequest) -> HttpResponse:
    """A month, `?month=2026-11`, by the reader's zone; this one by default."""
    now = clock.now()
    first = _month(request, now)
    found = call_outs(request.user, month_of(first, request.user.zone), now=now)
    following = (first + timedelta(days=32)).replace(day=1)
    context = {
        "now": now,
        "month": first,
        "previous": (first - timedelta(days=1)).replace(day=1),
        "following": following if following <= _today(now) else None,
        "call_outs": found,
        "sums": sums(found),
    }
    return render(request, "duty/call_outs.html", context)


@require_safe
@page
@staff_only
def as_csv(request: PageRequest) -> HttpResponse:
    """The same month, for the time sheet."""
    now = clock.now()
    first = _month(request, now)
    found = call_outs(request.user, month_of(first, request.user.zone), now=now)
    name = f"call-outs-{first:%Y-%m}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(time_sheet(found), content_type=MEDIA_TYPE, headers=headers)


@page
@staff_only
def edit(request: PageRequest, pk: int) -> HttpResponse:
    """When the work really began and ended."""
    now = clock.now()
    found = call_out(request.user, pk, now=now)
    if found is None:
        raise Http404
    form = TimesForm(
        request.POST if request.method == "POST" else None,
        paged_at=found.page.created_at,
        now=now,
        begins=found.begin,
        ends=found.end,
        remark=found.remark,
    )
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        correct(
            found,
            begins_at=given["begins"],
            ends_at=given["ends"],
            remark=given["remark"],
            by=request.user,
            now=now,
        )
        messages.success(request, _("The times are kept."))
        return redirect(f"{reverse('call_outs')}?month={timezone.localtime(found.page.created_at):%Y-%m}")
    history = found.page.call_out_times.select_related("recorded_by").order_by("-pk")
    context = {"now": now, "found": found, "form": form, "history": history}
    return render(request, "duty/call_out.html", context, status=400 if form.is_bound else 200)


def _month(request: PageRequest, now: datetime) -> date:
    """The first day of the month asked for. A wrong time sheet helps nobody: what is no month is not found."""
    text = request.GET.get("month", "")
    if not text:
        return _today(now).replace(day=1)
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
    if not found or not EARLIEST <= int(found[1]) <= now.year + 1:
        raise Http404
    return date(int(found[1]), int(found[2]), 1)


def _today(now: datetime) -> date:
    return timezone.localtime(now).date()
