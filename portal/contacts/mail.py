"""The mail with the link of an invitation, in the language of whoever is invited."""

import smtplib

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.models import Installation, Invitation

log = structlog.get_logger(__name__)


def send_invitation(invitation: Invitation, token: str) -> bool:
    """Whether the mail server took it; to be called once the invitation is committed."""
    with translation.override(invitation.language):
        provider = provider_name()
        body = render_to_string(
            "contacts/invitation.txt",
            {
                "invitation": invitation,
                "provider": provider,
                "inviter": inviter_of(invitation, provider),
                "link": f"{settings.PUBLIC_URL}{reverse('invitation', args=[token])}",
                "expires_at": timezone.localtime(invitation.expires_at),
            },
        )
        subject = _("Your access to the support portal of %(provider)s") % {"provider": provider}
        message = EmailMessage(subject, body, to=[invitation.email], headers={"Auto-Submitted": "auto-generated"})
    try:
        message.send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        log.warning("invitation_not_sent", invitation=invitation.pk, error=type(error).__name__)
        return False
    return True


def provider_name() -> str:
    """The provider as customers know it."""
    return Installation.objects.values_list("name", flat=True).first() or "Direktdraht"


def inviter_of(invitation: Invitation, provider: str) -> str:
    """Whom to name as the inviter: a colleague by name, the provider's people by the provider's."""
    return provider if invitation.created_by.is_staff else invitation.created_by.name
