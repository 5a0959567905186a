"""One creation for one key: whoever does not know whether their request arrived may send it again."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.models import Person

from .models import IdempotencyKey, Incident


class KeyUsedOtherwise(Exception):
    """The key came with another request, which made `incident`."""

    def __init__(self, incident: Incident) -> None:
        super().__init__(f"the key made {incident}")
        self.incident = incident


def create_once(key: str, body: Any, create: Callable[[], Incident], *, by: Person, now: datetime) -> Incident:
    """Call `create` unless this person used `key` before; then answer with what it made.

    `body` is what was asked for; it tells a repetition from another request. Of two at once one waits for the
    other's key and undoes what it made. Raises `KeyUsedOtherwise`.
    """
    fingerprint = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
    if (known := _made(by, key, fingerprint)) is not None:
        return known
    try:
        with transaction.atomic():
            incident = create()
            IdempotencyKey.objects.create(
                person=by, key=key, fingerprint=fingerprint, incident=incident, created_at=now
            )
    except IntegrityError:
        if (known := _made(by, key, fingerprint)) is None:
            raise
        return known
    return incident


def _made(by: Person, key: str, fingerprint: str) -> Incident | None:
    row = IdempotencyKey.objects.select_related("incident").filter(person=by, key=key).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise KeyUsedOtherwise(row.incident)
    return row.incident
