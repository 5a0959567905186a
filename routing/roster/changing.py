"""Changes of a roster: asked in the address, shown with their effect, written once confirmed with a reason.

The question is a GET, so that its effect can be looked at, gone back to and shown to somebody; only the confirmation
writes. It carries what the roster looked like: if somebody was faster, nothing is written, and what they did is shown.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oncall.models import Absence, Override, Rota, Rotation
from oncall.queries import members_of
from oncall.rosters import RosterChanged, Seen, see
from oncall.rotation import Line
from portal import clock
from portal.models import Person
from portal.services import ChangedMeanwhile
from routing.duty.letters import LINE
from routing.pages.requests import PageRequest, administrators_only, page

from . import plans
from .forms import CoverForm, EndForm, OverrideForm, ReasonForm, RotationForm, next_morning
from .history import changes
from .known import candidates
from .plans import Plan, carry_out, effect

OWN = frozenset({"csrfmiddlewaretoken", "reason", "seen", "preview"})
"""Fields of the confirmation itself; the others are the question."""


def answered(
    request: PageRequest, form: forms.Form, plan_of: Callable[[dict[str, Any]], Plan], *, now: datetime, **context: Any
) -> HttpResponse:
    """The form; with a valid question also its effect; after the confirmation the way back."""
    context["form"] = form
    if form.is_bound and form.is_valid():
        return confirmed(request, lambda: plan_of(form.cleaned_data), now=now, **context)
    return render(request, "roster/change.html", {**context, "now": now}, status=400 if form.is_bound else 200)


def confirmed(request: PageRequest, plan_of: Callable[[], Plan], *, now: datetime, **context: Any) -> HttpResponse:
    """The effect of a plan, to be confirmed with a reason; a POST is the confirmation."""
    status, back, plan = 200, context["back"], plan_of()
    context |= {"now": now, "reason": ReasonForm(request.POST if request.method == "POST" else None)}
    if request.method == "POST" and not context["reason"].is_valid():
        status = 400
    elif request.method == "POST":
        seen, why = Seen.parse(request.POST.get("seen", "")), context["reason"].cleaned_data["reason"]
        try:
            carry_out(plan, seen=seen, by=request.user, now=now, why=why)
        except (RosterChanged, ChangedMeanwhile):
            status = 409
            context["meanwhile"] = changes(plan.rotas, reader=request.user, since=seen.at) if seen else []
            plan = plan_of()
        else:
            messages.success(request, context["done"])
            return redirect(back)
    # What is vouched for is read after what vouches for it.
    context["seen"] = see(rota.pk for rota in plan.rotas)
    found = effect(plan, reader=request.user, now=now)
    context |= {"plan": plan, "rows": _rows(found), "new_warnings": found.warnings, "asked": asked(request)}
    return render(request, "roster/change.html", context, status=status)


def _rows(found: plans.Effect) -> list[dict[str, Any]]:
    return [
        {
            "rota": rota,
            "line": LINE[each.line],
            "start": each.start,
            "end": each.end,
            "before": found.known.name(each.before),
            "after": found.known.name(each.after),
            "gap": each.after is None,
        }
        for rota, each in found.differences
    ]


def asked(request: PageRequest) -> list[tuple[str, str]]:
    sent: QueryDict = request.POST if request.method == "POST" else request.GET
    return [(name, value) for name, values in sent.lists() if name not in OWN for value in values]


def question(request: PageRequest) -> QueryDict | None:
    """What was asked, once it was; until then the address only fills the form in."""
    if request.method == "POST":
        return request.POST
    return request.GET if "preview" in request.GET else None


def rota_in_use(slug: str) -> Rota:
    return get_object_or_404(Rota.objects.in_use(), slug=slug)


def _initial(request: PageRequest, **proposed: Any) -> dict[str, Any]:
    return proposed | {name: value for name, value in request.GET.items() if name not in OWN}


def _people(rota: Rota | None, now: datetime) -> list[Person]:
    return list(candidates(members_of(rota, known_at=now) if rota else []))


@page
@administrators_only
def override(request: PageRequest, slug: str) -> HttpResponse:
    """Somebody else holds a line for a while."""
    now, rota = clock.now(), rota_in_use(slug)
    begins = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    initial = _initial(request, begins=begins, ends=begins + timedelta(days=1))
    form = OverrideForm(question(request), initial=initial, now=now, people=_people(rota, now))
    return answered(
        request,
        form,
        lambda given: plans.override(rota, Line(given["line"]), given["person"], given["begins"], given["ends"]),
        now=now,
        rota=rota,
        title=_("Somebody else takes over"),
        lead=_("An override beats the rotation and any absence."),
        back=reverse("roster", args=[slug]),
        done=_("Saved. The roster shows it already."),
    )


@page
@administrators_only
def cover(request: PageRequest) -> HttpResponse:
    """Somebody is away, and somebody takes over their duty: one step for both."""
    now = clock.now()
    rota = Rota.objects.in_use().filter(slug=request.GET.get("rota") or request.POST.get("rota")).first()
    initial = _initial(request, begins=now, ends=next_morning(now))
    form = CoverForm(question(request), initial=initial, now=now, people=_people(rota, now))
    return answered(
        request,
        form,
        lambda given: plans.absence(given["person"], given["instead"], given["begins"], given["ends"], now=now),
        now=now,
        rota=rota,
        extra=[("rota", rota.slug)] if rota else [],
        title=_("Somebody is away"),
        lead=_("Nobody asks why. Whoever takes over holds every duty that falls into this time, on any rota."),
        back=reverse("roster", args=[rota.slug]) if rota else reverse("rosters"),
        done=_("Saved. The roster shows it already."),
    )


@page
@administrators_only
def rotation(request: PageRequest, slug: str) -> HttpResponse:
    """Other members, another order or another handover, from a day on."""
    now, rota = clock.now(), rota_in_use(slug)
    line = Line.BACKUP if (question(request) or request.GET).get("line") == Line.BACKUP else Line.PRIMARY
    rows = Rotation.objects.current().filter(rota=rota, line=line.value, valid__overlap=(now, None))
    current = rows.prefetch_related("places").order_by("valid").last()
    form = RotationForm(
        question(request),
        initial=_initial(
            request,
            line=line.value,
            period_days=current.period_days if current else 7,
            handover_weekday=current.handover_weekday if current else 2,
            handover_time=current.handover_time if current else "10:00",
        ),
        people=_people(rota, now),
        members=[place.person_id for place in current.places.all()] if current else [],
        today=timezone.localdate(now),
    )
    return answered(
        request,
        form,
        lambda given: plans.rotation(rota, given, now=now),
        now=now,
        rota=rota,
        places=form.places,
        title=_("Change the rotation"),
        lead=_("What runs now ends when the new one begins. A rotation planned for later stays."),
        back=reverse("roster", args=[slug]),
        done=_("Saved. The roster shows it already."),
    )


@page
@administrators_only
def end_rotation(request: PageRequest, slug: str) -> HttpResponse:
    """From an instant on nobody takes turns on a line."""
    now, rota = clock.now(), rota_in_use(slug)
    form = EndForm(question(request), initial=_initial(request), now=now)
    return answered(
        request,
        form,
        lambda given: plans.no_rotation(rota, Line(given["line"]), given["at"]),
        now=now,
        rota=rota,
        title=_("End a rotation"),
        lead=_("Also what is planned to begin later on this line is withdrawn."),
        back=reverse("roster", args=[slug]),
        done=_("Saved. The roster shows it already."),
    )


@page
@administrators_only
def end_override(request: PageRequest, pk: int) -> HttpResponse:
    """An override is withdrawn; what has passed of it stays."""
    now = clock.now()
    row = get_object_or_404(Override.objects.select_related("rota", "person"), pk=pk)
    back = reverse("roster", args=[row.rota.slug])
    if gone := _gone(request, row, back, now):
        return gone
    return confirmed(
        request,
        lambda: plans.no_override(row, now=now),
        now=now,
        rota=row.rota,
        title=_("Withdraw an override"),
        lead=_("The rotation holds again. What has passed stays as it was."),
        back=back,
        done=_("The override is withdrawn."),
    )


@page
@administrators_only
def end_absence(request: PageRequest, pk: int) -> HttpResponse:
    """Somebody is back, or is not away after all."""
    now = clock.now()
    row = get_object_or_404(Absence.objects.select_related("person"), pk=pk, kind="day")
    rota = Rota.objects.in_use().filter(slug=request.GET.get("rota") or request.POST.get("rota")).first()
    back = reverse("roster", args=[rota.slug]) if rota else reverse("rosters")
    if gone := _gone(request, row, back, now):
        return gone
    return confirmed(
        request,
        lambda: plans.no_absence(row, now=now),
        now=now,
        rota=rota,
        title=_("%(name)s is not away") % {"name": row.person.name},
        lead=_("The absence ends now, or does not begin. Overrides stay: withdraw them where they are not needed."),
        back=back,
        done=_("The absence is withdrawn."),
    )


def _gone(request: PageRequest, row: Override | Absence, back: str, now: datetime) -> HttpResponse | None:
    """Where there is nothing left to withdraw, the roster says so."""
    assert row.recorded is not None  # noqa: S101 -- narrows the types; the columns are not null
    assert row.period is not None  # noqa: S101
    if row.recorded.isempty or row.recorded.upper is not None:
        who = row.closed_by.name if row.closed_by else ""
        messages.info(request, _("That was changed already by %(name)s. Nothing was changed now.") % {"name": who})
        return redirect(back)
    if row.period.upper is None or row.period.upper <= now:
        raise Http404
    return None
