"""Everybody a project's people may turn to, from the same facts as every decision, and how each stands right now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from matrix import labels
from matrix.terms import Priority, Role

from .decision import AssigneeFacts, Facts, Reason, Source
from .gather import ProjectFacts
from .paging.escalating import NOTHING_AGREED
from .presentation import Json, assignee_for, duty_for, team_for
from .resolve import Resolved, resolve
from .wording import reason_text

HOTLINE = "hotline"
ON_CALL = "on-call"


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands at the instant asked about; `until` when that may change, where it is known."""

    reachable: bool
    text: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One contact: `key` is its place in addresses, `since` and `until` where it does not hold beyond them."""

    key: str
    role: str
    label: str
    name: str
    phone: str
    email: str = ""
    person: bool = False
    deputy: bool = False
    since: datetime | None = None
    until: datetime | None = None
    standing: Standing | None = None

    @property
    def title(self) -> str:
        """The role as it stands on a card; empty where the name says it already."""
        label = _("%(role)s, deputy") % {"role": self.label} if self.deputy else self.label
        return "" if label == self.name else label


def directory(known: ProjectFacts, *, at: datetime) -> list[Entry]:
    """The project's contacts in the language in force: those assigned within the next days are among them."""
    facts = known.facts(priority=Priority.BLOCKER, source=Source.CUSTOMER, pinned={Priority.BLOCKER: NOTHING_AGREED})
    return [*_lines(known, at), *_assignees(facts, Role.SDM, at), *_teams(facts, at), *_assignees(facts, Role.BRM, at)]


def _lines(known: ProjectFacts, at: datetime) -> Iterator[Entry]:
    """What answers at any hour."""
    if known.project.hotline:
        yield Entry(HOTLINE, HOTLINE, _("Hotline"), _("Hotline"), str(known.project.hotline))
    covering = next((duty for duty in known.duty if duty.valid.contains(at)), None)
    if covering:
        shown = duty_for(covering, language=get_language() or "")
        yield Entry(ON_CALL, ON_CALL, _("On-call"), until=covering.valid.end, **shown)


def _assignees(facts: Facts, role: Role, at: datetime) -> Iterator[Entry]:
    assignees = facts.sdm if role is Role.SDM else facts.brm
    resolved = resolve(facts, role, at)
    ahead = [each for each in assignees if each.valid.end is None or each.valid.end > at]
    for place, each in enumerate(ahead, start=1):
        yield Entry(
            key=f"{role}-{place}",
            role=role,
            label=str(labels.ROLE[role]),
            person=True,
            deputy=any(other.order < each.order and other.valid.overlaps(each.valid) for other in ahead),
            since=each.valid.start if each.valid.start > at else None,
            until=each.valid.end,
            standing=_person_s_standing(each, resolved),
            **assignee_for(each.person),
        )


def _person_s_standing(assignee: AssigneeFacts, resolved: Resolved) -> Standing | None:
    """None for a deputy who is not needed."""
    if any(callee.id == assignee.person.id for callee in resolved.people):
        # Why it is them is no news in a list of roles; that a deputy stands in is.
        there = resolved.reason is Reason.ASSIGNED
        return Standing(True, _("can be reached now") if there else reason_text(resolved.reason), None)
    passed = next((each for each in resolved.passed if each.name == assignee.person.name), None)
    return Standing(False, reason_text(passed.reason), passed.until) if passed else None


def _teams(facts: Facts, at: datetime) -> Iterator[Entry]:
    for role, team in ((Role.SERVICE_DESK, facts.service_desk), (Role.PROJECT_TEAM, facts.project_team)):
        if team is None:
            continue
        resolved = resolve(facts, role, at)
        until = next((passed.until for passed in resolved.passed), None)
        standing = Standing(bool(resolved.people), reason_text(resolved.reason), until)
        shown: Json = team_for(team)
        yield Entry(role.replace("_", "-"), role, str(labels.ROLE[role]), standing=standing, **shown)
