"""What may be done with an incident on its page: each is one change, and then its page again."""

from collections.abc import Callable

import structlog
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident, Status

from .acting import change, for_reporting, for_work, meanwhile
from .forms import NoteForm, ReasonForm, RemarkForm, ReopenForm, WaitForm
from .incidents import find, incident_address, show
from .requests import PageRequest, page
from .seen import forget_undo, to_undo

log = structlog.get_logger(__name__)


def _act(
    request: PageRequest,
    incident: Incident,
    act: Callable[[], Incident | None],
    *,
    done: str,
    form: forms.Form | None = None,
    undo: str = "",
) -> HttpResponse:
    """Make one change and show the incident.

    A form that is not understood comes back. Where the incident is another by now nothing is changed: what happened
    meanwhile is said, and the form comes back with what was written.
    """
    if form is not None and not form.is_valid():
        return show(request, incident, form=form, status=400)
    try:
        change(request, incident, act, now=clock.now(), undo=undo)
    except services.ActionRefused:
        fresh = find(request, incident.pk)
        return show(request, fresh, refused=meanwhile(request, fresh), form=form, status=409)
    messages.success(request, done)
    return redirect(incident_address(incident))


@require_POST
@page
def acknowledge(request: PageRequest, number: int) -> HttpResponse:
    """Take it; who comes second reads who has it."""
    incident = for_work(request, number)

    def take() -> Incident:
        taken = services.acknowledge(incident, by=request.user, now=clock.now())
        if taken.assignee_id != request.user.pk:
            raise services.ActionRefused("acknowledge", taken.status)
        return taken

    done = _("Acknowledged. Nobody else is called.") if incident.status == Status.NEW else _("It is yours.")
    return _act(request, incident, take, done=done)


@require_POST
@page
def start(request: PageRequest, number: int) -> HttpResponse:
    """Begin to work on it."""
    incident = for_work(request, number)
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
    incident = for_work(request, number)
    form = RemarkForm(request.POST)
    return _act(
        request,
        incident,
        lambda: services.pass_on(incident, by=request.user, now=clock.now(), note=form.cleaned_data["remark"]),
        done=_("Passed on: the next in the chain is called now."),
        form=form,
    )


@require_POST
@page
def resolve(request: PageRequest, number: int) -> HttpResponse:
    """Resolve it; the solution is required."""
    incident = for_work(request, number)
    form = ReasonForm(request.POST)
    return _act(
        request,
        incident,
        lambda: services.resolve(incident, by=request.user, now=clock.now(), reason=form.cleaned_data["reason"]),
        done=_("Resolved."),
        form=form,
        undo="resolve",
    )


@require_POST
@page
def reopen(request: PageRequest, number: int) -> HttpResponse:
    """It was not over: the chain starts again."""
    incident = for_reporting(request, number)
    form = ReopenForm(request.POST)
    return _act(
        request,
        incident,
        lambda: services.reopen(incident, by=request.user, now=clock.now(), reason=form.cleaned_data["remark"]),
        done=_("Open again. We look after it."),
        form=form,
    )


@require_POST
@page
def wait(request: PageRequest, number: int) -> HttpResponse:
    """Ask the customer something, or wait for a date."""
    incident = for_work(request, number)
    now = clock.now()
    form = WaitForm(request.POST, now=now)
    asked = bool(request.POST.get("question", "").strip())

    def ask() -> Incident:
        question, until = form.cleaned_data["question"], form.cleaned_data["until"]
        return services.wait(incident, by=request.user, now=now, question=question, until=until)

    done = _("Waiting. The customer is asked.") if asked else _("Waiting for the date.")
    return _act(request, incident, ask, done=done, form=form)


@require_POST
@page
def close(request: PageRequest, number: int) -> HttpResponse:
    """Done for good."""
    incident = for_work(request, number)
    return _act(
        request,
        incident,
        lambda: services.close(incident, by=request.user, now=clock.now()),
        done=_("Closed."),
        undo="close",
    )


@require_POST
@page
def undo(request: PageRequest, number: int) -> HttpResponse:
    """Take back what one has just done oneself, unless somebody has changed the incident since."""
    incident = for_work(request, number)
    now = clock.now()
    kept = to_undo(request, incident, now=now)
    forget_undo(request)
    if kept is None:
        refused = _("It is too late to take that back, or somebody has changed the incident since.")
        return show(request, incident, refused=refused, status=409)
    before, after = kept["before"], kept["after"]
    return _act(
        request,
        incident,
        lambda: services.undo(incident, before=before, after=after, by=request.user, now=now),
        done=_("Taken back. The timeline tells both."),
    )


@require_POST
@page
def note(request: PageRequest, number: int) -> HttpResponse:
    """Write a note, with files: customers' are public, the provider's people choose. Nobody reads what is closed."""
    incident = for_reporting(request, number)
    staff = request.user.is_staff
    if incident.status == Status.CLOSED and not staff:
        return show(request, incident, refused=meanwhile(request, incident), status=409)
    form = NoteForm(request.POST, request.FILES, writer=request.user)
    public = not staff or (form.is_valid() and form.cleaned_data["public"])

    def add() -> None:
        services.add_note(
            incident,
            by=request.user,
            now=clock.now(),
            text=form.cleaned_data["text"],
            public=public,
            files=form.cleaned_data["attachments"],
        )

    try:
        return _act(request, incident, add, done=_noted(public=public, staff=staff), form=form)
    except OSError:
        # The disk is at fault, and the text was not kept either: it has to be said, and how to go on.
        log.exception("files_not_kept", incident=incident.pk)
        form.add_error("attachments", _("The files could not be kept. Please send this once more without them."))
        return show(request, incident, form=form, status=503)


def _noted(*, public: bool, staff: bool) -> str:
    if not staff:
        return _("Your reply was added; we read it.")
    return _("The note was added; the customer reads it.") if public else _("The internal note was added.")
