"""Intake keys: made, found by their token, changed, given another token, revoked. Each change says by whom and why."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from matrix.terms import Priority
from portal.audit import acting
from portal.models import AuditEntry, Person, Project
from portal.tokens import START_LENGTH, find, hash_token, issue, new_token

from .models import FormerToken, IntakeKey

USE_NOTED_EVERY = timedelta(minutes=1)
CHANGEABLE = ("name", "default_priority", "severity_map", "rate_per_minute")


class KeyRefused(Exception):
    """The wish cannot be met; nothing was changed."""


class KeyChanged(KeyRefused):
    """Somebody changed the key since it was looked at."""


class KeyRevoked(KeyRefused):
    """The key was revoked, for good."""


class NoMoment(KeyRefused):
    """The replaced token cannot work until then: the instant has passed, or is too far away."""


LONGEST_OVERLAP = timedelta(days=90)


@transaction.atomic
def create_intake_key(
    *,
    project: Project,
    name: str,
    by: Person | None,
    now: datetime,
    default_priority: str = Priority.CRITICAL,
    severity_map: Mapping[str, str] | None = None,
    rate_per_minute: int | None = None,
    why: str = "",
) -> tuple[IntakeKey, str]:
    """A new key and its token, which cannot be read again."""
    with acting(by, why):
        return issue(
            IntakeKey,
            now=now,
            project=project,
            name=name,
            created_by=by,
            default_priority=default_priority,
            severity_map=dict(severity_map or {}),
            rate_per_minute=rate_per_minute,
        )


def find_key(token: str, *, now: datetime) -> IntakeKey | None:
    """The key of this token, with its project, unless it is unknown, revoked or was replaced too long ago.

    That the token was used is written down, once a minute at most.
    """
    key = find(IntakeKey.objects.select_related("project"), token)
    if key is not None:
        _note_use(key, now)
        return key
    former = FormerToken.objects.select_related("key__project").filter(
        token_hash=hash_token(token), works_until__gt=now, key__revoked_at=None
    )
    found = former.first()
    if found is None:
        return None
    _note_use(found, now)
    return found.key


def _note_use(row: IntakeKey | FormerToken, now: datetime) -> None:
    noted = row.last_used_at
    if noted is None or noted <= now - USE_NOTED_EVERY:
        # The token is asked for as well: it may be replaced at this moment.
        type(row)._default_manager.filter(pk=row.pk, token_hash=row.token_hash).update(last_used_at=now)


def changes_of(key: IntakeKey) -> QuerySet[AuditEntry]:
    """What was done to the key and to the tokens it had before, the latest first."""
    own = Q(model=IntakeKey._meta.label_lower, row=key.pk)
    former = Q(model=FormerToken._meta.label_lower, row__in=key.former.order_by().values("pk"))
    of_project = AuditEntry.objects.filter(object_type=Project._meta.model_name, object_id=key.project_id)
    return of_project.filter(own | former).select_related("by").order_by("-pk")


def state_of(key: IntakeKey) -> int:
    """What a form carries: the key's latest change."""
    return changes_of(key).values_list("pk", flat=True).first() or 0


def changes_since(key: IntakeKey, seen: int) -> list[AuditEntry]:
    """What was done to the key after `seen`, the latest first."""
    return list(changes_of(key).filter(pk__gt=seen))


@transaction.atomic
def change_key(key: IntakeKey, *, seen: int, by: Person, why: str, **wanted: Any) -> IntakeKey:
    """Give the key what is `wanted` of `CHANGEABLE`. Raises `KeyRevoked`, `KeyChanged`."""
    row = _lock(key, seen)
    for name in CHANGEABLE:
        setattr(row, name, wanted[name])
    with acting(by, why):
        row.save(update_fields=CHANGEABLE)
    return row


@transaction.atomic
def rotate_key(key: IntakeKey, *, seen: int, until: datetime, by: Person, now: datetime, why: str) -> str:
    """A new token; the one before works until `until` (aware; `now`: not any more).

    Raises `KeyRevoked`, `KeyChanged`, `NoMoment`.
    """
    row = _lock(key, seen)
    if not now <= until <= now + LONGEST_OVERLAP:
        raise NoMoment
    former = FormerToken(
        key=row,
        token_hash=row.token_hash,
        token_start=row.token_start,
        replaced_at=now,
        works_until=until,
        last_used_at=row.last_used_at,
    )
    token = new_token()
    row.token_hash, row.token_start, row.last_used_at = hash_token(token), token[:START_LENGTH], None
    with acting(by, why):
        former.save(force_insert=True)
        row.save(update_fields=["token_hash", "token_start", "last_used_at"])
    return token


@transaction.atomic
def cut_off(key: IntakeKey, *, seen: int, by: Person, now: datetime, why: str) -> None:
    """No replaced token of the key works any more. Raises `KeyRevoked`, `KeyChanged`."""
    row = _lock(key, seen)
    with acting(by, why):
        row.former.filter(works_until__gt=now).update(works_until=now)


@transaction.atomic
def revoke_key(key: IntakeKey, *, seen: int, by: Person, now: datetime, why: str) -> None:
    """No token of the key works any more, for good. Raises `KeyRevoked`, `KeyChanged`."""
    row = _lock(key, seen)
    row.revoked_at = now
    with acting(by, why):
        row.save(update_fields=["revoked_at"])
        row.former.filter(works_until__gt=now).update(works_until=now)


def _lock(key: IntakeKey, seen: int) -> IntakeKey:
    row = IntakeKey.objects.select_for_update(no_key=True).get(pk=key.pk)
    if row.revoked_at is not None:
        raise KeyRevoked
    if state_of(row) != seen:
        raise KeyChanged
    return row
