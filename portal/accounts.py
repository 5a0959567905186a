"""How people get in: accounts are made by invitation or by staff, nobody signs up by themselves."""

import smtplib
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _

from . import attempts, clock
from .models import Person

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """Five wrong passwords for an account, then five minutes of pause, counted where Redis cannot lose it."""
        now = clock.now()
        name = str(credentials.get("email") or credentials.get("username") or "")
        begun = []
        try:
            begun.append(attempts.begin(attempts.PER_ADDRESS, self.get_client_ip(request), now=now))
            begun.append(attempts.begin(attempts.PER_ACCOUNT, name, now=now))
        except attempts.TooMany:
            raise self.validation_error("too_many_login_attempts") from None
        person: Person | None = super().authenticate(request, **credentials)
        if person is not None:
            for attempt in begun:
                attempt.delete()
        return person

    def set_password(self, user: Person, password: str) -> None:
        """Whoever sets a new password has proven who they are: a pause is over."""
        super().set_password(user, password)
        attempts.forget_all(attempts.PER_ACCOUNT, user.email)

    def send_password_reset_mail(self, user: Person, email: str, context: dict[str, Any]) -> None:
        """In the language of the person, not of whoever asks."""
        with translation.override(user.language):
            super().send_password_reset_mail(user, email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that does not answer is said on the page; nothing else is known from it."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail_not_sent", mail=template_prefix, error=type(error).__name__)
            messages.error(
                self.request, _("The mail could not be sent just now. Please try again in a few minutes, or call us.")
            )
            raise ImmediateHttpResponse(redirect("account_reset_password")) from error
