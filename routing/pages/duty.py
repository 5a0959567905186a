"""On call now: each rota, for the provider's people."""

from django.http import HttpResponse
from django.shortcuts import render

from oncall.models import Rota, RotaCoverage
from oncall.queries import duty_now
from portal import clock
from routing.presentation import rota_for
from routing.wording import warning_text

from .requests import PageRequest, page, staff_only


@page
@staff_only
def on_call(request: PageRequest) -> HttpResponse:
    """Who holds each line, until when, and what an administrator should know."""
    now = clock.now()
    covered: dict[int, list[str]] = {}
    coverage = RotaCoverage.objects.as_of(now).filter(valid__contains=now).select_related("project")
    for row in coverage.order_by("project__key"):
        covered.setdefault(row.rota_id, []).append(row.project.key)
    duties = [
        {
            "rota": duty.rota,
            "primary": rota_for(duty.rota, request.user, holder=duty.primary),
            "backup": rota_for(duty.rota, request.user, holder=duty.backup),
            "until": duty.until,
            "warnings": [warning_text(warning) for warning in duty.warnings],
            "projects": covered.get(duty.rota.pk, []),
        }
        for duty in duty_now(Rota.objects.in_use(), at=now)
    ]
    return render(request, "pages/on_call.html", {"now": now, "duties": duties})
