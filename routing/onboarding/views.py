"""A new project on one page, and every project's own page with what is still missing."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from oncall.covering import cover, covering
from portal import clock
from portal.audit.wording import shown
from portal.master_data import rows
from portal.master_data.editing import show
from portal.models import Customer, Project
from portal.services import ChangedMeanwhile
from routing.pages.requests import PageRequest, administrators_only, page

from . import services
from .forms import MatrixForm, NewProjectForm, RotaForm
from .queries import named, standing


@page
@administrators_only
def new(request: PageRequest, key: str) -> HttpResponse:
    """Everything a project needs for full coverage, chosen as is usual."""
    customer = get_object_or_404(Customer, key=key, retired_at=None)
    now = clock.now()
    form = NewProjectForm(request.POST or None, customer=customer, now=now)
    if request.method == "POST" and form.is_valid():
        project = Project(**form.wanted())
        why = _("taken on")
        project, in_force = services.take_on(customer, project, form.begins_with(), by=request.user, now=now, why=why)
        messages.success(request, _("%(name)s is taken on.") % {"name": project.name})
        if not in_force:
            messages.warning(request, _("Its matrix is a draft: nobody is called by it before it is published."))
        return redirect("project_admin", key=project.key)
    context = {"customer": customer, "form": form}
    return render(request, "onboarding/new.html", context, status=400 if form.is_bound else 200)


@page
@administrators_only
def project(request: PageRequest, key: str) -> HttpResponse:
    """Who looks after a project, and what is missing for full coverage."""
    found = get_object_or_404(Project.objects.select_related("customer"), key=key)
    context = {
        "standing": standing(found, now=clock.now()),
        "project": found,
        "changes": shown(rows.changes_of(found)[: rows.MOST_CHANGES]),
        "coverage_url": named("coverage"),
    }
    return render(request, "onboarding/project.html", context)


@page
@administrators_only
def rota(request: PageRequest, key: str) -> HttpResponse:
    """Which rota covers a project, from when on."""
    found = get_object_or_404(Project, key=key)
    now = clock.now()
    stands = covering(found, at=now)
    form = RotaForm(request.POST or None, initial={"seen": stands})
    back = reverse("project_admin", args=[key])
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            given = {"seen": sent["seen"], "starts": sent["starts"] or now, "why": sent["why"]}
            cover(found, sent["rota"], by=request.user, now=now, **given)
        except ChangedMeanwhile:
            messages.error(request, _("Somebody has changed it meanwhile. Look again, then decide."))
            return redirect("project_rota", key=key)
        messages.success(request, _("Saved."))
        return redirect(back)
    return show(request, form, title=_("Rota of %(name)s") % {"name": found.name}, back=back)


@page
@administrators_only
def matrix(request: PageRequest, key: str) -> HttpResponse:
    """The first matrix of a project, copied from a template or from another project."""
    found = get_object_or_404(Project, key=key)
    now = clock.now()
    form = MatrixForm(request.POST or None, now=now)
    back = reverse("project_admin", args=[key])
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        given = {"in_force": sent["publish"], "why": sent["why"]}
        try:
            in_force = services.give_matrix(found, sent["matrix"], by=request.user, now=now, **given)
        except services.HasMatrix:
            messages.error(request, _("The project has a matrix already. Change that one."))
        else:
            messages.success(request, _("Saved.") if in_force else _("Its matrix is a draft now."))
        return redirect(back)
    return show(request, form, title=_("Matrix of %(name)s") % {"name": found.name}, back=back)
