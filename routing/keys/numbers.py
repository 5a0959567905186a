"""The page of published numbers, and a change of one: shown with who sees it before it is made."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import clock
from portal.models import Installation
from portal.numbers import InvalidNumber, e164
from routing.pages.requests import PageRequest, administrators_only, page

from . import changes
from .lines import FIELD, MODEL, Kind, NumberChanged, all_lines, change_number, clashes, others_with, projects_of

CHANGES_SHOWN = 20


class NumberForm(forms.Form):
    seen = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    number = forms.CharField(
        label=gettext_lazy("New number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "With the area code, a foreign one with its country code. Empty: no number is published."
        ),
    )
    why = forms.CharField(
        label=gettext_lazy("Why?"), max_length=300, help_text=gettext_lazy("Stands in the list of changes.")
    )

    def clean_number(self) -> str:
        written: str = self.cleaned_data["number"].strip()
        try:
            return e164(written) if written else ""
        except InvalidNumber:
            message = _("“%(number)s” is no phone number. Write it with the area code, such as +49 40 123456.")
            raise forms.ValidationError(message % {"number": written}) from None


@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    """Every published number, where it leads now and after the next change, and which stands twice."""
    now = clock.now()
    lines = all_lines(now=now, reader=request.user)
    titles = {Kind.HOTLINE: _("Hotlines of projects"), Kind.DUTY: _("Duty numbers"), Kind.TEAM: _("Teams")}
    context = {
        "now": now,
        "groups": [(kind, titles[kind], group) for kind, group in lines.items()],
        "clashes": clashes(lines),
        "installation": Installation.objects.first(),
        "changes": changes.latest(CHANGES_SHOWN),
    }
    return render(request, "keys/numbers.html", context)


@page
@administrators_only
def change(request: PageRequest, kind: str, pk: int) -> HttpResponse:
    """A POST shows what would change and for whom; one that confirms does it."""
    if kind not in Kind.values:
        raise Http404
    wanted, now = Kind(kind), clock.now()
    row = get_object_or_404(MODEL[wanted], pk=pk)
    present = str(getattr(row, FIELD[wanted]) or "")
    form = NumberForm(request.POST or None, initial={"seen": present, "number": present})
    context: dict[str, Any] = {"kind": wanted, "row": row, "present": present, "form": form, "status": 200}
    if request.method == "POST" and form.is_valid():
        # What is published is the number that was shown, not one that was written since.
        as_shown = request.POST.get("confirmed") == form.cleaned_data["number"]
        if as_shown and _changed(request, wanted, pk, form):
            messages.success(request, _("The number was changed."))
            return redirect("duty_numbers")
        stale = form.cleaned_data["seen"] != present
        context |= {
            "number": form.cleaned_data["number"],
            "others": others_with(form.cleaned_data["number"], wanted, pk),
            "stale": stale,
            "status": 409 if stale else 200,
            "last": changes.last_of(wanted, pk),
        }
        context["preview"] = not stale
        if stale:
            form.data = _seen(request, present)
    context["projects"] = projects_of(wanted, pk, now=now)
    return render(request, "keys/number.html", context, status=400 if form.errors else context["status"])


def _changed(request: PageRequest, kind: Kind, pk: int, form: NumberForm) -> bool:
    given = form.cleaned_data
    try:
        change_number(kind, pk, by=request.user, **given)
    except NumberChanged:
        return False
    return True


def _seen(request: PageRequest, present: str) -> QueryDict:
    """What was sent, now with the number that stands there."""
    data = request.POST.copy()
    data["seen"] = present
    return data
