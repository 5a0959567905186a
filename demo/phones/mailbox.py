"""Everybody's mailbox: an SMTP server that accepts all and forwards nothing."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.phones.records import Mail
from demo.phones.switchboard import Switchboard


class Mailbox:
    def __init__(self, board: Switchboard) -> None:
        self.board = board

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        mail = read(envelope)
        with self.board.changed:
            self.board.mails.append(mail)
            for recipient in mail.recipients:
                self.board.publish("mail", recipient.lower(), text=mail.subject)
        return "250 OK"


def read(envelope: Envelope) -> Mail:
    content = envelope.content or b""
    raw = content.encode() if isinstance(content, str) else content
    message = message_from_bytes(raw, policy=policy.default)
    return Mail(
        sender=envelope.mail_from or "",
        recipients=tuple(envelope.rcpt_tos),
        subject=str(message.get("Subject", "")),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        headers={name: str(value) for name, value in message.items()},
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).strip() if part else ""


def open_mailbox(board: Switchboard) -> Controller:
    """Listens on loopback, in a thread of its own."""
    controller = Controller(Mailbox(board), hostname="127.0.0.1", port=board.config.smtp_port)
    controller.start()
    return controller
