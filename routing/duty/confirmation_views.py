"""Confirming a duty: by the link in the message without signing in, or on my duty.

The link answers until the duty begins, for whoever holds it; to read it changes nothing.
"""

from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from portal import clock
from routing.pages.requests import PageRequest, page, staff_only
from routing.pages.secret_links import answer_by_token

from .confirmations import ConfirmationOver, confirm
from .models import DutyConfirmation


# The token is the authority, no cookie is: there is nothing for another site to forge.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked, and one button."""
    rows = DutyConfirmation.objects.select_related("rota", "person")
    return answer_by_token(request, rows, token, lambda asked, now: _to_person(request, asked, now))


def _to_person(request: HttpRequest, asked: DutyConfirmation, now: datetime) -> HttpResponse:
    """In the person's language and zone; once they have left it tells nothing."""
    if not (asked.person.is_active and asked.person.is_staff):
        raise Http404
    with timezone.override(ZoneInfo(asked.person.zone)), translation.override(_language(request, asked)):
        response = _answer(request, asked, now)
        response["Content-Language"] = translation.get_language()
    return response


def _language(request: HttpRequest, asked: DutyConfirmation) -> str:
    """Who is signed in, or has chosen a language here, has said already what they read."""
    chosen = request.user.is_authenticated or settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    return translation.get_language() or settings.LANGUAGE_CODE if chosen else asked.person.language


def _answer(request: HttpRequest, asked: DutyConfirmation, now: datetime) -> HttpResponse:
    if request.method == "POST":
        try:
            confirm(asked, now=now)
        except ConfirmationOver:
            pass  # the page says so
        else:
            return redirect("duty_confirmation", asked.token)
    over = asked.withdrawn_at is not None or (asked.begins_at <= now and asked.confirmed_at is None)
    status = HTTPStatus.GONE if over else HTTPStatus.OK
    return render(request, "duty/confirmation.html", {"asked": asked, "over": over, "now": now}, status=status)


@require_POST
@page
@staff_only
def signed_in(request: PageRequest, pk: int) -> HttpResponse:
    """I take over what I am asked."""
    asked = get_object_or_404(DutyConfirmation, pk=pk, person=request.user)
    try:
        confirm(asked, now=clock.now())
    except ConfirmationOver:
        messages.error(request, _("There is nothing to confirm any more: the duty has begun, or is somebody else's."))
    else:
        messages.success(request, _("Thank you. You take over."))
    return redirect("my_duty")
