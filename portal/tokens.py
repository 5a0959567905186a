"""Tokens that stand in addresses: unguessable, shown once, and stored as their SHA-256."""

import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import QuerySet

if TYPE_CHECKING:
    from .models import Tokened

Row = TypeVar("Row", bound="Tokened")

START_LENGTH = 6
"""So many characters are kept readable, to recognise a token by."""


def new_token() -> str:
    """192 bits of chance, fit for an address."""
    return secrets.token_urlsafe(24)


def hash_token(token: str) -> str:
    """What is stored. Whatever stands in an address can be asked about, broken characters included."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def issue(model: type[Row], *, now: datetime, **fields: Any) -> tuple[Row, str]:
    """A new row and its token, which cannot be read again."""
    token = new_token()
    row = model(token_hash=hash_token(token), token_start=token[:START_LENGTH], created_at=now, **fields)
    row.save(force_insert=True)
    return row, token


def find(rows: QuerySet[Row], token: str) -> Row | None:
    """The row of this token unless it is unknown or revoked.

    The look-up compares hashes, so its duration tells nothing about any token.
    """
    return rows.filter(token_hash=hash_token(token), revoked_at=None).order_by().first()


def revoke(row: "Tokened", *, now: datetime) -> None:
    """Refuse the row's token from now on; revoking it again changes nothing."""
    type(row)._default_manager.filter(pk=row.pk, revoked_at=None).update(revoked_at=now)
