"""An appointment on the page of its request: confirmed by one form, taken into a calendar by one file."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal import clock
from portal.access import may_work
from portal.hours import Period
from portal.models import Person
from routing.appointments import services
from routing.appointments.invitation import invitation
from routing.appointments.models import Appointment
from routing.appointments.slots import LENGTH
from routing.incidents.models import Incident
from routing.incidents.services import ActionRefused
from routing.presentation import person_for

from .report_forms import own_time, span_text
from .requests import PageRequest, page


class ConfirmForm(forms.Form):
    """One of the times wished for that are still to come, or another. Cleans to `starts_at`."""

    OTHER = "other"

    when = forms.ChoiceField(label=gettext_lazy("Which time?"), widget=forms.RadioSelect)
    other = own_time(gettext_lazy("Another time"))

    def __init__(self, data: Any, *, appointment: Appointment, now: datetime) -> None:
        super().__init__(data)
        self.now = now
        wishes = [(at.isoformat(), span_text(Period(at, at + LENGTH))) for at in appointment.wishes if at > now]
        other = (self.OTHER, gettext_lazy("Another time"))
        self.fields["when"].choices = [*wishes, other]  # type: ignore[attr-defined]  # a ChoiceField, see above

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        when = given.get("when", self.OTHER)
        starts_at = given.get("other") if when == self.OTHER else datetime.fromisoformat(when)
        if starts_at is None or starts_at <= self.now:
            raise forms.ValidationError(_("Please choose a time that is still to come."))
        return {**given, "starts_at": starts_at}


def appointment_for(incident: Incident, reader: Person, *, now: datetime) -> dict[str, Any]:
    """What `pages/appointment.html` shows; without an appointment nothing."""
    appointment: Appointment | None = getattr(incident, "appointment", None)
    if appointment is None:
        return {}
    may = incident.is_open and _may_confirm(incident, reader)
    return {
        "appointment": appointment,
        "appointment_host": person_for(appointment.host, reader),
        "appointment_form": ConfirmForm(None, appointment=appointment, now=now) if may else None,
    }


def _may_confirm(incident: Incident, reader: Person) -> bool:
    """Those who work, and whoever has the request: a BRM is in none of the groups that work incidents."""
    return may_work(reader) or (reader.is_staff and incident.assignee_id == reader.pk)


def _appointment(request: PageRequest, number: int) -> Appointment:
    visible = Appointment.objects.filter(incident__in=Incident.objects.visible_to(request.user))
    related = visible.select_related("incident__project", "incident__assignee", "incident__reporter", "host")
    return get_object_or_404(related, incident=number)


@require_POST
@page
def confirm(request: PageRequest, number: int) -> HttpResponse:
    """It takes place then; both are invited."""
    appointment, now = _appointment(request, number), clock.now()
    incident = appointment.incident
    if not _may_confirm(incident, request.user):
        raise PermissionDenied
    form = ConfirmForm(request.POST, appointment=appointment, now=now)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return redirect("incident", number)
    try:
        services.confirm(incident, starts_at=form.cleaned_data["starts_at"], by=request.user, now=now)
    except ActionRefused:
        messages.error(request, _("Nothing was changed: the request is over."))
    else:
        messages.success(request, _("Confirmed. The invitations are on their way."))
    return redirect("incident", number)


@page
def download(request: PageRequest, number: int) -> HttpResponse:
    """The invitation, for those who may see the request, once there is one."""
    appointment = _appointment(request, number)
    if appointment.starts_at is None:
        raise Http404
    response = HttpResponse(invitation(appointment), content_type="text/calendar; method=REQUEST; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="appointment-{number}.ics"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
