"""Incidents: the list, one incident, and what may be done with it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import clock
from portal.access import may_report, may_work
from portal.models import Project
from routing.incidents import services
from routing.incidents.models import Incident, Status
from routing.presentation import person_for

from .desk import chain_state, incidents_for, timeline_for
from .forms import IncidentFilter, NoteForm, ReasonForm, RemarkForm
from .incident_parts import parts_for
from .requests import PageRequest, page, polled

PER_PAGE = 25


@polled
def index(request: PageRequest) -> HttpResponse:
    """The list; its filter stands in the address, so a view of it can be sent to a colleague."""
    wanted = IncidentFilter(request.GET, projects=Project.objects.visible_to(request.user))
    wanted.is_valid()
    found = incidents_for(request.user, wanted.cleaned_data)
    context = {
        "now": clock.now(),
        "filter": wanted,
        "filtered": any(wanted.cleaned_data.values()),
        "rows": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "pages/incidents.html#rows" if request.htmx else "pages/incidents.html", context)


@polled
def detail(request: PageRequest, number: int) -> HttpResponse:
    """One incident."""
    return _detail(request, _incident(request, number))


def _incident(request: PageRequest, number: int) -> Incident:
    visible = Incident.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("project__customer", "assignee", "reporter", "topic"), pk=number)


def _detail(
    request: PageRequest, incident: Incident, *, refused: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    reader = request.user
    works = may_work(reader)
    reports = works or may_report(reader, incident.project)
    context = {
        "now": now,
        "here": incident_address(incident),
        "incident": incident,
        "assignee": person_for(incident.assignee, reader),
        "reporter": person_for(incident.reporter, reader),
        "timeline": timeline_for(incident, reader),
        **parts_for(incident, reader),
        "chain": chain_state(incident, now=now) if reader.is_staff else None,
        "actions": _possible(incident, works=works, reports=reports),
        "may_note": reports,
        "refused": refused,
        "note_form": form if isinstance(form, NoteForm) else NoteForm(),
        "reason_form": form if isinstance(form, ReasonForm) else ReasonForm(),
    }
    template = "pages/incident.html#live" if request.htmx else "pages/incident.html"
    return render(request, template, context, status=status)


def incident_address(incident: Incident) -> str:
    """Where the incident's page is."""
    return reverse("incident", args=[incident.pk])


def _possible(incident: Incident, *, works: bool, reports: bool) -> set[str]:
    """The actions to offer: those the reader has a right to and the status allows."""
    can: set[str] = set()
    if reports and incident.status == Status.RESOLVED:
        can.add("reopen")
    if works and incident.is_open:
        can |= {"resolve", "pass_on"}
        can |= {"acknowledge"} if incident.status == Status.NEW else set()
        can |= {"start"} if incident.status in (Status.ACKNOWLEDGED, Status.WAITING) else set()
    return can


def _act(request: PageRequest, incident: Incident, change: Callable[[], Any], *, done: str) -> HttpResponse:
    """Make one change and show the incident; where its status forbids it by now, say what happened meanwhile."""
    try:
        change()
    except services.ActionRefused:
        fresh = _incident(request, incident.pk)
        return _detail(request, fresh, refused=_meanwhile(fresh, request), status=409)
    messages.success(request, done)
    return redirect(incident_address(incident))


def _meanwhile(incident: Incident, request: PageRequest) -> str:
    lines = timeline_for(incident, request.user)
    last = f"{lines[-1].actor}: {lines[-1].text}" if lines else ""
    return _("Nothing was changed: the incident is %(status)s by now. %(last)s") % {
        "status": incident.get_status_display(),
        "last": last,
    }


def _for_work(request: PageRequest, number: int) -> Incident:
    """The incident, for somebody who may work it."""
    incident = _incident(request, number)
    if not may_work(request.user):
        raise PermissionDenied
    return incident


def _for_reporting(request: PageRequest, number: int) -> Incident:
    """The incident, for somebody who may work it or report on its project."""
    incident = _incident(request, number)
    if not may_report(request.user, incident.project):
        raise PermissionDenied
    return incident


@require_POST
@page
def acknowledge(request: PageRequest, number: int) -> HttpResponse:
    """Take it; who comes second reads who has it."""
    incident = _for_work(request, number)

    def take() -> None:
        taken = services.acknowledge(incident, by=request.user, now=clock.now())
        if taken.assignee_id != request.user.pk:
            raise services.ActionRefused("acknowledge", taken.status)

    return _act(request, incident, take, done=_("Acknowledged. Nobody else is called."))


@require_POST
@page
def start(request: PageRequest, number: int) -> HttpResponse:
    """Begin to work on it."""
    incident = _for_work(request, number)
    return _act(
        request,
        incident,
        lambda: services.start(incident, by=request.user, now=clock.now()),
        done=_("Work in progress."),
    )


@require_POST
@page
def pass_on(request: PageRequest, number: int) -> HttpResponse:
    """Pass it on to the next in the chain, with an optional remark."""
    incident = _for_work(request, number)
    form = RemarkForm(request.POST)
    note = form.cleaned_data["remark"] if form.is_valid() else ""
    return _act(
        request,
        incident,
        lambda: services.pass_on(incident, by=request.user, now=clock.now(), note=note),
        done=_("Passed on: the next in the chain is called now."),
    )


@require_POST
@page
def resolve(request: PageRequest, number: int) -> HttpResponse:
    """Resolve it; the reason is required."""
    incident = _for_work(request, number)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _detail(request, incident, form=form, status=400)
    return _act(
        request,
        incident,
        lambda: services.resolve(incident, by=request.user, now=clock.now(), reason=form.cleaned_data["reason"]),
        done=_("Resolved."),
    )


@require_POST
@page
def reopen(request: PageRequest, number: int) -> HttpResponse:
    """It was not over: the chain starts again."""
    incident = _for_reporting(request, number)
    form = RemarkForm(request.POST)
    reason = form.cleaned_data["remark"] if form.is_valid() else ""
    return _act(
        request,
        incident,
        lambda: services.reopen(incident, by=request.user, now=clock.now(), reason=reason),
        done=_("Reopened. The chain starts again."),
    )


@require_POST
@page
def note(request: PageRequest, number: int) -> HttpResponse:
    """Write a note: customers' notes are public, the provider's people choose."""
    incident = _for_reporting(request, number)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _detail(request, incident, form=form, status=400)
    public = form.cleaned_data["public"] or not request.user.is_staff
    services.add_note(incident, by=request.user, now=clock.now(), text=form.cleaned_data["text"], public=public)
    done = _("The note was added; the customer reads it.") if public else _("The internal note was added.")
    messages.success(request, done)
    return redirect(incident_address(incident))
