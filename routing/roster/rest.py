"""Whose rest after a call-out is under way, for administrators; and how long it is to be."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal import clock
from portal.models import Person
from routing.duty.rest import rest_hours, rests_due, set_rest_hours
from routing.duty.views import kept_rest
from routing.pages.requests import PageRequest, administrators_only, page


class HoursForm(forms.Form):
    """How many hours, and why that changes; `seen` is what the form was made for."""

    hours = forms.IntegerField(
        label=_("Hours of rest"),
        min_value=0,
        max_value=24,
        help_text=_("0 switches the warning off. The law asks for 11; collective agreements may differ."),
    )
    why = forms.CharField(label=_("Why this changes"), max_length=200)
    seen = forms.IntegerField(widget=forms.HiddenInput)


@page
@administrators_only
def rest(request: PageRequest) -> HttpResponse:
    """Everybody whose rest lasts, with what is proposed. A POST changes how long rest is."""
    now, hours = clock.now(), rest_hours()
    form = HoursForm(request.POST if request.method == "POST" else None, initial={"hours": hours, "seen": hours})
    status = 200
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        if set_rest_hours(given["hours"], seen=given["seen"], by=request.user, why=given["why"]):
            messages.success(request, gettext("The hours of rest are kept."))
            return redirect("roster_rest")
        # A second administrator sees what the first did, with what they wanted to say themselves.
        messages.error(request, gettext("Nothing was changed: somebody else has changed it to %d hours.") % hours)
        form.data = {**form.data.dict(), "seen": hours}  # type: ignore[attr-defined]
        status = 409
    elif form.is_bound:
        status = 400
    context = {"now": now, "hours": hours, "form": form, "rests": rests_due(now=now)}
    return render(request, "roster/rest.html", context, status=status)


@require_POST
@page
@administrators_only
def keep(request: PageRequest, pk: int) -> HttpResponse:
    """Record what is proposed for somebody."""
    kept_rest(request, get_object_or_404(Person, pk=pk, is_staff=True))
    return redirect("roster_rest")
