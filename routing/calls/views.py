"""Somebody rings: find who and what about, write it down, and say who has it from then on."""

from collections.abc import Mapping
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from portal import clock
from portal.access import may_work
from portal.attempts import TooMany
from portal.contacts.pins import knows_pin
from portal.requests import Rest, View
from routing.pages.requests import PageRequest, page, polled, staff_only

from .around import around, known_incidents
from .finding import find
from .forms import PinForm, proof_of
from .logging import Logging
from .subject import Subject, subject_of

LONGEST_TITLE = 200


def for_work(view: View[Rest]) -> View[Rest]:
    """For those who work incidents; to customers it does not exist."""

    @wraps(view)
    def guarded(request: PageRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if not may_work(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return staff_only(cast("View[Rest]", guarded))


@page
@for_work
def new(request: PageRequest) -> HttpResponse:
    """Log a call: without a project in the address, whom or what is it about; with one, the form."""
    now = clock.now()
    subject = subject_of(request.GET.dict(), request.user, now=now)
    if subject.project:
        return Logging(request, subject, subject.project, now=now).answer()
    if len(subject.choice) == 1:
        return redirect(f"{reverse('call_new')}?{urlencode(subject.about | {'project': subject.choice[0].key})}")
    return render(request, "calls/find.html", {"now": now, "subject": subject, **_found(request, subject)})


@page
@for_work
def search(request: PageRequest) -> HttpResponse:
    """What is found by what was typed so far; without the script, the whole page."""
    subject = subject_of(request.GET.dict(), request.user, now=clock.now())
    if not request.htmx:
        return redirect(f"{reverse('call_new')}?{request.GET.urlencode()}")
    return render(request, "calls/found.html", _found(request, subject))


def _found(request: PageRequest, subject: Subject) -> dict[str, Any]:
    typed = request.GET.get("q", "")[:100]
    return {"typed": typed, "found": find(typed, request.user, kept=subject.kept) if typed.strip() else []}


@polled
@for_work
def around_call(request: PageRequest) -> HttpResponse:
    """What moves around the form; `?title=` is what is written so far, `?part=open` asks for incidents alone."""
    now = clock.now()
    subject = subject_of(request.GET.dict(), request.user, now=now)
    if subject.project is None:
        raise Http404
    if not request.htmx:
        return redirect(f"{reverse('call_new')}?{subject.query}")
    title = request.GET.get("title", "")[:LONGEST_TITLE]
    related = {"related": set(request.GET.getlist("related"))}
    if request.GET.get("part") == "open":
        known = known_incidents(subject, subject.project, request.user, title=title)
        context = {"now": now, "subject": subject, "project": subject.project, **known}
        return render(request, "calls/open.html", context | related)
    context = around(subject, subject.project, request.user, title=title, now=now)
    return render(request, "calls/around.html", context | related)


@require_POST
@page
@for_work
def pin(request: PageRequest) -> HttpResponse:
    """Whether the caller knows the contact's PIN; the answer stands beside the caller's name."""
    form = PinForm(request.POST)
    if not form.is_valid():
        return render(request, "calls/pin.html", {"contact_id": _plain(request.POST), "verdict": "empty"})
    contact = form.cleaned_data["contact"]
    context: dict[str, Any] = {"contact_id": contact.pk}
    try:
        if knows_pin(contact, form.cleaned_data["pin"], now=clock.now()):
            context |= {"verdict": "proven", "proof": proof_of(contact, request.user)}
        else:
            context |= {"verdict": "wrong"}
    except TooMany:
        context |= {"verdict": "too_many"}
    return render(request, "calls/pin.html", context)


def _plain(posted: QueryDict | Mapping[str, str]) -> str:
    given = posted.get("contact", "")
    return given if isinstance(given, str) and given.isascii() and given.isdigit() else ""
