"""Mail, as one more way out beside phone and SMS: the same three errors say what may be done next."""

import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from routing.telephony.errors import PermanentError, TemporaryError

PERMANENT = 500
"""SMTP replies from here on are final (RFC 5321, section 4.2.1)."""
INVITATION = "text/calendar; method=REQUEST"


def send_mail(
    *, to: str, subject: str, body: str, name: str, html: str = "", about: str = "", calendar: str = ""
) -> None:
    """Hand one mail to the mail server. `name` makes its Message-ID, so that a repetition is known for one.

    Mails `about` the same are shown as one conversation. `calendar` is an invitation beside the text, which mail
    programs show with their own buttons (RFC 6047).

    Raises TemporaryError and PermanentError.
    """
    domain = urlsplit(settings.PUBLIC_URL).hostname
    headers = {"Message-ID": f"<{name}@{domain}>", "Auto-Submitted": "auto-generated"}
    if about:
        headers["References"] = f"<{about}@{domain}>"
    message = EmailMultiAlternatives(subject, body, to=[to], headers=headers)
    if html:
        message.attach_alternative(html, "text/html")
    if calendar:
        message.attach_alternative(calendar, INVITATION)
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise _recipient_refused(error) from error
    except smtplib.SMTPDataError as error:
        text = _text(error.smtp_code, error.smtp_error)
        if error.smtp_code < PERMANENT:
            raise TemporaryError(text) from error
        raise PermanentError(text, number=False) from error
    except smtplib.SMTPResponseException as error:
        # Greeting, log-in or sender refused: the settings are at fault, not the recipient.
        text = _text(error.smtp_code, error.smtp_error)
        raise TemporaryError(text, account=error.smtp_code >= PERMANENT) from error
    except ValueError as error:
        raise PermanentError(f"not an address: {error}", number=True) from error
    except OSError as error:
        # A mail that left although the connection broke comes twice, with one Message-ID.
        raise TemporaryError(f"mail server: {error}") from error


def _recipient_refused(error: smtplib.SMTPRecipientsRefused) -> PermanentError | TemporaryError:
    code, reason = next(iter(error.recipients.values()))
    text = _text(code, reason)
    return PermanentError(text, number=True) if code >= PERMANENT else TemporaryError(text)


def _text(code: int, reason: bytes | str) -> str:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return f"{code} {text}"
