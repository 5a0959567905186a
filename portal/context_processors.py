"""What every page's frame needs."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from .access import is_administrator, may_work


def house(request: HttpRequest) -> dict[str, Any]:
    """Who reads, and what their navigation shows."""
    # A request refused early has no user yet, and its error page is rendered all the same.
    reader = getattr(request, "user", None) or AnonymousUser()
    return {"reader_works": may_work(reader), "reader_administers": is_administrator(reader)}
