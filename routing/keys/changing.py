"""Changes of an intake key: each asks why, and is refused where somebody was faster."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal import clock
from portal.audit.wording import shown
from routing.intake import keys as services
from routing.intake.models import IntakeKey
from routing.pages.requests import PageRequest, administrators_only, page

from .forms import KeyForm, RotateForm, WhyForm
from .views import show

OVERLAP = timedelta(days=7)


@page
@administrators_only
def change(request: PageRequest, pk: int) -> HttpResponse:
    key = _key(pk)
    form = KeyForm(request.POST or None, initial=KeyForm.of(key) | {"seen": services.state_of(key)})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.change_key(key, by=request.user, **given)
        except services.KeyRefused as refused:
            return _refuse(request, "keys/change.html", key, form, refused)
        messages.success(request, _("The key was changed."))
        return redirect("intake_key", pk=pk)
    return render(request, "keys/change.html", {"key": key, "form": form}, status=400 if form.errors else 200)


@page
@administrators_only
def rotate(request: PageRequest, pk: int) -> HttpResponse:
    """A POST shows the new token, this once."""
    key, now = _key(pk), clock.now()
    offered = {"seen": services.state_of(key), "until": _minute(now + OVERLAP)}
    form = RotateForm(request.POST or None, now=now, initial=offered)
    context = {"key": key, "form": form, "former": key.former.filter(works_until__gt=now)}
    if request.method == "POST" and form.is_valid():
        try:
            token = services.rotate_key(key, by=request.user, now=now, **form.cleaned_data)
        except services.KeyRefused as refused:
            return _refuse(request, "keys/rotate.html", key, form, refused)
        key.refresh_from_db()
        return show(request, key, now=now, token=token)
    return render(request, "keys/rotate.html", context, status=400 if form.errors else 200)


@page
@administrators_only
def revoke(request: PageRequest, pk: int) -> HttpResponse:
    """Asks first: it cannot be undone."""
    return _end(request, pk, services.revoke_key, "keys/revoke.html", _("The key was revoked: nothing is taken by it."))


@page
@administrators_only
def stop_former(request: PageRequest, pk: int) -> HttpResponse:
    """Asks first: what still uses the replaced token reports nothing any more."""
    return _end(request, pk, services.cut_off, "keys/cut_off.html", _("The replaced token does not work any more."))


def _end(request: PageRequest, pk: int, act: Any, template: str, done: str) -> HttpResponse:
    key, now = _key(pk), clock.now()
    form = WhyForm(request.POST or None, initial={"seen": services.state_of(key)})
    if request.method == "POST" and form.is_valid():
        try:
            act(key, by=request.user, now=now, **form.cleaned_data)
        except services.KeyRefused as refused:
            return _refuse(request, template, key, form, refused)
        messages.success(request, done)
        return redirect("intake_key", pk=pk)
    context = {"key": key, "form": form, "former": key.former.filter(works_until__gt=now), "now": now}
    return render(request, template, context, status=400 if form.errors else 200)


def _key(pk: int) -> IntakeKey:
    return get_object_or_404(IntakeKey.objects.select_related("project__customer"), pk=pk)


def _refuse(request: PageRequest, template: str, key: IntakeKey, form: Any, why: Exception) -> HttpResponse:
    """409 with what was written kept, and what the other did; sent again, it is decided with that in view."""
    meanwhile = shown(services.changes_since(key, form.cleaned_data.get("seen", 0)))
    data = form.data.copy()
    data["seen"] = services.state_of(key)
    form.data = data
    context = {"key": key, "form": form, "meanwhile": meanwhile, "gone": isinstance(why, services.KeyRevoked)}
    return render(request, template, context, status=409)


def _minute(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%dT%H:%M}"
