"""What is done to an incident on a page of its own: it asks more than the incident's page has room for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from matrix import labels
from matrix.terms import Priority
from portal import clock
from portal.models import Person
from routing.incidents import services
from routing.incidents.models import Incident
from routing.incidents.wording import refused_because

from .acting import change, for_work, meanwhile
from .incidents import find, incident_address, possible
from .requests import PageRequest, View, page
from .seen import seen_of
from .work_forms import AssignForm, CallInForm, LinkForm, MergeForm, PriorityForm

Given = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One form with a page of its own, and the change it makes; `done` says what came of it."""

    name: str
    heading: Promise
    lead: Promise
    button: Promise
    form: Callable[[Any, Incident, Person, datetime], forms.Form]
    act: Callable[[Incident, Given, Person, datetime], Incident | None]
    done: Callable[[Incident, Given], str]
    undo: str = ""
    other: str = ""
    """The field that names a second incident, which is changed too."""


def view_of(task: Task) -> View[[int]]:
    """Shows the form, and does what it says; refused is said beside it, with everything that was written."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @page
    def view(request: PageRequest, number: int) -> HttpResponse:
        incident = for_work(request, number)
        now = clock.now()
        if request.method != "POST":
            if task.name not in possible(incident, works=True, reports=True):
                return redirect(incident_address(incident))
            return _asked(request, task, incident, task.form(None, incident, request.user, now))
        form = task.form(request.POST, incident, request.user, now)
        if not form.is_valid():
            return _asked(request, task, incident, form, status=400)
        given = form.cleaned_data
        try:
            change(
                request,
                incident,
                lambda: task.act(incident, given, request.user, now),
                now=now,
                undo=task.undo,
                other=given.get(task.other),
            )
        except services.ActionRefused:
            fresh = find(request, number)
            return _asked(request, task, fresh, form, refused=meanwhile(request, fresh), status=409)
        except (services.CallInRefused, services.MergeRefused) as error:
            form.add_error(None, refused_because(error.why))
            return _asked(request, task, incident, form, status=400)
        messages.success(request, task.done(incident, given))
        return redirect(incident_address(incident))

    return view


def _asked(
    request: PageRequest, task: Task, incident: Incident, form: forms.Form, *, refused: str = "", status: int = 200
) -> HttpResponse:
    now = clock.now()
    can = task.name in possible(incident, works=True, reports=True)
    context = {
        "now": now,
        "task": task,
        "incident": incident,
        "form": form,
        "refused": refused,
        "can": can,
        "seen": seen_of(incident, now),
    }
    return render(request, "pages/incident_task.html", context, status=status)


def _assign(incident: Incident, given: Given, by: Person, now: datetime) -> Incident:
    return services.assign(incident, assignee=given["assignee"], by=by, now=now, note=given["remark"])


def _call_in(incident: Incident, given: Given, by: Person, now: datetime) -> None:
    callee, role = given["callee"]
    services.call_in(incident, callee=callee, role=role, by=by, now=now, note=given["remark"])


def _priority(incident: Incident, given: Given, by: Person, now: datetime) -> Incident:
    return services.change_priority(
        incident, priority=given["priority"], by=by, now=now, why=given["why"], consent=given.get("consent", "")
    )


def _merge(incident: Incident, given: Given, by: Person, now: datetime) -> Incident:
    return services.merge(incident, given["into"], by=by, now=now)


def _relate(incident: Incident, given: Given, by: Person, now: datetime) -> None:
    services.relate(incident, given["number"], by=by, now=now)


assign = view_of(
    Task(
        name="assign",
        heading=gettext_lazy("Assign or hand over"),
        lead=gettext_lazy("Whoever is to have it is told. A team's people may take it from there."),
        button=gettext_lazy("Assign"),
        form=lambda data, incident, _person, now: AssignForm(data, incident=incident, now=now),
        act=_assign,
        done=lambda _incident, given: _("Assigned to %(name)s.") % {"name": given["assignee"].name},
        undo="assign",
    )
)

call_in = view_of(
    Task(
        name="call_in",
        heading=gettext_lazy("Call somebody in"),
        lead=gettext_lazy("They are called at once, by phone and SMS as they wish. The incident stays with its owner."),
        button=gettext_lazy("Call them now"),
        form=lambda data, incident, person, now: CallInForm(data, incident=incident, caller=person, now=now),
        act=_call_in,
        done=lambda _incident, given: (
            _("%(name)s is called now. Their answer will stand in the timeline.") % {"name": given["callee"][0].name}
        ),
    )
)

priority = view_of(
    Task(
        name="priority",
        heading=gettext_lazy("Change the priority"),
        lead=gettext_lazy("Targets count from the report. Raised while nobody has answered, the chain begins anew."),
        button=gettext_lazy("Change the priority"),
        form=lambda data, incident, _person, _now: PriorityForm(data, incident=incident),
        act=_priority,
        done=lambda _incident, given: (
            _("The priority is %(priority)s now.") % {"priority": labels.PRIORITY[Priority(given["priority"])]}
        ),
        undo="priority",
    )
)

merge = view_of(
    Task(
        name="merge",
        heading=gettext_lazy("It is the same as another"),
        lead=gettext_lazy(
            "This incident ends and its chain stops. Its public notes go to the other one, and its reporter is told."
        ),
        button=gettext_lazy("Merge into that one"),
        form=lambda data, incident, _person, _now: MergeForm(data, incident=incident),
        act=_merge,
        done=lambda _incident, given: _("It goes on as incident %(number)s.") % {"number": given["into"].number},
        undo="merge",
        other="into",
    )
)

relate = view_of(
    Task(
        name="relate",
        heading=gettext_lazy("Link another incident"),
        lead=gettext_lazy("Both stay as they are; each shows the other."),
        button=gettext_lazy("Link"),
        form=lambda data, incident, person, _now: LinkForm(data, incident=incident, reader=person),
        act=_relate,
        done=lambda _incident, given: _("Linked to incident %(number)s.") % {"number": given["number"].number},
        other="number",
    )
)


@require_POST
@page
def unrelate(request: PageRequest, number: int, other: int) -> HttpResponse:
    """They have nothing to do with each other after all."""
    incident = for_work(request, number)
    services.unrelate(incident, find(request, other), by=request.user, now=clock.now())
    return redirect(incident_address(incident))
