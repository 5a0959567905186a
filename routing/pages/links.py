"""The link in a message: one tap from the phone to an answer, without logging in.

Whoever holds the link may answer what the message told of, as whoever it was sent to, and reads no more than the
message said. It answers for a day; then, and once its recipient has left, it neither answers nor tells anything. The
token is the authority, no cookie is: so there is nothing for another site to forge, and browsers that hide where a
form comes from (which `no-referrer` makes them do) are not refused.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from matrix.terms import Channel
from routing.incidents.services import ActionRefused
from routing.paging.bundles import Standing, Told, told_together
from routing.paging.models import Page
from routing.paging.services import answer_page, pass_on_page

from .secret_links import answer_by_token

VALID = timedelta(hours=24)


@require_safe
@never_cache
def page_link(request: HttpRequest, token: str) -> HttpResponse:
    """What it is about, and the two answers while one is expected; reading changes nothing."""
    return _with_page(request, token, _show)


@csrf_exempt
@require_POST
@never_cache
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Take the incidents named, or the one the link was made for."""
    return _with_page(request, token, lambda request, page, now: _answer(request, page, answer_page, now=now))


@csrf_exempt
@require_POST
@never_cache
def pass_on(request: HttpRequest, token: str) -> HttpResponse:
    """Pass them on to the next in the chain."""
    return _with_page(request, token, lambda request, page, now: _answer(request, page, pass_on_page, now=now))


def _with_page(
    request: HttpRequest, token: str, view: Callable[[HttpRequest, Page, datetime], HttpResponse]
) -> HttpResponse:
    """The view of the token's page, in its recipient's language and zone."""

    def answer(page: Page, now: datetime) -> HttpResponse:
        with _as_recipient(request, page):
            response = view(request, page, now) if _is_valid(page, now) else _say_that_it_is_over(request, page)
            response["Content-Language"] = translation.get_language()
        return response

    return answer_by_token(request, Page.objects.select_related("person", "escalation"), token, answer)


def _as_recipient(request: HttpRequest, page: Page) -> AbstractContextManager[object]:
    """Who is signed in, or has chosen a language here, has said already what they read."""
    reads_as = ExitStack()
    if page.person and not request.user.is_authenticated:
        reads_as.enter_context(timezone.override(ZoneInfo(page.person.zone)))
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            reads_as.enter_context(translation.override(page.person.language))
    return reads_as


def _is_valid(page: Page, now: datetime) -> bool:
    return now - page.created_at <= VALID and not _has_left(page)


def _has_left(page: Page) -> bool:
    return page.person is not None and not (page.person.is_active and page.person.is_staff)


def _say_that_it_is_over(request: HttpRequest, page: Page) -> HttpResponse:
    """Nothing of the incident is told any more, but where it is to those who may sign in."""
    # A script swaps in only what succeeded.
    status = HTTPStatus.OK if request.headers.get("HX-Request") else HTTPStatus.GONE
    context = {"page": page, "number": None if _has_left(page) else page.escalation.incident_id}
    return render(request, _template(request), context, status=status)


def _template(request: HttpRequest) -> str:
    return "pages/page_link.html#link" if request.headers.get("HX-Request") else "pages/page_link.html"


def _show(request: HttpRequest, page: Page, now: datetime) -> HttpResponse:
    told = told_together(page)
    asking = [each for each in told if _may_answer(each, now)]
    by_text = page.deliveries.filter(channel=Channel.SMS).exists()
    context: dict[str, Any] = {
        "now": now,
        "page": page,
        "told": told,
        "several": len(told) > 1,
        "asking": asking,
        "codes": [each.page.code for each in asking] if by_text else [],
    }
    return render(request, _template(request), context)


def _may_answer(told: Told, now: datetime) -> bool:
    return told.standing is Standing.ASKS and _is_valid(told.page, now)


def _answer(request: HttpRequest, page: Page, act: Callable[..., Any], *, now: datetime) -> HttpResponse:
    """Answer what still asks, each by itself; then show what came of it, or who was faster."""
    wanted = request.POST.getlist("number") or [str(page.escalation.incident_id)]
    for each in told_together(page):
        if each.incident.number in wanted and _may_answer(each, now):
            try:
                act(each.page, person=each.page.person, now=now, via="link")
            except ActionRefused:
                names = {"number": each.incident.number}
                messages.error(request, _("Incident %(number)s cannot be passed on now.") % names)
    return redirect("page_link", token=page.token)
