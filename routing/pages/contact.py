"""Whom do I call? The contact card of a project."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from matrix.models import Topic
from matrix.terms import Priority
from portal import clock
from portal.access import may_report
from portal.models import Project
from portal.queries import maintenance_notices

from .cards import ANNOUNCED, card_of, holidays_ahead, known_of, open_incidents, priorities_of, switchboard
from .forms import AskForm
from .requests import PageRequest, page, polled

OTHERS = 12
"""So many projects stand in the menu of the card; the page of all projects has the rest."""
REMEMBERED = "project"


@page
def choose(request: PageRequest) -> HttpResponse:
    """The reader's projects. Customers with only one, or who chose before, go on to its card; `?all` shows them all."""
    projects = list(Project.objects.visible_to(request.user).filter(retired_at=None).select_related("customer"))
    if len(projects) == 1:
        return redirect("whom", key=projects[0].key)
    remembered = request.session.get(REMEMBERED)
    if "all" not in request.GET and remembered in {project.key for project in projects}:
        return redirect("whom", key=remembered)
    context = {"projects": projects, "switchboard": "" if projects else switchboard()}
    return render(request, "pages/projects.html", context)


def _remember(request: PageRequest, project: Project) -> None:
    """Customers come back to the project they looked at last; the provider's people to all of them."""
    if not request.user.is_staff and request.session.get(REMEMBERED) != project.key:
        request.session[REMEMBERED] = project.key


@polled
def whom(request: PageRequest, key: str) -> HttpResponse:
    """One card: who to call now, why, until when, and who follows. `?priority=` or `?topic=`, and `?at=`."""
    visible = Project.objects.visible_to(request.user)
    project = get_object_or_404(visible.select_related("customer"), key=key)
    _remember(request, project)
    ask = AskForm(request.GET)
    ask.is_valid()
    now = clock.now()
    at = ask.cleaned_data.get("at")
    priority = ask.cleaned_data.get("priority", Priority.BLOCKER)
    topic = ask.cleaned_data.get("topic")
    known = known_of(project, at or now)
    card = card_of(known, at=at or now, reader=request.user, priority=priority, topic=topic)
    context = {
        "now": now,
        "project": project,
        "projects": list(visible.filter(retired_at=None)[: OTHERS + 1]),
        "others": OTHERS,
        "ask": ask,
        "at": at,
        "asked": at or now,
        "priority": priority,
        "priorities": priorities_of(known),
        "topics": Topic.objects.all(),
        "topic": topic,
        "card": card,
        "incidents": [] if at else open_incidents(project, request.user),
        "announced": ANNOUNCED,
        "holidays": holidays_ahead(known, at or now),
        "maintenance_notices": [] if request.htmx else maintenance_notices(project, now=now),
        "switchboard": "" if card and card.numbers else switchboard(),
        "may_report": may_report(request.user, project),
    }
    return render(request, "pages/whom.html#card" if request.htmx else "pages/whom.html", context)
