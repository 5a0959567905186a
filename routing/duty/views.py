"""My duty: what I hold now and next, and the calendars that show it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oncall.feeds import create_duty_feed
from oncall.models import CalendarFeed
from portal import clock
from portal.models import Person
from portal.tokens import revoke
from routing.pages.feeds import MOST, addresses
from routing.pages.requests import PageRequest, page, staff_only

from .confirmations import to_confirm
from .forms import FeedForm
from .rest import RestOver, keep_rest, rest_due
from .shifts import AHEAD, gather_rosters, own_duty
from .swapping import swaps_of

DUTY_KINDS = (CalendarFeed.Kind.PERSON, CalendarFeed.Kind.ROTA)


@page
@staff_only
def my_duty(request: PageRequest) -> HttpResponse:
    """Am I on duty, until when, when next and with whom; and who wants to swap."""
    now = clock.now()
    known = gather_rosters(request.user, now=now)
    context = {
        "now": now,
        "duty": own_duty(known, request.user),
        "weeks": AHEAD.days // 7,
        "to_confirm": to_confirm(request.user, now=now),
        "rest": rest_due(request.user, now=now),
        "feeds": _feeds(request.user),
        "feed_form": FeedForm(),
        **swaps_of(request.user, now=now),
    }
    return render(request, "duty/duty.html", context)


@require_POST
@page
@staff_only
def rest(request: PageRequest) -> HttpResponse:
    """I keep the rest that is due to me: what is proposed is recorded."""
    kept_rest(request, request.user)
    return redirect("my_duty")


def kept_rest(request: PageRequest, person: Person) -> None:
    """Record what is proposed for the person, and say what became of it."""
    try:
        until = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        until = None
    try:
        kept = keep_rest(person, until=until, by=request.user, now=clock.now())
    except RestOver:
        messages.error(request, _("Nothing was recorded: the rest is over, or its times have changed. See below."))
        return
    words = {"name": person.name}
    if kept is None:
        messages.info(request, _("It is recorded already."))
    else:
        messages.success(request, _("%(name)s is kept free of ordinary work until the rest is over.") % words)


@page
@staff_only
def calendar(request: PageRequest) -> HttpResponse:
    """The reader's own calendar addresses of duty. A POST makes one and shows it, this once."""
    now, feeds = clock.now(), _feeds(request.user)
    form = FeedForm(request.POST or None)
    full = request.method == "POST" and len(feeds) >= MOST
    context: dict[str, Any] = {"now": now, "feeds": feeds, "feed_form": form, "full": full}
    valid = request.method == "POST" and not full and form.is_valid()
    if valid:
        made, token = create_duty_feed(rota=form.cleaned_data["rota"], by=request.user, now=now)
        context |= {"made": made, "feeds": _feeds(request.user), **addresses(token)}
    refused = request.method == "POST" and not valid
    response = render(request, "duty/calendar.html", context, status=400 if refused else 200)
    if valid:
        patch_cache_control(response, no_store=True)  # shown once: not again by "back" either
    return response


@require_POST
@page
@staff_only
def revoke_calendar(request: PageRequest, pk: int) -> HttpResponse:
    """Close one of the reader's own addresses."""
    feed = get_object_or_404(CalendarFeed, pk=pk, person=request.user, kind__in=DUTY_KINDS)
    revoke(feed, now=clock.now())
    messages.success(request, _("The calendar address does not work any more."))
    return redirect("my_duty_calendar")


def _feeds(person: Person) -> list[CalendarFeed]:
    found = CalendarFeed.objects.filter(person=person, kind__in=DUTY_KINDS, revoked_at=None)
    return list(found.select_related("rota"))
