"""Intake keys: made, found by their token, revoked. A token is shown once and stored as its SHA-256."""

from collections.abc import Mapping
from datetime import datetime

from matrix.terms import Priority
from portal.models import Person, Project
from portal.tokens import START_LENGTH, hash_token, new_token

from .models import IntakeKey


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
    token = new_token()
    key = IntakeKey.objects.create(
        project=project,
        name=name,
        token_hash=hash_token(token),
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
    found = IntakeKey.objects.select_related("project").filter(token_hash=hash_token(token), revoked_at=None)
    return found.order_by().first()


def revoke(key: IntakeKey, *, now: datetime) -> None:
    """Refuse the key's token from now on; revoking it again changes nothing."""
    IntakeKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
