"""The page behind the link of an invitation: the only one that needs no account."""

from typing import Any

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from portal import clock
from portal.models import Contact, Invitation, Person
from portal.tokens import hash_token

from . import services
from .forms import WelcomeForm
from .mail import inviter_of, provider_name


@sensitive_post_parameters()
@never_cache
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Who was invited to what; accepting needs a first password of those who are new here, a click of the others.

    Reading changes nothing, for mail scanners read every link.
    """
    rows = Invitation.objects.filter(token_hash=hash_token(token)).select_related("customer", "created_by")
    invitation = rows.first()
    now = clock.now()
    if invitation is None or not invitation.is_usable(now):
        return render(request, "contacts/unusable.html", status=404)
    _speak(request, invitation)
    person = Person.objects.filter(email__iexact=invitation.email).first()
    form = None if person else _form(request, invitation)
    if request.method == "POST" and (form is None or form.is_valid()):
        password = form.cleaned_data["password1"] if form else None
        try:
            contact = services.accept(token, now=now, password=password)
        except services.NotUsable:
            return render(request, "contacts/unusable.html", status=404)
        # Another invitation, accepted at the same moment, may have made the person: then the password is not theirs.
        new = password is not None and contact.person.check_password(password)
        return _entered(request, contact, new=new)
    provider = provider_name()
    context = {
        "invitation": invitation,
        "provider": provider,
        "inviter": inviter_of(invitation, provider),
        "person": person,
        "form": form,
    }
    return render(request, "contacts/welcome.html", context, status=400 if form and form.is_bound else 200)


def _form(request: HttpRequest, invitation: Invitation) -> WelcomeForm:
    data = request.POST if request.method == "POST" else None
    return WelcomeForm(data, email=invitation.email, name=invitation.name)


def _speak(request: HttpRequest, invitation: Invitation) -> None:
    """The language the invitation came in, unless the switch in this browser says otherwise."""
    if not request.COOKIES.get("django_language"):
        translation.activate(invitation.language)
        request.LANGUAGE_CODE = invitation.language


def _entered(request: HttpRequest, contact: Contact, *, new: bool) -> HttpResponse:
    person = contact.person
    said: dict[str, Any] = {"customer": contact.customer.name}
    if new:
        messages.success(request, _("Welcome! You are a contact of %(customer)s now.") % said)
        response: HttpResponse = perform_login(request, person)
        return response
    if not Person.objects.filter(pk=person.pk, is_active=True).exists():
        messages.error(request, _("Your account is closed. Please ask the provider's Service Desk."))
        return redirect("account_login")
    messages.success(request, _("You are a contact of %(customer)s now. Sign in as before.") % said)
    return redirect("home")
