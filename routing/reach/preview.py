"""What happens when a person is paged, told before it does: by the same function that pages. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from matrix.terms import Channel
from routing.paging.addresses import Listed, ways_of
from routing.paging.rules import Rule

from .queries import CHANNELS, StepKind


class Snag(StrEnum):
    """What does not fit between a step, a person's methods and their rules."""

    UNREACHABLE = "unreachable"
    OTHER_CHANNEL = "other_channel"
    CHANNEL_MISSING = "channel_missing"
    NO_RULE = "no_rule"


@dataclass(frozen=True, slots=True)
class Moment:
    """What goes out `after` so many minutes from the page: channels with their addresses."""

    after: int
    ways: tuple[tuple[Channel, str], ...]


@dataclass(frozen=True, slots=True)
class Course:
    """How a person is paged by steps of one kind; `missing` are channels of the step that they do not have."""

    kind: StepKind
    moments: tuple[Moment, ...]
    snag: Snag | None
    missing: tuple[Channel, ...]


def course_of(kind: StepKind, person: Listed, rules: Sequence[Rule]) -> Course:
    """What each of the step's messages would be, were the person paged now by `rules`."""
    having = {channel for channel, _address in person.methods}
    ways = ways_of(replace(person, rules=sorted(rules, key=lambda rule: rule[1])), kind.channels, informs=kind.informs)
    moments = {after: [(channel, to) for channel, to, _language, at in ways if at == after] for *_way, after in ways}
    missing = tuple(channel for channel in CHANNELS if channel in kind.channels and channel not in having)
    return Course(
        kind=kind,
        moments=tuple(Moment(after, tuple(moments[after])) for after in sorted(moments)),
        snag=_snag(kind, having, rules, missing),
        missing=missing,
    )


def _snag(kind: StepKind, having: set[Channel], rules: Sequence[Rule], missing: tuple[Channel, ...]) -> Snag | None:
    if not having:
        return Snag.UNREACHABLE
    if having.isdisjoint(kind.channels):
        return Snag.OTHER_CHANNEL
    if missing:
        return Snag.CHANNEL_MISSING
    if rules and not any(channel in kind.channels for channel, _after in rules):
        return Snag.NO_RULE
    return None
