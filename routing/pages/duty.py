"""On call now: each rota, for the provider's people."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from oncall.models import Rota, RotaCoverage
from oncall.queries import duty_now
from portal import audit, clock
from portal.access import may_work
from portal.models import AuditEntry
from routing.presentation import private_number_for, rota_for
from routing.wording import warning_text

from .requests import PageRequest, page, staff_only


@page
@staff_only
def on_call(request: PageRequest) -> HttpResponse:
    """Who holds each line, until when, and what an administrator should know."""
    return _shown(request)


@require_POST
@never_cache
@page
@staff_only
def reveal_number(request: PageRequest, pk: int) -> HttpResponse:
    """The private number of somebody on duty now, this once; the audit log tells who asked for whose."""
    holders = {
        holder.pk: holder
        for duty in duty_now(Rota.objects.all(), at=clock.now())
        for holder in (duty.primary, duty.backup)
        if holder is not None
    }
    person = holders.get(pk)
    if person is None or not may_work(request.user):
        raise Http404
    audit.note(kind=AuditEntry.Kind.NUMBERS, action=AuditEntry.Action.REVEALED, about=person, by=request.user)
    return _shown(request, revealed=(person.pk, private_number_for(person, request.user)))


def _shown(request: PageRequest, *, revealed: tuple[int, str] | None = None) -> HttpResponse:
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
            "holders": (duty.primary, duty.backup),
            "until": duty.until,
            "warnings": [warning_text(warning) for warning in duty.warnings],
            "projects": covered.get(duty.rota.pk, []),
        }
        for duty in duty_now(Rota.objects.in_use(), at=now)
    ]
    return render(request, "pages/on_call.html", {"now": now, "duties": duties, "revealed": revealed})
