"""Reads a request's body into JSON that PostgreSQL can hold."""

import json
import math
import re
from typing import Any

from django.utils.translation import gettext as _

from .formats import PayloadError

MAX_DEPTH = 50
"""Levels of nesting; Alertmanager needs four. Python and PostgreSQL both give up somewhere above."""

# PostgreSQL's text and JSON take neither NUL nor half a surrogate pair, which JSON's \u escapes can spell.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read(body: bytes) -> Any:
    """The JSON value in `body`, with unstorable characters replaced. Raises `PayloadError`."""
    try:
        return _storable(json.loads(body), 0)
    except (ValueError, RecursionError) as error:
        raise PayloadError({"": [_("Must be JSON in UTF-8.")]}) from error


def _storable(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise PayloadError({"": [_("Nested too deeply.")]})
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_UNSTORABLE.sub("\ufffd", name): _storable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # Python reads NaN and 1e999, which are no JSON
    return value
