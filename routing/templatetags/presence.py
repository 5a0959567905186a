"""Presence in the frame of every page."""

from datetime import datetime
from typing import Any

from django import template

from portal import clock
from routing.presence.queries import PRESENT, Presence, presence_of

register = template.Library()


@register.simple_tag(takes_context=True)
def presence_now(context: dict[str, Any]) -> tuple[Presence, datetime] | None:
    """The reader's own presence and the instant it was read for; None for those who have none."""
    reader = context["user"]
    if not reader.is_staff:
        return None
    now = context.get("now") or clock.now()
    return presence_of([reader], now=now).get(reader.pk, PRESENT), now
