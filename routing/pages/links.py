"""The link in a message: one tap from the phone to an answer, without logging in.

Whoever holds the link may answer the one page it was sent for, and reads no more than the message said. The token is
the authority, no cookie is: so there is nothing for another site to forge, and browsers that hide where a form
comes from (which `no-referrer` makes them do) are not refused.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal import clock
from routing.incidents.models import Status
from routing.paging.models import Page
from routing.paging.services import answer_page, pass_on_page

VALID = timedelta(hours=24)


def _page(token: str) -> Page:
    incident = "escalation__incident"
    related = Page.objects.select_related(
        f"{incident}__project", f"{incident}__assignee", f"{incident}__topic", "person"
    )
    return get_object_or_404(related, token=token)


def _discreet(response: HttpResponse) -> HttpResponse:
    """The address is a secret: it goes to no other site and into no search engine."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@never_cache
def page_link(request: HttpRequest, token: str) -> HttpResponse:
    """What it is about, and the two answers while the page is open; reading changes nothing."""
    page = _page(token)
    incident = page.escalation.incident
    now = clock.now()
    context = {
        "now": now,
        "page": page,
        "incident": incident,
        "assignee": incident.assignee,
        "expired": now - page.created_at > VALID,
        "answerable": _answerable(page) and now - page.created_at <= VALID,
        "ended": incident.status in (Status.RESOLVED, Status.CLOSED),
    }
    return _discreet(render(request, "pages/page_link.html", context))


def _answerable(page: Page) -> bool:
    return page.state == Page.State.OPEN and page.escalation.incident.status == Status.NEW


def _answer(token: str, service: Callable[..., Any]) -> HttpResponse:
    """Answer while the link is valid; then show what came of it, or who was faster."""
    page = _page(token)
    now = clock.now()
    if page.state == Page.State.OPEN and now - page.created_at <= VALID:
        service(page, person=page.person, now=now, via="link")
    return _discreet(redirect("page_link", token=token))


@csrf_exempt
@require_POST
@never_cache
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Take the incident."""
    return _answer(token, answer_page)


@csrf_exempt
@require_POST
@never_cache
def pass_on(request: HttpRequest, token: str) -> HttpResponse:
    """Pass it on to the next in the chain."""
    return _answer(token, pass_on_page)
