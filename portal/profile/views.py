"""Everybody's own page: who they are, how they sign in, what acts in their name."""

from collections import Counter
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from knox.models import AuthToken

from portal import clock
from portal.contacts.services import new_pin
from portal.models import Contact, Person
from portal.requests import PageRequest, page

from .closing import end_sessions
from .forms import ProfileForm
from .services import TooManyTokens, make_token, revoke_token


@page
def profile(request: PageRequest) -> HttpResponse:
    """Read and change oneself."""
    # The form writes to its instance before it is valid; the page's frame reads the person as they are.
    form = ProfileForm(request.POST or None, instance=Person.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        person = form.save()
        translation.activate(person.language)
        messages.success(request, _("Saved."))
        response = redirect("profile")
        # The choice made here holds from now on, in this browser too.
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return response
    context = {"form": form, **_signing_in(request.user), **_acting(request.user)}
    return render(request, "profile/profile.html", context, status=400 if form.is_bound else 200)


def _signing_in(person: Person) -> dict[str, Any]:
    factors = Counter(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    return {
        "has_app": factors[Authenticator.Type.TOTP] > 0,
        "keys": factors[Authenticator.Type.WEBAUTHN],
        "has_recovery_codes": factors[Authenticator.Type.RECOVERY_CODES] > 0,
        "sessions": UserSession.objects.filter(user=person).count(),
    }


def _acting(person: Person) -> dict[str, Any]:
    contacts = Contact.objects.current().filter(person=person).select_related("customer").order_by("customer__name")
    return {
        "contacts": list(contacts),
        "tokens": list(AuthToken.objects.filter(user=person).order_by("-created")),
    }


@require_POST
@never_cache
@page
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def token_new(request: PageRequest) -> HttpResponse:
    """A new API token; this answer is the only place where it can be read.

    It outlives the session, so whoever finds a browser open must prove first who they are.
    """
    try:
        token = make_token(request.user)
    except TooManyTokens:
        messages.error(request, _("You have as many tokens as one may have. Revoke one that is not used any more."))
        return redirect("profile")
    return render(request, "profile/token.html", {"token": token, "example": f"{settings.PUBLIC_URL}/api/v1/projects/"})


@require_POST
@page
def token_revoke(request: PageRequest, key: str) -> HttpResponse:
    if not revoke_token(request.user, key):
        raise Http404
    messages.success(request, _("The token is revoked; nothing gets in with it any more."))
    return redirect("profile")


@require_POST
@never_cache
@page
def pin_new(request: PageRequest, pk: int) -> HttpResponse:
    """A new PIN for the phone as contact of one customer; this answer is the only place where it can be read."""
    own = Contact.objects.current().filter(person=request.user).select_related("customer", "person")
    contact = get_object_or_404(own, pk=pk)
    pin = new_pin(contact, now=clock.now())
    return render(request, "profile/pin.html", {"pin": pin, "contact": contact})


@require_POST
@page
def sign_out_everywhere(request: PageRequest) -> HttpResponse:
    """This browser too."""
    end_sessions(request.user)
    logout(request)
    return redirect("account_login")
