"""Rotas themselves: what they are called, which projects they cover, and when one is no longer needed."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from oncall import rosters
from oncall.models import Rota, RotaCoverage
from oncall.queries import duty_now
from oncall.rosters import RosterChanged, Seen, StillCovers, hold, see
from portal import clock
from portal.models import Installation, Project
from portal.services import ChangedMeanwhile
from routing.pages.requests import PageRequest, administrators_only, page

from .changing import asked, question, rota_in_use
from .forms import ProjectsForm, ReasonForm, RotaForm
from .history import changes


@page
@administrators_only
def new(request: PageRequest) -> HttpResponse:
    """A rota begins with its names; its first rotation is asked for next."""
    installation = Installation.objects.first()
    initial = {"zone": installation.zone if installation else "Europe/Berlin"}
    form = RotaForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        rota = rosters.save_rota(form.save(commit=False), by=request.user, why=form.cleaned_data["reason"])
        messages.success(request, _("The rota exists. Now say who takes turns."))
        return redirect("roster_rotation", rota.slug)
    return render(request, "roster/rota.html", {"form": form}, status=400 if form.is_bound else 200)


@page
@administrators_only
def settings(request: PageRequest, slug: str) -> HttpResponse:
    """Names and number of a rota; not over what somebody else has just written."""
    rota = rota_in_use(slug)
    status, context = 200, {"rota": rota, "seen": see([rota.pk])}
    form = RotaForm(request.POST if request.method == "POST" else None, instance=rota)
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                hold([rota.pk], seen=Seen.parse(request.POST.get("seen", "")))
                rosters.save_rota(form.save(commit=False), by=request.user, why=form.cleaned_data["reason"])
        except RosterChanged:
            status, context["fresh"] = 409, Rota.objects.get(pk=rota.pk)
        else:
            messages.success(request, _("Saved."))
            return redirect("roster", slug)
    elif form.is_bound:
        status = 400
    return render(request, "roster/rota.html", {**context, "form": form}, status=status)


@page
@administrators_only
def projects(request: PageRequest, slug: str) -> HttpResponse:
    """Which projects the rota covers; one that another rota covers moves, without an instant in between."""
    now, rota = clock.now(), rota_in_use(slug)
    rows = RotaCoverage.objects.current().filter(valid__endswith=None, project__retired_at=None)
    of_project = {row.project_id: row.rota for row in rows.select_related("rota")}
    own = [pk for pk, each in of_project.items() if each.pk == rota.pk]
    offered = Project.objects.filter(retired_at=None).exclude(pk__in=own).order_by("name")
    form = ProjectsForm(question(request), initial={"begins": now}, projects=offered, now=now)
    reason = ReasonForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"now": now, "rota": rota, "form": form, "reason": reason, "none_left": not offered}
    if not (form.is_bound and form.is_valid()):
        return render(request, "roster/projects.html", context, status=400 if form.is_bound else 200)
    chosen, begins = list(form.cleaned_data["projects"]), form.cleaned_data["begins"]
    losing = [of_project[each.pk] for each in chosen if each.pk in of_project]
    concerned = {each.pk: each for each in (rota, *losing)}
    status = 200
    if request.method == "POST" and reason.is_valid():
        seen = Seen.parse(request.POST.get("seen", ""))
        try:
            with transaction.atomic():
                rosters.lock_all()
                hold(concerned, seen=seen)
                rosters.cover(rota, chosen, begins, by=request.user, now=now, why=reason.cleaned_data["reason"])
        except (RosterChanged, ChangedMeanwhile):
            status = 409
            context["meanwhile"] = changes(concerned.values(), reader=request.user, since=seen.at) if seen else []
        else:
            messages.success(request, _("Saved. The projects are covered by this rota."))
            return redirect("roster", slug)
    elif request.method == "POST":
        status = 400
    context |= {
        "seen": see(concerned),
        "begins": begins,
        "moves": _moves(rota, chosen, of_project, begins, now),
        "asked": asked(request),
    }
    return render(request, "roster/projects.html", context, status=status)


def _moves(
    rota: Rota, chosen: list[Project], of_project: dict[int, Rota], begins: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Each project with who would be on duty for it at that instant, before and after."""
    before = {of_project[each.pk].pk: of_project[each.pk] for each in chosen if each.pk in of_project}
    duties = {duty.rota.pk: duty for duty in duty_now([rota, *before.values()], at=begins, known_at=now)}
    return [
        {
            "project": each,
            "from": of_project.get(each.pk),
            "before": duties[of_project[each.pk].pk] if each.pk in of_project else None,
            "after": duties[rota.pk],
        }
        for each in chosen
    ]


@page
@administrators_only
def retire(request: PageRequest, slug: str) -> HttpResponse:
    """A rota that covers nothing any more is retired: that ends its rotations, and cannot be undone."""
    now, rota = clock.now(), rota_in_use(slug)
    covered = RotaCoverage.objects.current().filter(rota=rota, valid__overlap=(now, None), project__retired_at=None)
    relying = [row.project for row in covered.select_related("project").order_by("project__name")]
    reason = ReasonForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and reason.is_valid():
        try:
            rosters.retire_rota(rota, by=request.user, now=now, why=reason.cleaned_data["reason"])
        except StillCovers:
            status = 409
        else:
            messages.success(request, _("The rota is retired. Its history stays."))
            return redirect("rosters")
    elif request.method == "POST":
        status = 400
    context = {"now": now, "rota": rota, "relying": relying, "reason": reason}
    return render(request, "roster/retire.html", context, status=status)
