"""Which project an incident really concerns: the provider's people set it right."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal import clock
from portal.access import may_work
from portal.models import Person, Project
from routing.incidents.models import Incident
from routing.incidents.services import ActionRefused, move_to_project

from .requests import PageRequest, page


class MoveForm(forms.Form):
    """Another project of the same customer, or the same one for certain."""

    project = forms.ModelChoiceField(
        label=gettext_lazy("Which project is it?"),
        queryset=Project.objects.none(),
        to_field_name="key",
        empty_label=None,
    )

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]  # a ModelChoiceField, see above


def move_form(incident: Incident, reader: Person, data: Any = None) -> MoveForm | None:
    """The form, for those who may work the incident while there is a choice."""
    if not may_work(reader) or not incident.is_open:
        return None
    projects = Project.objects.filter(customer=incident.project.customer_id, retired_at=None).order_by("key")
    if len(projects) < 2 and not incident.project_unsure:
        return None
    return MoveForm(data, projects=projects, initial={"project": incident.project.key})


@require_POST
@page
def move(request: PageRequest, number: int) -> HttpResponse:
    """It concerns this project: targets and chain are that project's from now on."""
    visible = Incident.objects.visible_to(request.user).select_related("project")
    incident = get_object_or_404(visible, pk=number)
    if not may_work(request.user):
        raise PermissionDenied
    form = move_form(incident, request.user, request.POST)
    project = form.cleaned_data["project"] if form and form.is_valid() else None
    if project and _moved(incident, project, request.user):
        messages.success(request, _("It belongs to %(project)s.") % {"project": project.key})
    else:
        messages.error(request, _("Nothing was changed: the incident cannot be moved there."))
    return redirect("incident", number)


def _moved(incident: Incident, project: Project, by: Person) -> bool:
    try:
        move_to_project(incident, project=project, by=by, now=clock.now())
    except ActionRefused:
        return False
    return True
