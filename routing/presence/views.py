"""Presence: one's own with a tap, and, for the Service Desk and administrators, that of somebody who asked for it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oncall.models import Absence
from portal import clock
from portal.access import may_set_presence
from portal.models import Person
from portal.templatetags.pages import ends, moment
from routing.pages.requests import PageRequest, page, staff_only

from . import services
from .consequences import duties_concerned
from .forms import REFUSALS, AwayForm, ForSomebody, MeetingForm
from .projects import away_from_projects
from .queries import PRESENT, colleagues, presence_of
from .services import PresenceRefused, Refusal

MOST_DUTIES = 12
MEANWHILE = (Refusal.AWAY, Refusal.OVERLAPS, Refusal.OVER)
"""Refused for what else is recorded, not for what was sent."""


@page
@staff_only
def people(request: PageRequest) -> HttpResponse:
    """Who of the provider is away, and until when; those first."""
    now = clock.now()
    everybody = colleagues()
    known = presence_of(everybody, now=now)
    rows = [(person, known.get(person.pk, PRESENT), may_set_presence(request.user, person)) for person in everybody]
    context = {
        "now": now,
        "away": [row for row in rows if row[1].until],
        "others": [row for row in rows if not row[1].until],
    }
    return render(request, "presence/people.html", context)


@page
@staff_only
def presence(request: PageRequest, pk: int) -> HttpResponse:
    """One person's presence, for whoever may set it."""
    return _show(request, _person(request, pk), clock.now())


@require_POST
@page
@staff_only
def meeting(request: PageRequest, pk: int) -> HttpResponse:
    """In a meeting from now on."""
    person, now = _person(request, pk), clock.now()
    form = MeetingForm(request.POST, person=person, by=request.user)
    if not form.is_valid():
        return _show(request, person, now, meeting_form=form, status=400)
    until = form.until(now)

    def change() -> str:
        if until is None:
            raise PresenceRefused(Refusal.DAY_OVER if form.cleaned_data["how"] == "day" else Refusal.PAST)
        services.into_meeting(person, until=until, by=request.user, now=now)
        return _("In a meeting until %(until)s.") % {"until": moment(until, now)}

    return _set(request, person, now, change, meeting_form=form)


@require_POST
@page
@staff_only
def back(request: PageRequest, pk: int) -> HttpResponse:
    """Here again; saying so twice is no error."""
    person, now = _person(request, pk), clock.now()
    form = ForSomebody(request.POST, person=person, by=request.user)
    if not form.is_valid():
        return _show(request, person, now, back_form=form, status=400)

    def change() -> str:
        services.back(person, by=request.user, now=now)
        return _("Back: not away any more.")

    return _set(request, person, now, change)


@require_POST
@page
@staff_only
def away(request: PageRequest, pk: int) -> HttpResponse:
    """Away for days: first what that means is shown, and recorded once that was confirmed."""
    person, now = _person(request, pk), clock.now()
    form = AwayForm(request.POST, person=person, by=request.user)
    if not form.is_valid():
        return _show(request, person, now, away_form=form, status=400)
    start, end = form.period(now)
    if refusal := _not_ahead(form, start, end, now):
        return _show(request, person, now, away_form=form, refused=refusal, status=400)
    if "confirmed" not in request.POST:
        return _confirm(request, person, form, start, end, now)

    def change() -> str:
        services.go_away(person, start=start, end=end, by=request.user, now=now)
        if start > now:
            return _("Planned: away from %(start)s up to and including %(end)s.") % {
                "start": moment(start, now),
                "end": ends(end, now),
            }
        return _("Away up to and including %(end)s.") % {"end": ends(end, now)}

    return _set(request, person, now, change, away_form=form)


@require_POST
@page
@staff_only
def take_back(request: PageRequest, absence: int) -> HttpResponse:
    """A planned absence does not take place; one under way ends now."""
    row = get_object_or_404(Absence.objects.select_related("person"), pk=absence)
    person, now = _person(request, row.person_id), clock.now()
    form = ForSomebody(request.POST, person=person, by=request.user)
    if not form.is_valid():
        return _show(request, person, now, back_form=form, status=400)

    def change() -> str:
        services.take_back(row, by=request.user, now=now)
        return _("The absence was taken back.")

    return _set(request, person, now, change)


# --- helpers --------------------------------------------------------------------------------------------------


def _person(request: PageRequest, pk: int) -> Person:
    """Whose presence it is about; a customer's people have none."""
    person = get_object_or_404(
        Person.objects.filter(is_staff=True, is_active=True).select_related("working_hours"), pk=pk
    )
    if not may_set_presence(request.user, person):
        raise PermissionDenied
    return person


def _not_ahead(form: AwayForm, start: datetime, end: datetime, now: datetime) -> str:
    """Why the days cannot be recorded, before anybody is asked to confirm them."""
    if end <= now or (form.cleaned_data["first"] and start < now):
        return str(REFUSALS[Refusal.PAST])
    if end > now + services.LONGEST_ABSENCE:
        return str(REFUSALS[Refusal.TOO_LONG])
    return ""


def _set(request: PageRequest, person: Person, now: datetime, change: Callable[[], str], **forms: Any) -> HttpResponse:
    """Make one change and go back to where it was asked for; where it is refused, say what to do instead."""
    try:
        done = change()
    except PresenceRefused as refused:
        status = 409 if refused.refusal in MEANWHILE else 400
        return _show(request, person, now, refused=str(REFUSALS[refused.refusal]), status=status, **forms)
    messages.success(request, done if person.pk == request.user.pk else f"{person.name}: {done}")
    return redirect(_next(request, person))


def _next(request: PageRequest, person: Person) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return reverse("my_projects") if person.pk == request.user.pk else reverse("presence", args=[person.pk])


def _show(
    request: PageRequest, person: Person, now: datetime, *, status: int = 200, refused: str = "", **forms: Any
) -> HttpResponse:
    context = {**presence_context(person, request.user, now=now), "now": now, "refused": refused, **forms}
    return render(request, "presence/presence.html", context, status=status)


def presence_context(person: Person, reader: Person, *, now: datetime) -> dict[str, Any]:
    """What `presence/controls.html` shows."""
    return {
        "person": person,
        "own": person.pk == reader.pk,
        "presence": presence_of([person], now=now).get(person.pk, PRESENT),
        "meeting_form": MeetingForm(person=person, by=reader),
        "away_form": AwayForm(person=person, by=reader),
        "back_form": ForSomebody(person=person, by=reader),
    }


def _confirm(
    request: PageRequest, person: Person, form: AwayForm, start: datetime, end: datetime, now: datetime
) -> HttpResponse:
    duties = duties_concerned(person, start=start, end=end, now=now)
    context = {
        "now": now,
        "person": person,
        "own": person.pk == request.user.pk,
        "form": form,
        "start": start,
        "end": end,
        "from_now": start <= now,
        "duties": duties[:MOST_DUTIES],
        "more_duties": len(duties) - MOST_DUTIES,
        "projects": away_from_projects(person, start=start, now=now),
    }
    return render(request, "presence/confirm.html", context)
