"""The clocks of an incident: how response and resolution stand, and when they rest. For the provider's people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from matrix.facts import Published
from matrix.sla import Clock, running_clock
from matrix.sla import Standing as Running
from portal.hours import Hours, open_time_between
from routing.incidents import waits
from routing.incidents.models import Incident

ALWAYS_CLOSED = Hours("UTC", weekly=(), holidays=frozenset(), exceptions=())
"""Of an office that has no hours: a clock that counts every minute does not ask."""


class Standing(StrEnum):
    """How a clock stands: it runs (in good time, late, past its target), rests, or has ended (in time or after)."""

    RUNNING = "running"
    LATE = "late"
    MISSED = "missed"
    PAUSED = "paused"
    MET = "met"
    MET_LATE = "met_late"
    OPEN = "open"


@dataclass(frozen=True)
class Target:
    """One clock. `zero_at` is when it reaches its target if it goes on counting as it does now, for the countdown.

    `paused_until` None while it rests: until the customer has answered. `left` is what remains of a resting clock.
    """

    label: Promise
    standing: Standing
    due: datetime | None = None
    done_at: datetime | None = None
    zero_at: datetime | None = None
    paused_until: datetime | None = None
    left_minutes: int | None = None


@dataclass(frozen=True)
class Rule:
    """How the clocks count: always or in support hours, and whether they rest while the customer is asked."""

    clock: Clock
    pauses: bool


def rule_of(incident: Incident, version: Published | None) -> Rule:
    """As agreed in the version the incident was reported under; what a request promises counts in support hours."""
    if incident.topic_id is not None:
        return Rule(Clock.SUPPORT_HOURS, pauses=False)
    terms = [each for each in version.version.terms.all() if each.priority == incident.priority] if version else []
    return Rule(Clock(terms[0].clock), terms[0].pauses_while_waiting) if terms else Rule(Clock.ROUND_THE_CLOCK, False)


def clocks_of(
    incident: Incident,
    versions: Mapping[int, Published],
    hours: Hours | None,
    *,
    now: datetime,
) -> list[Target]:
    """Response and, where one was agreed, resolution. `hours` are the office's, needed while the incident is open."""
    rule = rule_of(incident, versions.get(incident.matrix_version_id or 0))
    found: list[Target] = []
    if incident.responded_at or incident.is_open:
        found.append(_target(_("Response"), incident, incident.respond_by, incident.responded_at, rule, hours, now))
    if incident.resolve_by:
        ended = incident.restored_at
        rests = rule.pauses and incident.waits_for_customer and not ended
        asked_since = waits.under_way(incident) if rests else None
        label = _("Resolution")
        if asked_since and asked_since < incident.resolve_by:
            left = _left(rule, hours, asked_since, incident.resolve_by)
            found.append(Target(label, Standing.PAUSED, incident.resolve_by, left_minutes=_minutes(left)))
        else:
            found.append(_target(label, incident, incident.resolve_by, ended, rule, hours, now))
    return found


def _target(
    label: Promise,
    incident: Incident,
    due: datetime | None,
    done_at: datetime | None,
    rule: Rule,
    hours: Hours | None,
    now: datetime,
) -> Target:
    if done_at is not None:
        late = due is not None and done_at > due
        return Target(label, Standing.MET_LATE if late else Standing.MET, due, done_at)
    if due is None:
        return Target(label, Standing.OPEN)
    if now >= due or not incident.is_open:
        return Target(label, Standing.MISSED, due, zero_at=due)
    kind = rule.clock if hours else Clock.ROUND_THE_CLOCK
    running = running_clock(incident.reported_at, due, kind, hours or ALWAYS_CLOSED, now)
    if running.paused_until is not None:
        minutes = _minutes(running.left)
        return Target(label, Standing.PAUSED, due, paused_until=running.paused_until, left_minutes=minutes)
    standing = Standing.LATE if running.standing is Running.LATE else Standing.RUNNING
    return Target(label, standing, due, zero_at=now + running.left)


def _left(rule: Rule, hours: Hours | None, since: datetime, due: datetime) -> timedelta:
    """What the clock counts from `since` to `due`."""
    if rule.clock is Clock.SUPPORT_HOURS and hours is not None:
        return open_time_between(hours, since, due)
    return due - since


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
