"""`Idempotency-Key`: a client that does not know whether its request arrived may send it again."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from portal.models import Person
from portal.problems import Conflict
from routing.incidents.models import IdempotencyKey, Incident

HEADER = "Idempotency-Key"
LONGEST = 255


def create_once(key: str, body: Any, create: Callable[[], Incident], *, by: Person, now: datetime) -> Incident:
    """Call `create` unless this person used `key` before; then answer with what it made.

    Of two requests at once one waits for the other's key and undoes what it made. Raises `Conflict` where the key
    came with another body, `ValidationError` where it is too long.
    """
    if len(key) > LONGEST:
        raise ValidationError({HEADER: [_("At most %(count)s characters.") % {"count": LONGEST}]})
    fingerprint = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
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
        raise Conflict(_("This %(header)s was used for another request.") % {"header": HEADER})
    return row.incident
