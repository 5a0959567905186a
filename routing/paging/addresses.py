"""Where people and teams are reached: their verified methods within a step's channels, as they wish."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings

from matrix.terms import Channel
from portal.models import Installation, Person, Team
from routing.decision import Callee, Kind
from routing.resolve import usable

from .models import ContactMethod, NotificationRule

Way = tuple[Channel, str, str, int]
"""Channel, address, language, and how many minutes after the page."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One person: their language, verified methods, and rules (a channel, and minutes after the page)."""

    language: str
    methods: list[tuple[Channel, str]] = field(default_factory=list)
    rules: list[tuple[Channel, int]] = field(default_factory=list)


class AddressBook:
    """The addresses of everybody who is to be called together, in a fixed number of queries."""

    def __init__(self, callees: Iterable[Callee]) -> None:
        ids: dict[Kind, set[int]] = defaultdict(set)
        for callee in callees:
            if callee.id is not None:
                ids[callee.kind].add(callee.id)
        self._people = listed(ids[Kind.PERSON])
        self._teams = Team.objects.in_bulk(ids[Kind.TEAM]) if ids[Kind.TEAM] else {}

    def ways(self, callee: Callee, channels: tuple[Channel, ...], *, informs: bool) -> list[Way]:
        """How to reach `callee` within `channels`; who is only informed is told once."""
        if callee.kind is Kind.PERSON and callee.id is not None:
            return ways_of(self._people[callee.id], channels, informs=informs)
        if callee.kind is Kind.TEAM and callee.id is not None:
            return _of_team(self._teams[callee.id], channels)
        return [(channel, self._last_resort, settings.LANGUAGE_CODE, 0) for channel in (Channel.VOICE, Channel.SMS)]

    @cached_property
    def _last_resort(self) -> str:
        return str(Installation.objects.get().last_resort_phone)


def listed(ids: set[int]) -> Mapping[int, Listed]:
    """Person → what is known of how to reach them."""
    if not ids:
        return {}
    found = {pk: Listed(language) for pk, language in Person.objects.filter(pk__in=ids).values_list("pk", "language")}
    methods = ContactMethod.objects.usable().filter(person__in=ids).order_by("person", "channel", "pk")
    for person, channel, address in methods.values_list("person", "channel", "address"):
        found[person].methods.append((Channel(channel), address))
    rules = NotificationRule.objects.filter(person__in=ids).order_by("person", "after_minutes", "channel")
    for person, channel, after in rules.values_list("person", "channel", "after_minutes"):
        found[person].rules.append((Channel(channel), after))
    return found


def ways_of(person: Listed, channels: tuple[Channel, ...], *, informs: bool) -> list[Way]:
    """The person's verified methods within the step's channels, or all they have where the two do not meet."""
    wanted = usable(channels, frozenset(channel for channel, _address in person.methods))
    return [
        (channel, address, person.language, after)
        for channel, after in as_they_wish(person.rules, wanted)
        for having, address in person.methods
        if having == channel and not (informs and after)
    ]


def as_they_wish(rules: Sequence[tuple[Channel, int]], wanted: Sequence[Channel]) -> list[tuple[Channel, int]]:
    """A person's rules within the channels `wanted`: each with minutes after the page, the first of them at once.

    All channels at once where there is no rule for any of them.
    """
    fitting = [(channel, after) for channel, after in rules if channel in wanted]
    if not fitting:
        return [(channel, 0) for channel in wanted]
    first = min(after for _channel, after in fitting)
    return [(channel, after - first) for channel, after in fitting]


def _of_team(team: Team, channels: tuple[Channel, ...]) -> list[Way]:
    """A team's published phone and e-mail, once each; its desk's screen needs no delivery."""
    found: list[Way] = []
    if team.phone and Channel.VOICE in channels:
        found.append((Channel.VOICE, str(team.phone), settings.LANGUAGE_CODE, 0))
    if team.email:
        found.append((Channel.EMAIL, team.email, settings.LANGUAGE_CODE, 0))
    return found
