"""What if: who would be called, minute by minute. Reading it pages nobody."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime

from matrix import labels
from portal import clock
from portal.models import Person, Project
from routing.decision import Link
from routing.gather import NoMatrix, ProjectFacts, gather
from routing.pages.requests import PageRequest, page, staff_only

from .forms import AssumptionsForm, QuestionForm
from .lines import course_lines
from .simulation import ANSWERED_AFTER, Assumptions, Simulation, simulate


@page
@staff_only
def what_if(request: PageRequest) -> HttpResponse:
    """The course for a question in the address; a link to it shows a colleague the same, with its instant fixed."""
    now = clock.now()
    projects = Project.objects.visible_to(request.user).filter(retired_at=None).order_by("name")
    question = QuestionForm(request.GET if "project" in request.GET else None, projects=projects)
    context: dict[str, Any] = {"now": now, "question": question}
    if question.is_valid():
        context |= _answer(request, question.cleaned_data, now=now)
    return render(request, "what_if/what_if.html", context)


def _answer(request: PageRequest, asked: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The course, and what may be assumed of it."""
    at: datetime = asked["at"] or now
    known = gather([asked["project"]], at=at)[asked["project"].pk]
    try:
        facts = known.facts(priority=asked["priority"], source=asked["source"])
    except NoMatrix:
        return {"at": at, "no_matrix": True}
    unanswered = simulate(facts, at)
    assumed = AssumptionsForm(request.GET, people=_people_of(known), calls=_offered(unanswered))
    simulation = unanswered
    if assumed.is_valid():
        simulation = simulate(facts, at, _assumptions(assumed.cleaned_data))
    return {
        "at": at,
        "past": at < now,
        "assumed": assumed,
        "simulation": simulation,
        "rows": course_lines(simulation, at, reader=request.user),
        "version": known.version,
        "link": "?" + urlencode(_fixed(request, at), doseq=True),
    }


def _assumptions(given: dict[str, Any]) -> Assumptions:
    minutes = given["after"]
    return Assumptions(
        absent=frozenset(person.pk for person in given["absent"]),
        answered_call=given["call"],
        answered_after=ANSWERED_AFTER if minutes is None else timedelta(minutes=minutes),
    )


def _fixed(request: PageRequest, at: datetime) -> dict[str, list[str]]:
    """The address' own parameters with the instant written out, so that the link shows the same tomorrow."""
    given = {name: request.GET.getlist(name) for name in ("project", "priority", "source", "call", "after", "absent")}
    return {name: values for name, values in given.items() if any(values)} | {"at": [localtime(at).isoformat()]}


def _people_of(known: ProjectFacts) -> Any:
    """Everybody whose absence could change the course."""
    assigned = {each.person.id for each in (*known.sdm, *known.brm)}
    duty = {person for each in known.duty for person in each.people}
    managers = {person.id for person in known.base.managers}
    return Person.objects.filter(pk__in=assigned | duty | managers).order_by("name")


def _offered(simulation: Simulation) -> list[tuple[int, str]]:
    """Every call of the course that nobody answers, in words."""
    return [
        (event.call, f"{event.call}. {_names(event.link)} ({labels.ROLE[event.link.role]})")
        for event in simulation.calls
        if event.call and event.link
    ]


def _names(link: Link) -> str:
    return ", ".join(callee.name for callee in link.people)
