"""Incidents: the list and one incident; what may be done with it is in `actions.py`."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from portal import clock
from portal.access import may_report, may_work
from portal.models import Person, Project
from routing.incidents.links import linked_to
from routing.incidents.models import Incident, Status
from routing.presentation import owner_for, person_for

from .desk import incidents_for, question_of
from .forms import IncidentFilter, NoteForm, ReasonForm, RemarkForm, ReopenForm, WaitForm
from .incident_parts import parts_for
from .requests import PageRequest, polled
from .seen import seen_of, to_undo
from .story import asks_for_earlier, earlier_lines, story_of

PER_PAGE = 20


@polled
def index(request: PageRequest) -> HttpResponse:
    """The list; its filter stands in the address, so a view of it can be sent to a colleague."""
    wanted = IncidentFilter(request.GET, projects=Project.objects.visible_to(request.user))
    wanted.is_valid()
    found = incidents_for(request.user, wanted.cleaned_data)
    rows = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "now": clock.now(),
        "filter": wanted,
        "filtered": any(wanted.cleaned_data.values()),
        "rows": rows,
        **_what_to_do(request.user, empty=not rows.paginator.count),
    }
    return render(request, "pages/incidents.html#rows" if request.htmx else "pages/incidents.html", context)


def _what_to_do(reader: Person, *, empty: bool) -> dict[str, Any]:
    """What a customer may want to know beside the list: what waits for them, and whether there ever was anything."""
    if reader.is_staff:
        return {}
    theirs = Incident.objects.visible_to(reader)
    return {
        "waiting_for_you": theirs.waiting_for_customer().count(),
        "never_any": empty and not theirs.exists(),
        "has_projects": not empty or Project.objects.visible_to(reader).exists(),
    }


@polled
def detail(request: PageRequest, number: int) -> HttpResponse:
    """One incident; of its timeline alone what was before, where the script asks for that."""
    incident = find(request, number)
    return earlier_lines(request, incident) if asks_for_earlier(request) else show(request, incident)


def find(request: PageRequest, number: int) -> Incident:
    """The incident, where the reader may see it; else 404."""
    visible = Incident.objects.visible_to(request.user)
    return get_object_or_404(
        visible.select_related(
            "project__customer", "assignee", "team", "reporter", "topic", "appointment__host", "escalation"
        ),
        pk=number,
    )


def show(
    request: PageRequest, incident: Incident, *, refused: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    """The incident's page, or its moving part. `form` is one that was not understood, `refused` what was not done."""
    now = clock.now()
    reader = request.user
    reports = may_work(reader) or may_report(reader, incident.project)
    can = possible(incident, works=may_work(reader), reports=reports)
    context = {
        "now": now,
        "here": incident_address(incident),
        "incident": incident,
        "assignee": owner_for(incident, reader),
        "reporter": person_for(incident.reporter, reader),
        **story_of(request, incident, now=now),
        "question": question_of(incident, reader),
        **parts_for(incident, reader, now=now),
        "actions": can,
        "seen": seen_of(incident, now),
        "undo": to_undo(request, incident, now=now),
        "linked": linked_to(incident, reader),
        "new_actions": request.htmx and request.GET.get("seen", incident.status) != incident.status,
        "may_note": reports and (reader.is_staff or incident.status != Status.CLOSED),
        "refused": refused,
        **_forms(form, writer=reader, now=now),
    }
    template = "pages/incident.html#live" if request.htmx else "pages/incident.html"
    return render(request, template, context, status=status)


def _forms(sent: forms.Form | None, *, writer: Person, now: datetime) -> dict[str, forms.Form]:
    """An empty form for each action that has one, or the one that was sent and not understood."""
    empty: dict[str, forms.Form] = {
        "note_form": NoteForm(writer=writer),
        "remark_form": RemarkForm(),
        "reason_form": ReasonForm(),
        "reopen_form": ReopenForm(),
        "wait_form": WaitForm(now=now),
    }
    shown = {name: sent if sent is not None and type(sent) is type(each) else each for name, each in empty.items()}
    return shown | _reply_forms(shown["note_form"], writer)


def _reply_forms(note: forms.Form, writer: Person) -> dict[str, forms.Form]:
    """The provider's people have two, so that what they write for themselves never goes out by mistake."""
    public = NoteForm(writer=writer)
    if writer.is_staff and note.data.get("public"):
        note, public = public, NoteForm(note.data, note.files, writer=writer)
    public.auto_id = "id_public_%s"
    return {"note_form": note, "public_form": public}


def incident_address(incident: Incident) -> str:
    """Where the incident's page is."""
    return reverse("incident", args=[incident.pk])


def possible(incident: Incident, *, works: bool, reports: bool) -> set[str]:
    """The actions to offer: those the reader has a right to and the status allows."""
    can: set[str] = set()
    if reports and incident.status == Status.RESOLVED:
        can.add("reopen")
    if works:
        can |= OFFERED.get(incident.status, {"relate"})
        if incident.kind == Incident.Kind.REQUEST:
            can -= {"call_in", "priority"}
        if incident.team_id and incident.is_open:
            can.add("acknowledge")
    return can


ALWAYS = {"resolve", "pass_on", "assign", "priority", "merge", "relate"}
OFFERED: dict[str, set[str]] = {
    Status.NEW: {"acknowledge", *ALWAYS},
    Status.ACKNOWLEDGED: {"start", "wait", "call_in", *ALWAYS},
    Status.IN_PROGRESS: {"wait", "call_in", *ALWAYS},
    Status.WAITING: {"start", "call_in", *ALWAYS},
    Status.RESOLVED: {"close", "relate"},
}
"""What those who work incidents may do to one, by its status."""
