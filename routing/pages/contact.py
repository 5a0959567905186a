"""Whom do I call? The contact card of a project."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from matrix.models import Topic
from matrix.terms import Priority
from portal import clock
from portal.access import may_report
from portal.models import Project

from .cards import card_of, known_of, priorities_of, refresh_seconds
from .forms import AskForm
from .requests import PageRequest, page, polled


@page
def choose(request: PageRequest) -> HttpResponse:
    """The reader's projects; with only one, its card."""
    projects = list(Project.objects.visible_to(request.user).filter(retired_at=None).select_related("customer"))
    if len(projects) == 1:
        return redirect("whom", key=projects[0].key)
    return render(request, "pages/projects.html", {"projects": projects})


@polled
def whom(request: PageRequest, key: str) -> HttpResponse:
    """One card: who to call now, why, until when, and who follows. `?priority=` or `?topic=`, and `?at=`."""
    visible = Project.objects.visible_to(request.user)
    project = get_object_or_404(visible.select_related("customer"), key=key)
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
        "projects": visible.filter(retired_at=None),
        "ask": ask,
        "at": at,
        "priority": priority,
        "priorities": priorities_of(known),
        "topics": Topic.objects.all(),
        "topic": topic,
        "card": card,
        "refresh_seconds": refresh_seconds(card, now) if card and not at else None,
        "may_report": may_report(request.user, project),
    }
    return render(request, "pages/whom.html#card" if request.htmx else "pages/whom.html", context)
