"""What every page's frame needs."""

from typing import Any

from django.http import HttpRequest

from .access import is_administrator, may_work


def house(request: HttpRequest) -> dict[str, Any]:
    """Who reads, and what their navigation shows."""
    reader = request.user
    return {"reader_works": may_work(reader), "reader_administers": is_administrator(reader)}
