"""Maintenance announced to customers: what is planned, changed or called off, each with a reason."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import clock, maintenance
from portal.models import Maintenance, Project
from portal.queries import NOTICE
from portal.requests import PageRequest, administrators_only, page
from portal.services import ChangedMeanwhile

SHOWN_PAST = 20
SHORT_NOTICE = timedelta(days=5)
LONGEST = timedelta(days=7)


class ProjectsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Projects by name and customer, as people know them."""

    def label_from_instance(self, obj: Project) -> str:
        return f"{obj.name} ({obj.customer.name})"


class AnnouncementForm(forms.Form):
    """Which projects, when, and what their people will notice, in both languages."""

    projects = ProjectsField(
        label=gettext_lazy("Projects"),
        queryset=Project.objects.none(),
        to_field_name="key",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": gettext_lazy("Choose at least one project.")},
    )
    starts = forms.DateTimeField(
        label=gettext_lazy("Begins"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("In your own time zone."),
    )
    ends = forms.DateTimeField(
        label=gettext_lazy("Ends"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    text_de = forms.CharField(
        label=gettext_lazy("What will be noticed (German)"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    text_en = forms.CharField(
        label=gettext_lazy("What will be noticed (English)"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    why = forms.CharField(
        label=gettext_lazy("Why? (customers do not read this)"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    seen = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, now: datetime, begun: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.begun = begun
        projects = Project.objects.filter(retired_at=None).select_related("customer").order_by("name")
        self.fields["projects"].queryset = projects  # type: ignore[attr-defined]  # a choice field, see above

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        starts, ends = sent.get("starts"), sent.get("ends")
        if starts and not self.begun and starts <= self.now:
            self.add_error("starts", _("That instant has passed. Announce what is yet to begin."))
        if ends and ends <= self.now:
            self.add_error("ends", _("That instant has passed."))
        elif starts and ends and not starts < ends <= starts + LONGEST:
            self.add_error("ends", _("It ends after it begins, and takes seven days at most."))
        return sent


@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    """What is announced and still to come or under way, and the latest that is over."""
    now = clock.now()
    rows = Maintenance.objects.current().prefetch_related("projects").select_related("recorded_by")
    coming = rows.filter(period__endswith__gt=now, cancelled_at=None).order_by("period", "pk")
    over = rows.exclude(period__endswith__gt=now, cancelled_at=None).order_by("-period", "-pk")[:SHOWN_PAST]
    return render(request, "support_hours/maintenance.html", {"now": now, "coming": coming, "over": over})


@page
@administrators_only
def new(request: PageRequest) -> HttpResponse:
    """Announce: seen as customers will read it, then sent."""
    now = clock.now()
    form = AnnouncementForm(request.POST or None, now=now)
    if request.method == "POST" and form.is_valid():
        if "confirm" not in request.POST:
            return _preview(request, form, now=now)
        maintenance.announce(**_sent(form), by=request.user, now=now)
        messages.success(request, _("Announced. It stands on the projects’ pages and in their calendars."))
        return redirect("maintenance_admin")
    return _form(request, form, now=now)


def _sent(form: AnnouncementForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name != "seen"}


def _form(
    request: PageRequest, form: AnnouncementForm, *, now: datetime, row: Maintenance | None = None
) -> HttpResponse:
    context = {"now": now, "form": form, "row": row}
    return render(request, "support_hours/maintenance_form.html", context, status=400 if form.is_bound else 200)


def _preview(
    request: PageRequest, form: AnnouncementForm, *, now: datetime, row: Maintenance | None = None,
    meanwhile: bool = False,
) -> HttpResponse:  # fmt: skip
    sent = form.cleaned_data
    others = Maintenance.objects.current().filter(
        projects__in=sent["projects"], cancelled_at=None, period__overlap=(sent["starts"], sent["ends"])
    )
    if row is not None:
        others = others.exclude(uid=row.uid)
    context = {
        "now": now,
        "form": form,
        "row": row,
        "sent": sent,
        "short": sent["starts"] - now < SHORT_NOTICE,
        "shown_from": max(now, sent["starts"] - NOTICE),
        "others": others.distinct().prefetch_related("projects"),
        "meanwhile": meanwhile,
        "seen": row.pk if row else "",
    }
    status = 409 if meanwhile else 200
    return render(request, "support_hours/maintenance_preview.html", context, status=status)


def _found(uid: UUID, now: datetime) -> Maintenance:
    """The last version of one that may still be changed; any other does not exist here."""
    row: Maintenance | None = Maintenance.objects.current().select_related("recorded_by").filter(uid=uid).first()
    if row is None or row.cancelled_at or row.ends <= now:
        raise Http404
    return row


@page
@administrators_only
def edit(request: PageRequest, uid: UUID) -> HttpResponse:
    """Another time, other projects or another text; a second editor sees what the first has done."""
    now = clock.now()
    row = _found(uid, now)
    initial = {
        "projects": [project.key for project in row.projects.all()],
        "starts": row.starts,
        "ends": row.ends,
        "text_de": row.text_de,
        "text_en": row.text_en,
        "seen": row.pk,
    }
    form = AnnouncementForm(request.POST or None, initial=initial, now=now, begun=row.starts <= now)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, now=now, row=row)
    if form.cleaned_data["seen"] != str(row.pk):
        return _preview(request, form, now=now, row=row, meanwhile=True)
    if "confirm" not in request.POST:
        return _preview(request, form, now=now, row=row)
    try:
        maintenance.change(row, **_sent(form), by=request.user, now=now)
    except (ChangedMeanwhile, maintenance.MaintenanceIsOver):
        return _preview(request, form, now=now, row=_found(uid, now), meanwhile=True)
    messages.success(request, _("Changed. Calendars learn of it within hours."))
    return redirect("maintenance_admin")


@page
@administrators_only
def cancel(request: PageRequest, uid: UUID) -> HttpResponse:
    """Asks first and wants a reason; then customers read that it does not take place."""
    now = clock.now()
    row = _found(uid, now)
    form = CancelForm(request.POST or None, initial={"seen": row.pk})
    meanwhile = form.is_bound and request.POST.get("seen") != str(row.pk)
    if form.is_valid() and not meanwhile:
        try:
            maintenance.cancel(row, by=request.user, now=now, why=form.cleaned_data["why"])
        except (ChangedMeanwhile, maintenance.MaintenanceIsOver):
            meanwhile = True
        else:
            messages.success(request, _("Called off. Calendars learn of it within hours."))
            return redirect("maintenance_admin")
    status = 409 if meanwhile else 400 if form.is_bound else 200
    context = {"now": now, "form": form, "row": row, "meanwhile": meanwhile}
    return render(request, "support_hours/maintenance_cancel.html", context, status=status)


class CancelForm(forms.Form):
    """Why it does not take place."""

    why = forms.CharField(
        label=gettext_lazy("Why? (customers do not read this)"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
