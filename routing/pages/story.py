"""What moves on an incident's page, gathered once: the timeline, the chain and the clocks, as the address asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from matrix.facts import published
from portal.models import Person
from routing.gather import gather
from routing.incidents.models import Incident
from routing.paging import escalating

from .chain import drawing_of, escalation_of
from .changes import Past, past_of
from .clocks import clocks_of
from .requests import PageRequest
from .timeline import FILTERS, Day, window_of

FILTER_LABELS = {"": _("Everything"), "public": _("Public"), "internal": _("Internal"), "paging": _("Paging")}


@dataclass(frozen=True)
class Choice:
    """One way to look at the timeline, as a link."""

    label: Promise
    query: str
    current: bool


def story_of(request: PageRequest, incident: Incident, *, now: datetime) -> dict[str, Any]:
    """What the page shows of the incident's course; of chain, clocks and changes customers are shown nothing."""
    if not request.user.is_staff:
        return {"chain": None, **_window(request, incident, None)}
    past = past_of(incident)
    known = gather([incident.project], at=now, known_at=now)[incident.project_id] if incident.is_open else None
    versions = published([incident.matrix_version_id])
    escalation = escalation_of(incident)
    chain = None
    if escalation is not None:
        chain = drawing_of(escalation, known, escalating.content_in(versions, incident), past, now=now)
    hours = known.hours if known else None
    clocks = clocks_of(incident, versions, hours, now=now)
    return {"chain": chain, "clocks": clocks, **_window(request, incident, past)}


def asks_for_earlier(request: PageRequest) -> bool:
    """Whether the script asks for lines to add below those it shows."""
    return bool(request.htmx and request.htmx.target == "earlier" and _before(request))


def earlier_lines(request: PageRequest, incident: Incident) -> HttpResponse:
    """The lines before those that are shown; `day` in the address is the last day that has its heading already."""
    context = _window(request, incident, past_of(incident) if request.user.is_staff else None)
    days = context["timeline"].days
    if days and days[0].date.isoformat() == request.GET.get("day"):
        days[0] = Day(days[0].date, days[0].lines, goes_on=True)
    return render(request, "pages/incident_lines.html", {**context, "incident": incident, "days": days})


def _window(request: PageRequest, incident: Incident, past: Past | None) -> dict[str, Any]:
    reader, show, before = request.user, _show(request), _before(request)
    return {
        "timeline": window_of(incident, reader, past, show=show, before=before),
        "timeline_before": before,
        "timeline_query": urlencode({"show": show}) if show else "",
        "timeline_filters": _choices(reader, show),
    }


def _choices(reader: Person, show: str) -> list[Choice]:
    if not reader.is_staff:
        return []
    return [Choice(label, f"?show={name}" if name else "", name == show) for name, label in FILTER_LABELS.items()]


def _show(request: PageRequest) -> str:
    """The filter in the address, which only the provider's people have; one that does not exist is none."""
    wanted = request.GET.get("show", "")
    return wanted if request.user.is_staff and wanted in FILTERS else ""


def _before(request: PageRequest) -> int | None:
    """The key in the address; anything that cannot be one asks for the newest lines."""
    given = request.GET.get("before", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 and int(given) else None
