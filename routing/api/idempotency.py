"""`Idempotency-Key`: a client that does not know whether its request arrived may send it again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from portal.models import Person
from portal.problems import Conflict
from routing.incidents import once
from routing.incidents.models import Incident

HEADER = "Idempotency-Key"
LONGEST = 255


def create_once(key: str, body: Any, create: Callable[[], Incident], *, by: Person, now: datetime) -> Incident:
    """Call `create` unless this person used `key` before; then answer with what it made.

    Raises `Conflict` where the key came with another body, `ValidationError` where it is too long.
    """
    if len(key) > LONGEST:
        raise ValidationError({HEADER: [_("At most %(count)s characters.") % {"count": LONGEST}]})
    try:
        return once.create_once(key, body, create, by=by, now=now)
    except once.KeyUsedOtherwise as error:
        raise Conflict(_("This %(header)s was used for another request.") % {"header": HEADER}) from error
