"""The pages about who looks after a project: support, SDM, BRM and deputies."""

from typing import cast

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal import clock
from portal.models import Assignment, Project, ProjectSupport
from portal.requests import PageRequest, administrators_only, page
from portal.services import ChangedMeanwhile

from . import assigning
from .editing import show
from .forms import AssignmentForm, SupportForm, local


def _said_meanwhile(request: PageRequest) -> None:
    messages.error(request, _("Somebody has changed it meanwhile. Look again, then decide."))


@page
@administrators_only
def support(request: PageRequest, key: str) -> HttpResponse:
    """Hours, Service Desk and team of a project."""
    project = get_object_or_404(Project, key=key)
    row = ProjectSupport.objects.current().filter(project=project).first()
    stands = (
        {"seen": row.pk, "hours": row.hours_id, "service_desk": row.service_desk_id, "team": row.team_id} if row else {}
    )
    form = SupportForm(request.POST or None, initial=stands)
    back = reverse("project_admin", args=[key])
    if request.method == "POST" and form.is_valid():
        try:
            assigning.set_support(project, by=request.user, now=clock.now(), **form.cleaned_data)
        except ChangedMeanwhile:
            return _support_changed(request, project, form, back)
        messages.success(request, _("Saved."))
        return redirect(back)
    return show(request, form, title=project.name, back=back)


def _support_changed(request: PageRequest, project: Project, form: SupportForm, back: str) -> HttpResponse:
    """What stands there now, by whom and why; what was chosen is kept."""
    row = ProjectSupport.objects.current().select_related("recorded_by").get(project=project)
    sent = cast("QueryDict", form.data).copy()
    sent["seen"] = str(row.pk)
    form.data = sent
    by = row.recorded_by.name if row.recorded_by else ""
    meanwhile = [{"at": row.recorded.lower, "by": by, "why": row.recorded_why, "what": []}]
    stands = [(form.fields[name].label, getattr(row, name)) for name in ("hours", "service_desk", "team")]
    context = {"meanwhile": meanwhile, "now_is": stands, "title": project.name, "back": back}
    return show(request, form, status=409, **context)


@page
@administrators_only
def assign(request: PageRequest, key: str) -> HttpResponse:
    """Somebody more as SDM or BRM, or as deputy."""
    project = get_object_or_404(Project, key=key)
    now = clock.now()
    form = AssignmentForm(request.POST or None, now=now, initial=_next_place(request, project))
    back = reverse("project_admin", args=[key])
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        given = {"order": int(sent["order"]), "valid": form.valid(), "by": request.user, "now": now, "why": sent["why"]}
        try:
            assigning.assign(project, Assignment.Role(sent["role"]), sent["person"], **given)
        except assigning.PlaceTaken:
            form.add_error("order", _taken())
        else:
            messages.success(request, _("Saved."))
            return redirect(back)
    return show(request, form, title=_("Assign somebody to %(name)s") % {"name": project.name}, back=back)


def _taken() -> str:
    return _("This place is taken for a part of that time. Choose another, or end the other assignment first.")


def _next_place(request: PageRequest, project: Project) -> dict[str, str]:
    role = request.GET.get("role", "sdm")
    held = Assignment.objects.current().filter(project=project, role=role, valid__contains=clock.now())
    taken = set(held.values_list("order", flat=True))
    return {"role": role, "order": str(next(place for place in range(1, 99) if place not in taken))}


@page
@administrators_only
def assignment(request: PageRequest, pk: int) -> HttpResponse:
    """Change an assignment, or end it now; the project is not left without an SDM or BRM by this."""
    rows = Assignment.objects.current().select_related("project", "person")
    row = get_object_or_404(rows, pk=pk)
    now = clock.now()
    zone = request.user.zone
    stands = {
        "person": row.person_id,
        "order": str(row.order),
        "begins": local(row.valid.lower, zone),
        "ends": local(row.valid.upper, zone),
    }
    form = AssignmentForm(request.POST or None, now=now, row=row, initial=stands)
    back = reverse("project_admin", args=[row.project.key])
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            if "end" not in request.POST:
                fields = {"person": sent["person"], "order": int(sent["order"]), "valid": form.valid()}
                assigning.reassign(row, by=request.user, now=now, why=sent["why"], **fields)
            else:
                assigning.end_beside_another(row, by=request.user, now=now, why=sent["why"])
        except assigning.NobodyElse:
            form.add_error("person", _("Nobody else holds this role. Choose who follows instead of ending it."))
        except assigning.PlaceTaken:
            form.add_error("order", _taken())
        except ChangedMeanwhile:
            _said_meanwhile(request)
            return redirect(back)
        else:
            messages.success(request, _("Saved."))
            return redirect(back)
    title = f"{row.get_role_display()} · {row.project.name}"
    return show(request, form, title=title, back=back, also=_end())


def _end() -> tuple[str, str]:
    return "end", _("Ends now")
