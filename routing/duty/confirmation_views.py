"""Confirming a duty: by the link in the message without signing in, or on my duty.

The link answers until the duty begins, for whoever holds it; to read it changes nothing.
"""

from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from portal import attempts, clock
from routing.pages.requests import PageRequest, page, staff_only

from .confirmations import ConfirmationOver, confirm
from .models import DutyConfirmation


# The token is the authority, no cookie is: there is nothing for another site to forge.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked, and one button."""
    now = clock.now()
    try:
        asked = _found(request, token, now)
    except attempts.TooMany:
        response = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
        response["Retry-After"] = str(round(attempts.PER_LINK_GUESSER.period.total_seconds()))
        return response
    if not (asked.person.is_active and asked.person.is_staff):
        raise Http404
    with timezone.override(ZoneInfo(asked.person.zone)), translation.override(_language(request, asked)):
        response = _answer(request, asked, now)
        response["Content-Language"] = translation.get_language()
    # The address is a secret: it goes to no other site and into no search engine.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _found(request: HttpRequest, token: str, now: datetime) -> DutyConfirmation:
    """Of the token, else 404. Raises `attempts.TooMany` where many wrong ones came from the same address."""
    guesser = get_adapter(request).get_client_ip(request)
    attempts.require_patience(attempts.PER_LINK_GUESSER, guesser, now=now)
    asked = DutyConfirmation.objects.select_related("rota", "person").filter(token=token).first()
    if asked is None:
        attempts.begin(attempts.PER_LINK_GUESSER, guesser, now=now)
        raise Http404
    return asked


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
