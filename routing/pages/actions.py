"""What may be done with an incident: each is one change, and then its page again."""

from collections.abc import Callable
from typing import Any

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import clock
from portal.access import may_report, may_work
from routing.incidents import services
from routing.incidents.models import Incident, Status

from .desk import timeline_for, workers
from .forms import AssignForm, NoteForm, ReasonForm, RemarkForm, ReopenForm, WaitForm
from .incidents import find, incident_address, show
from .requests import PageRequest, page

log = structlog.get_logger(__name__)


def _act(request: PageRequest, incident: Incident, change: Callable[[], Any], *, done: str) -> HttpResponse:
    """Make one change and show the incident; where its status forbids it by now, say what happened meanwhile."""
    try:
        change()
    except services.ActionRefused:
        fresh = find(request, incident.pk)
        return show(request, fresh, refused=_meanwhile(fresh, request), status=409)
    messages.success(request, done)
    return redirect(incident_address(incident))


def _meanwhile(incident: Incident, request: PageRequest) -> str:
    lines = timeline_for(incident, request.user, latest=1)
    last = f"{lines[0].actor}: {lines[0].text}" if lines else ""
    return _("Nothing was changed: the incident is %(status)s by now. %(last)s") % {
        "status": incident.get_status_display(),
        "last": last,
    }


def _for_work(request: PageRequest, number: int) -> Incident:
    """The incident, for somebody who may work it."""
    incident = find(request, number)
    if not may_work(request.user):
        raise PermissionDenied
    return incident


def _for_reporting(request: PageRequest, number: int) -> Incident:
    """The incident, for somebody who may work it or report on its project."""
    incident = find(request, number)
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
        return show(request, incident, form=form, status=400)
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
    form = ReopenForm(request.POST)
    if not form.is_valid():
        return show(request, incident, form=form, status=400)
    return _act(
        request,
        incident,
        lambda: services.reopen(incident, by=request.user, now=clock.now(), reason=form.cleaned_data["remark"]),
        done=_("Open again. We look after it."),
    )


@require_POST
@page
def wait(request: PageRequest, number: int) -> HttpResponse:
    """Ask the customer something, or wait for a date."""
    incident = _for_work(request, number)
    now = clock.now()
    form = WaitForm(request.POST, now=now)
    if not form.is_valid():
        return show(request, incident, form=form, status=400)
    asked = form.cleaned_data["question"]
    return _act(
        request,
        incident,
        lambda: services.wait(incident, by=request.user, now=now, question=asked, until=form.cleaned_data["until"]),
        done=_("Waiting. The customer is asked.") if asked else _("Waiting for the date."),
    )


@require_POST
@page
def assign(request: PageRequest, number: int) -> HttpResponse:
    """Give it to somebody."""
    incident = _for_work(request, number)
    form = AssignForm(request.POST, people=workers())
    if not form.is_valid():
        return show(request, incident, form=form, status=400)
    whom = form.cleaned_data["assignee"]
    return _act(
        request,
        incident,
        lambda: services.assign(incident, assignee=whom, by=request.user, now=clock.now()),
        done=_("Assigned to %(name)s.") % {"name": whom.name},
    )


@require_POST
@page
def close(request: PageRequest, number: int) -> HttpResponse:
    """Done for good."""
    incident = _for_work(request, number)
    return _act(
        request, incident, lambda: services.close(incident, by=request.user, now=clock.now()), done=_("Closed.")
    )


@require_POST
@page
def note(request: PageRequest, number: int) -> HttpResponse:
    """Write a note, with files: customers' are public, the provider's people choose. Nobody reads what is closed."""
    incident = _for_reporting(request, number)
    staff = request.user.is_staff
    if incident.status == Status.CLOSED and not staff:
        return show(request, incident, refused=_meanwhile(incident, request), status=409)
    form = NoteForm(request.POST, request.FILES, writer=request.user)
    if not form.is_valid():
        return show(request, incident, form=form, status=400)
    public = form.cleaned_data["public"] or not staff
    text, files = form.cleaned_data["text"], form.cleaned_data["attachments"]

    def add() -> None:
        services.add_note(incident, by=request.user, now=clock.now(), text=text, public=public, files=files)

    try:
        return _act(request, incident, add, done=_noted(public=public, staff=staff))
    except OSError:
        # The disk is at fault, and the text was not kept either: it has to be said, and how to go on.
        log.exception("files_not_kept", incident=incident.pk)
        form.add_error("attachments", _("The files could not be kept. Please send this once more without them."))
        return show(request, incident, form=form, status=503)


def _noted(*, public: bool, staff: bool) -> str:
    if not staff:
        return _("Your reply was added; we read it.")
    return _("The note was added; the customer reads it.") if public else _("The internal note was added.")
