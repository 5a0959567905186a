"""Intake keys: made, found by their token, revoked. A token is shown once and stored as its SHA-256."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime

from matrix.terms import Priority
from portal.models import Person, Project

from .models import IntakeKey

TOKEN_BYTES = 24
START_LENGTH = 6


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def create_intake_key(
    *,
    project: Project,
    name: str,
    by: Person | None,
    now: datetime,
    default_priority: Priority = Priority.CRITICAL,
    severity_map: Mapping[str, str] | None = None,
) -> tuple[IntakeKey, str]:
    """A new key and its token, which cannot be read again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    key = IntakeKey.objects.create(
        project=project,
        name=name,
        token_hash=_hash(token),
        token_start=token[:START_LENGTH],
        default_priority=default_priority,
        severity_map=dict(severity_map or {}),
        created_at=now,
        created_by=by,
    )
    return key, token


def find_key(token: str) -> IntakeKey | None:
    """The key of this token unless it is unknown or revoked.

    The look-up compares hashes, so its duration tells nothing about any token.
    """
    found = IntakeKey.objects.select_related("project").filter(token_hash=_hash(token), revoked_at=None)
    return found.order_by().first()


def revoke(key: IntakeKey, *, now: datetime) -> None:
    """Refuse the key's token from now on; revoking it again changes nothing."""
    IntakeKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
