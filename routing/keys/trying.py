"""A test signal: what it would do, and who would be called. Nobody is."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from matrix import labels
from portal import clock
from routing.intake.models import IntakeKey
from routing.pages.requests import PageRequest, administrators_only, page

from .formats import SETUPS
from .forms import TrialForm
from .trial import trial


@page
@administrators_only
def try_signal(request: PageRequest, pk: int) -> HttpResponse:
    """The form with a sample of the format; a POST shows what would happen to its body."""
    key, now = get_object_or_404(IntakeKey.objects.select_related("project"), pk=pk), clock.now()
    chosen = SETUPS.get(request.GET.get("format", "")) or next(iter(SETUPS.values()))
    form = TrialForm(request.POST or None, initial={"format": chosen.name, "body": chosen.sample_text})
    context: dict[str, Any] = {"now": now, "key": key, "form": form, "setups": SETUPS.values()}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        at = given["at"] or now
        found = trial(key, given["format"], given["body"], at=at, reader=request.user)
        fates = [(fate, labels.PRIORITY[fate.priority] if fate.priority else "") for fate in found.fates]
        courses = [(course, labels.PRIORITY[course.priority]) for course in found.courses]
        context |= {"trial": found, "at": at, "fates": fates, "courses": courses}
    return render(request, "keys/test.html", context, status=400 if form.errors else 200)
