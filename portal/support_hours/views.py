"""Support hours: the week, the year, and every change shown before it is saved."""

from collections.abc import Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import clock
from portal.hours import Hours, local_instant
from portal.models import SupportHours
from portal.opening import week_lines
from portal.queries import hours_facts
from portal.requests import PageRequest, administrators_only, page
from portal.services import ChangedMeanwhile

from . import queries, services
from .forms import YEARS_AHEAD, ConfirmForm, DaysForm, NewForm, SiteForm, WeekForm, YearEndForm
from .plan import Change
from .words import difference_lines, months, turn_lines

TURNS = 10
WEEKS = 8
"""So far ahead a change is shown before it is saved."""


@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    """Every calendar of the provider, and who goes by it."""
    now = clock.now()
    rows = queries.with_counts(queries.calendars())
    facts = hours_facts([row["calendar"] for row in rows], at=now, known_at=now)
    for row in rows:
        row["lines"] = week_lines(facts[row["calendar"].pk])
    return render(request, "support_hours/index.html", {"now": now, "rows": rows})


@page
@administrators_only
def new(request: PageRequest) -> HttpResponse:
    """Another calendar; nobody goes by it yet, so nothing needs a preview."""
    now = clock.now()
    initial = {"zone": "Europe/Berlin", "country": "DE", "working": "08:00-18:00"}
    form = NewForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        sent = {name: form.cleaned_data[name] for name in ("name", "slug", "zone", "country", "subdivision", "why")}
        try:
            made = services.create(**sent, week=form.week(), by=request.user, now=now)
        except IntegrityError:
            form.add_error("slug", _("This short name is taken."))
        else:
            messages.success(request, _("%(name)s: created. Give it to a project or a team next.") % {"name": made})
            return redirect("support_hours_calendar", slug=made.slug)
    return render(request, "support_hours/new.html", {"form": form}, status=400 if form.is_bound else 200)


@page
@administrators_only
def calendar(request: PageRequest, slug: str) -> HttpResponse:
    """One calendar: its next changes in words, its year at a glance, and everything that can be changed."""
    return _calendar(request, _found(slug), now=clock.now())


def _found(slug: str) -> SupportHours:
    return get_object_or_404(queries.calendars(), slug=slug)


def _calendar(request: PageRequest, row: SupportHours, *, now: datetime, **bound: forms.Form) -> HttpResponse:
    """The page; with `bound` it shows what was wrong with a form."""
    state = queries.state_of(row)
    hours = hours_facts([row], at=now, known_at=now)[row.pk]
    today = now.astimezone(ZoneInfo(row.zone)).date()
    year = _year(request, today)
    since = _from(request, row, today, now)
    context = {
        "now": now,
        "calendar": row,
        "users": queries.users_of(row),
        "lines": week_lines(hours),
        "year": year,
        "years": range(today.year - 1, today.year + YEARS_AHEAD + 1),
        "months": months(row, hours, year, today=today),
        "weekdays": list(WEEKDAYS_ABBR.values()),
        "today": today,
        "since": since,
        "turns": turn_lines(row, hours, since or now, TURNS),
        "week_form": WeekForm(hours=hours),
        "days_form": DaysForm(today=today),
        "year_end_form": YearEndForm(today=today),
        "changes": queries.changes_of(row),
        "seen": state,
        **bound,
    }
    return render(request, "support_hours/calendar.html", context, status=400 if bound else 200)


def _year(request: PageRequest, today: date) -> int:
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == len("2026") else today.year
    return min(max(year, today.year - 1), today.year + YEARS_AHEAD)


def _from(request: PageRequest, row: SupportHours, today: date, now: datetime) -> datetime | None:
    """From when the changes are asked for; None is now."""
    try:
        day = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return None
    if not today < day <= date(today.year + YEARS_AHEAD, 12, 31):
        return None
    return max(now, local_instant(row.zone, day, time(0)))


# --- Changes: shown first, then saved ----------------------------------------------------------------------------


@require_POST
@page
@administrators_only
def week(request: PageRequest, slug: str) -> HttpResponse:
    return _change(request, slug, "week_form", lambda hours, today: WeekForm(request.POST, hours=hours))


@require_POST
@page
@administrators_only
def days(request: PageRequest, slug: str) -> HttpResponse:
    return _change(request, slug, "days_form", lambda hours, today: DaysForm(request.POST, today=today))


@require_POST
@page
@administrators_only
def year_end(request: PageRequest, slug: str) -> HttpResponse:
    return _change(request, slug, "year_end_form", lambda hours, today: YearEndForm(request.POST, today=today))


Form = WeekForm | DaysForm | YearEndForm


def _change(request: PageRequest, slug: str, name: str, make: Callable[[Hours, date], Form]) -> HttpResponse:
    """What the form asks for, shown with what it does; saved once it is confirmed with a reason."""
    now = clock.now()
    row = _found(slug)
    # The state is read before what is shown of it: whoever comes between is found out when it is saved.
    state = queries.state_of(row)
    before = hours_facts([row], at=now, known_at=now)[row.pk]
    form = make(before, now.astimezone(ZoneInfo(row.zone)).date())
    if not form.is_valid():
        return _calendar(request, row, now=now, **{name: form})
    change = form.change(before)
    after = change.applied(before)
    confirm, meanwhile = _confirmation(request, state)
    if after == before and not meanwhile:
        return _nothing(request, row)
    if confirm.is_valid() and not meanwhile:
        try:
            services.change_hours(
                row, change, seen=confirm.cleaned_data["seen"], by=request.user, now=now,
                why=confirm.cleaned_data["why"],
            )  # fmt: skip
        except ChangedMeanwhile:
            meanwhile = True
        else:
            messages.success(request, _("Saved. It counts from now on."))
            return redirect(_after(row, change, now))
    return _preview(request, row, form, before, after, change, confirm, meanwhile=meanwhile, now=now)


def _nothing(request: PageRequest, row: SupportHours) -> HttpResponse:
    messages.info(request, _("Nothing would change: it is like that already."))
    return redirect("support_hours_calendar", slug=row.slug)


def _confirmation(request: PageRequest, state: str) -> tuple[ConfirmForm, bool]:
    """The form that asks why, and whether somebody has changed the calendar since the reader saw it."""
    meanwhile = request.POST.get("seen", "") != state
    return ConfirmForm(request.POST if "confirm" in request.POST else None), meanwhile


def _preview(
    request: PageRequest, row: SupportHours, form: forms.Form, before: Hours, after: Hours, change: Change | None,
    confirm: ConfirmForm, *, meanwhile: bool, now: datetime,
) -> HttpResponse:  # fmt: skip
    state = queries.state_of(row)
    context = {
        "now": now,
        "calendar": row,
        "form": form,
        "confirm": confirm,
        "seen": state,
        "users": queries.users_of(row),
        "differences": difference_lines(row, before, after, change, now=now, weeks=WEEKS),
        "weeks": WEEKS,
        "meanwhile": queries.changes_of(row, since=_seen_at(request)) if meanwhile else [],
        "conflict": meanwhile,
    }
    status = 409 if meanwhile and confirm.is_bound else 400 if confirm.is_bound else 200
    return render(request, "support_hours/preview.html", context, status=status)


def _seen_at(request: PageRequest) -> datetime | None:
    try:
        at = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        return None
    return at if at and at.tzinfo else None


def _after(row: SupportHours, change: Change, now: datetime) -> str:
    """Back to the page, where the changed days are seen in the year and among the next changes."""
    address = reverse("support_hours_calendar", args=[row.slug])
    first = min(change.days, default=None)
    return f"{address}?year={first.year}&from={first}#turns" if first and first > now.date() else f"{address}#turns"


@page
@administrators_only
def site(request: PageRequest, slug: str) -> HttpResponse:
    """Another name, zone or place, shown with what it does to the window."""
    now = clock.now()
    row = _found(slug)
    state = queries.state_of(row)
    form = SiteForm(request.POST or None, calendar=row)
    if request.method != "POST" or not form.is_valid():
        context = {"now": now, "calendar": row, "form": form, "seen": state, "users": queries.users_of(row)}
        return render(request, "support_hours/site.html", context, status=400 if form.is_bound else 200)
    before = hours_facts([row], at=now, known_at=now)[row.pk]
    moved = SupportHours(pk=row.pk, slug=row.slug, **form.cleaned_data)
    after = hours_facts([moved], at=now, known_at=now)[row.pk]
    confirm, meanwhile = _confirmation(request, state)
    if not form.has_changed() and not meanwhile:
        return _nothing(request, row)
    if confirm.is_valid() and not meanwhile:
        sent = confirm.cleaned_data
        try:
            services.change_site(row, seen=sent["seen"], by=request.user, now=now, why=sent["why"], **form.cleaned_data)
        except ChangedMeanwhile:
            meanwhile = True
        else:
            messages.success(request, _("Saved. It counts from now on."))
            return redirect("support_hours_calendar", slug=slug)
    return _preview(request, row, form, before, after, None, confirm, meanwhile=meanwhile, now=now)
