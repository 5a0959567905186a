"""The second factor: its codes are as hard to guess as passwords, also while Redis is away."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from portal import attempts, clock


class _Limited:
    """Five wrong codes, then five minutes of pause."""

    user: Any

    def clean_code(self) -> str:
        try:
            attempt = attempts.begin(attempts.PER_CODE, str(self.user.pk), now=clock.now())
        except attempts.TooMany:
            raise get_adapter().validation_error("too_many_login_attempts") from None
        code: str = super().clean_code()  # type: ignore[misc]  # allauth's form stands behind
        attempt.delete()
        return code


class LimitedAuthenticateForm(_Limited, AuthenticateForm):  # type: ignore[misc]  # allauth ships no types
    """The second step of signing in."""


class LimitedReauthenticateForm(_Limited, ReauthenticateForm):  # type: ignore[misc]  # allauth ships no types
    """Proving again who one is, before a change of the account."""


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A passkey is what most people want; a key that is a second factor only is the exception."""

    passwordless = forms.BooleanField(
        label=_("Sign in with it alone, without a password"),
        required=False,
        initial=True,
        help_text=_("Then it must ask for a fingerprint, a face or a PIN."),
    )
