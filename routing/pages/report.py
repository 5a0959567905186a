"""Report an incident, and see before sending who will be called and by when an answer is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from matrix.models import PriorityTerms
from matrix.terms import Priority, Role
from portal import clock
from portal.access import may_report, may_work
from portal.models import Person, Project
from routing.gather import ProjectFacts
from routing.incidents.models import Incident
from routing.incidents.services import create_incident

from .cards import card_of, known_of, priorities_of
from .forms import DeskReportForm, ReportForm
from .incidents import incident_address
from .requests import PageRequest, page

ON_CALL_ROLES = (Role.ON_CALL_PRIMARY, Role.ON_CALL_BACKUP)


@dataclass(frozen=True)
class Choice:
    """A priority as the form offers it: what it means, and what sending it would do now."""

    terms: PriorityTerms
    decision: Mapping[str, Any]
    first: Mapping[str, Any] | None

    @property
    def who(self) -> str:
        """Who is called first, with the role where the name does not say it already."""
        if self.first is None:
            return ""
        person, role = self.first["people"][0], self.first["role_label"]
        by_public_name = self.first["role"] in ON_CALL_ROLES and "public_name" not in person
        return person["name"] if by_public_name or person["name"] == role else f"{person['name']} ({role})"


@page
def report(request: PageRequest) -> HttpResponse:
    """The form for `?project=`; without one, a choice of the reader's projects."""
    visible = Project.objects.visible_to(request.user).filter(retired_at=None).select_related("customer")
    key = request.GET.get("project", "")
    projects = list(visible) if not key else []
    if not key and len(projects) != 1:
        return render(request, "pages/report_project.html", {"projects": projects})
    project = get_object_or_404(visible, key=key or projects[0].key)
    if not may_report(request.user, project):
        raise PermissionDenied
    return _form(request, project)


def _form(request: PageRequest, project: Project) -> HttpResponse:
    now = clock.now()
    form = _bound_form(request, project)
    if request.method == "POST" and form.is_valid():
        incident = _create(form.cleaned_data, project, by=request.user, now=now)
        messages.success(request, _("Reported as incident %(number)s.") % {"number": incident.number})
        return redirect(incident_address(incident))
    context = {
        "now": now,
        "project": project,
        "form": form,
        "choices": choices(known_of(project, now), at=now, reader=request.user),
        "chosen": form["priority"].value(),
    }
    return render(request, "pages/report.html", context, status=400 if form.is_bound else 200)


def _bound_form(request: PageRequest, project: Project) -> ReportForm:
    data = request.POST if request.method == "POST" else None
    initial = {"priority": request.GET.get("priority")}
    if not may_work(request.user):
        return ReportForm(data, initial=initial)
    people = Person.objects.filter(contacts__customer=project.customer_id, contacts__left_at=None)
    return DeskReportForm(data, initial=initial, contacts=people.order_by("name"))


def choices(known: ProjectFacts, *, at: datetime, reader: Person) -> list[Choice]:
    """Each priority of the matrix in force, with its own decision for a report at `at`."""
    found = []
    for terms in priorities_of(known):
        card = card_of(known, at=at, reader=reader, priority=Priority(terms.priority))
        if card is not None:
            found.append(Choice(terms, card.decision, card.first))
    return found


def _create(sent: Mapping[str, Any], project: Project, *, by: Person, now: datetime) -> Incident:
    """Staff log what somebody told them on the phone; customers write here themselves."""
    works = may_work(by)
    return create_incident(
        project=project,
        priority=sent["priority"],
        title=sent["title"],
        description=sent["description"],
        source=Incident.Source.PHONE if works else Incident.Source.PORTAL,
        by=by,
        now=now,
        reporter=sent.get("reporter") if works else by,
        take=bool(sent.get("take")),
    )
