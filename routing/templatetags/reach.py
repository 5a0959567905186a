"""Words of the matrix and of rules, for the page on how one is reached."""

from collections.abc import Iterable

from django import template
from django.utils.text import capfirst

from matrix import labels
from matrix.terms import Channel, Priority, Role
from routing.reach.forms import minutes_text

register = template.Library()


@register.filter
def role_label(role: Role) -> str:
    """ "on-call engineer" → "On-call engineer"."""
    return capfirst(str(labels.ROLE[role]))


@register.filter
def priority_label(priority: Priority) -> str:
    """The priority by its translated name."""
    return str(labels.PRIORITY[priority])


@register.filter
def channel_label(channel: Channel) -> str:
    """The channel by its translated name."""
    return str(labels.CHANNEL[channel])


@register.filter
def channel_names(channels: Iterable[Channel]) -> str:
    """Several channels in one line."""
    return ", ".join(str(labels.CHANNEL[channel]) for channel in channels)


@register.filter
def after_minutes(after: int) -> str:
    """When, at the beginning of a line: "At once", "After 5 minutes"."""
    return capfirst(minutes_text(after))
