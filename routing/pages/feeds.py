"""Calendars that programs subscribe to: their owner's page, and the calendar itself behind its secret address."""

import hashlib
from datetime import UTC, datetime

from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from oncall.feeds import create_project_feed, find_feed
from oncall.models import CalendarFeed
from portal import clock
from portal.models import ContactChange, Project
from portal.queries import hours_facts, maintenance_notices, maintenance_of, support_changed_at, support_hours_of
from portal.tokens import revoke
from routing.duty.calendar import duty_ical
from routing.support_calendar import MEDIA_TYPE, Subject, ical, span

from .requests import PageRequest, page

MOST = 10
"""How many feeds of one project, or of duty, a person may hold: one for each program they use, and some more."""


@page
def project_calendar(request: PageRequest, key: str) -> HttpResponse:
    """The reader's own feeds of the project. A POST makes one and shows its address, this once."""
    visible = Project.objects.visible_to(request.user).select_related("customer")
    project, now = get_object_or_404(visible, key=key), clock.now()
    feeds = _lasting(CalendarFeed.objects.filter(person=request.user, project=project, revoked_at=None))
    made, token, full = None, "", feeds.count() >= MOST
    if request.method == "POST" and not full:
        made, token = create_project_feed(project=project, by=request.user, now=now)
    context = {
        "now": now,
        "project": project,
        "feeds": feeds,
        "made": made,
        **(addresses(token) if made else {}),
        "full": full and request.method == "POST",
        "maintenance_notices": maintenance_notices(project, now=now),
    }
    response = render(request, "pages/calendar.html", context, status=400 if context["full"] else 200)
    if made:
        patch_cache_control(response, no_store=True)  # shown once: not again by "back" either
    return response


@page
@require_POST
def revoke_feed(request: PageRequest, key: str, number: int) -> HttpResponse:
    """Close one of the reader's own feeds."""
    feed = get_object_or_404(CalendarFeed, pk=number, person=request.user, project__key=key)
    revoke(feed, now=clock.now())
    messages.success(request, _("The calendar address does not work any more."))
    return redirect("project_calendar", key=key)


@require_safe
@cache_control(private=True, no_cache=True)
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar, as long as its person may see what it shows. The token is the authority, no cookie is."""
    feed = find_feed(token)
    if feed is None:
        raise Http404
    content, changed_at = _content(feed, clock.now())
    etag, modified = quote_etag(hashlib.sha256(content).hexdigest()), int(changed_at.timestamp())
    headers = {"ETag": etag, "Last-Modified": http_date(modified), "X-Robots-Tag": "noindex, nofollow"}
    response = HttpResponse(content, content_type=MEDIA_TYPE, headers=headers)
    return get_conditional_response(request, etag=etag, last_modified=modified, response=response) or response


def addresses(token: str) -> dict[str, str]:
    """The address of a feed that was just made, for people and for programs to subscribe to."""
    address = settings.PUBLIC_URL + reverse("calendar_feed", args=[token])
    subscribe = address.replace("https://", "webcal://").replace("http://", "webcal://")
    return {"address": address, "subscribe": subscribe}


def _content(feed: CalendarFeed, now: datetime) -> tuple[bytes, datetime]:
    """What the feed shows, and since when it has been as it is. Duty is for the provider's people."""
    if feed.kind == CalendarFeed.Kind.PROJECT:
        if not _lasting(CalendarFeed.objects.filter(pk=feed.pk)).exists():
            raise Http404
        project = get_object_or_404(Project.objects.visible_to(feed.person), pk=feed.project_id)
        return _project_ical(project, feed, now)
    if not (feed.person.is_active and feed.person.is_staff):
        raise Http404
    return duty_ical(feed, now=now)


def _lasting(feeds: QuerySet[CalendarFeed]) -> QuerySet[CalendarFeed]:
    """Without those from before their person left the customer: like tokens, they do not come back."""
    left = ContactChange.objects.filter(
        kind=ContactChange.Kind.LEFT,
        contact__person=OuterRef("person"),
        customer=OuterRef("project__customer"),
        at__gte=OuterRef("created_at"),
    )
    return feeds.filter(~Exists(left))


def _project_ical(project: Project, feed: CalendarFeed, now: datetime) -> tuple[bytes, datetime]:
    """The calendar in its person's language, and since when it has been as it is."""
    calendar = support_hours_of(project, known_at=now)
    support = (calendar, hours_facts([calendar], at=now, known_at=now)[calendar.pk]) if calendar else None
    first, _last = span(now, calendar.zone if calendar else settings.TIME_ZONE)
    begins = datetime(first.year, first.month, first.day, tzinfo=UTC)
    changed_at = support_changed_at(project, calendar) or feed.created_at
    subject = Subject.of(
        project,
        support,
        maintenance_of(project, since=begins),
        language=feed.person.language or settings.LANGUAGE_CODE,
        changed_at=changed_at,
        now=now,
    )
    return ical(subject), max(changed_at, begins)
