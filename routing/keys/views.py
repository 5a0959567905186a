"""Intake keys: all of them, a new one, and the page of each."""

from datetime import datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_cache_control

from matrix import labels
from matrix.terms import Priority
from portal import clock
from portal.audit.wording import shown
from portal.models import Project
from routing.intake.keys import changes_of, create_intake_key, state_of
from routing.intake.models import IntakeKey, Signal
from routing.intake.refusals import last_refusal
from routing.pages.requests import PageRequest, administrators_only, page

from .formats import SETUPS
from .forms import NewKeyForm

PLACEHOLDER = "YOUR-TOKEN"
SIGNALS_SHOWN = 20
CHANGES_SHOWN = 20


@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    """Every key by project; those that were revoked apart."""
    now = clock.now()
    running = Q(former__works_until__gt=now)
    keys = (
        IntakeKey.objects.select_related("project__customer")
        .annotate(former_running=Count("former", filter=running), former_used=Max("former__last_used_at"))
        .order_by("project__key", "name", "pk")
    )
    live = [key for key in keys if key.revoked_at is None]
    without = Project.objects.filter(retired_at=None).exclude(intake_keys__revoked_at=None, intake_keys__pk__gt=0)
    context = {
        "now": now,
        "projects": [(project, list(own)) for project, own in groupby(live, lambda key: key.project)],
        "revoked": [key for key in keys if key.revoked_at is not None],
        "without": without.order_by("key"),
    }
    return render(request, "keys/index.html", context)


@page
@administrators_only
def new(request: PageRequest) -> HttpResponse:
    """A POST makes a key and shows its token, this once."""
    projects = Project.objects.filter(retired_at=None).order_by("key")
    form = NewKeyForm(request.POST or None, projects=projects, initial={"project": request.GET.get("project", "")})
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "seen"}
        now = clock.now()
        key, token = create_intake_key(by=request.user, now=now, **given)
        return show(request, key, now=now, token=token)
    return render(request, "keys/new.html", {"form": form}, status=400 if form.errors else 200)


@page
@administrators_only
def detail(request: PageRequest, pk: int) -> HttpResponse:
    """Its tokens and when each was used, how systems are connected, its last signals, its changes."""
    key = get_object_or_404(IntakeKey.objects.select_related("project__customer", "created_by"), pk=pk)
    return show(request, key, now=clock.now())


def show(request: PageRequest, key: IntakeKey, *, now: datetime, token: str = "") -> HttpResponse:
    """The key's page; with `token`, which is shown this once, its configuration is complete."""
    signals = Signal.objects.filter(key=key).select_related("incident").order_by("-pk")
    context: dict[str, Any] = {
        "now": now,
        "key": key,
        "token": token,
        "seen": state_of(key),
        "former": key.former.filter(works_until__gt=now),
        "priority": labels.PRIORITY[Priority(key.default_priority)],
        "rules": [(severity, _priority(priority)) for severity, priority in _rules(key)],
        "setups": [(setup, _address(token or PLACEHOLDER, setup.name)) for setup in SETUPS.values()],
        "signals": signals.defer("raw")[:SIGNALS_SHOWN],
        "refusal": last_refusal(key),
        "changes": shown(changes_of(key)[:CHANGES_SHOWN]),
    }
    response = render(request, "keys/detail.html", context)
    if token:
        patch_cache_control(response, no_store=True)  # shown once: not again by "back" either
    return response


def _rules(key: IntakeKey) -> list[tuple[str, str]]:
    return list(key.severity_map.items()) if isinstance(key.severity_map, dict) else []


def _priority(name: str) -> str:
    """A rule that names none does nothing, and is shown as it is."""
    return str(labels.PRIORITY[Priority(name)]) if name in tuple(Priority) else name


def _address(token: str, format_name: str) -> str:
    address: str = settings.PUBLIC_URL + reverse("intake", args=[token, format_name])
    return address
