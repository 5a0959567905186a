"""The first password of one of the provider's people: a link by mail, which works once and for seven days.

The link is signed and carries whom it is for; it is dead once the password is set, sent anew, or the account closed.
"""

import smtplib
from hashlib import sha256

import structlog
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from portal.contacts.forms import WelcomeForm
from portal.contacts.mail import provider_name
from portal.models import INVITATION_VALID, Person

log = structlog.get_logger(__name__)
SALT = "portal.master_data.welcome"


def token_of(person: Person) -> str:
    """Of a person without a usable password; another than any before."""
    person.set_unusable_password()
    person.save(update_fields=["password"])
    return signing.dumps([person.pk, _state(person)], salt=SALT).replace(":", ".")


def _state(person: Person) -> str:
    return sha256(person.password.encode()).hexdigest()[:20]


def invited(token: str) -> Person | None:
    """Whom the link is for; None where it does not work (any more)."""
    try:
        pk, state = signing.loads(token.replace(".", ":"), salt=SALT, max_age=INVITATION_VALID)
    except signing.BadSignature:
        return None
    person = Person.objects.filter(pk=pk, is_active=True, is_staff=True).first()
    return person if person and not person.has_usable_password() and _state(person) == state else None


def send(person: Person) -> bool:
    """Whether the mail server took it; to be called once the person is committed. Links sent before are dead."""
    token = token_of(person)
    with translation.override(person.language):
        provider = provider_name()
        body = render_to_string(
            "master_data/invitation.txt",
            {
                "person": person,
                "provider": provider,
                "link": f"{settings.PUBLIC_URL}{reverse('staff_invitation', args=[token])}",
            },
        )
        subject = _("Your access to the support portal of %(provider)s") % {"provider": provider}
        message = EmailMessage(subject, body, to=[person.email], headers={"Auto-Submitted": "auto-generated"})
    try:
        message.send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        log.warning("invitation_not_sent", person=person.pk, error=type(error).__name__)
        return False
    return True


@sensitive_post_parameters()
@never_cache
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Choose the first password. Reading changes nothing, for mail scanners read every link."""
    person = invited(token)
    if person is None:
        return render(request, "contacts/unusable.html", status=404)
    if not request.COOKIES.get("django_language"):
        translation.activate(person.language)
    data = request.POST if request.method == "POST" else None
    form = WelcomeForm(data, email=person.email, name=person.name)
    if form.is_valid():
        if not _choose(token, form.cleaned_data["password1"]):
            return render(request, "contacts/unusable.html", status=404)
        messages.success(request, _("Welcome! Your password is set. Next, verify how you are called."))
        person.refresh_from_db()
        response: HttpResponse = perform_login(request, person)
        return response
    context = {"person": person, "provider": provider_name(), "form": form}
    return render(request, "master_data/welcome.html", context, status=400 if form.is_bound else 200)


@transaction.atomic
def _choose(token: str, password: str) -> bool:
    """Whether the password was set: of two who follow one link the first sets it."""
    found = invited(token)
    person = Person.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk) if found else None
    if person is None or invited(token) is None:
        return False
    person.set_password(password)
    person.save(update_fields=["password"])
    return True
