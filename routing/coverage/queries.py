"""The coverage of projects, gathered in bulk: the same number of queries for one project and for hundreds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matrix.content import PriorityContent
from matrix.sla import Clock
from matrix.terms import Priority
from portal.models import Project, SupportHours
from routing.decision import Source
from routing.gather import Span, gather_ahead

from .findings import Finding, Severity, Stretch, find

WEEKS = 8
MOST_WEEKS = 26
"""Farther ahead rosters are seldom known."""
NOTHING_AGREED: dict[str, PriorityContent] = {
    priority: PriorityContent(None, None, Clock.ROUND_THE_CLOCK, {}) for priority in Priority
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is not covered from `since` to `until`, and the projects that were looked at."""

    since: datetime
    until: datetime
    projects: tuple[Project, ...]
    findings: tuple[Finding, ...]
    calendars: Mapping[str, SupportHours]
    """Support hours by their name, as findings name them."""

    def of(self, severity: Severity) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity is severity]

    @property
    def gaps(self) -> list[Finding]:
        return self.of(Severity.GAP)


def coverage(projects: Iterable[Project], *, now: datetime, weeks: int = WEEKS) -> Coverage:
    """What is known `now` of the coming weeks of these projects."""
    projects = tuple(projects)
    since = now.astimezone(UTC)
    until = since + timedelta(weeks=weeks)
    known = gather_ahead(projects, now=since, until=until)
    stretches = [_stretch(project, span) for project in projects for span in known[project.pk]]
    calendars = {
        span.facts.calendar.name: span.facts.calendar
        for spans in known.values()
        for span in spans
        if span.facts.calendar
    }
    return Coverage(since, until, projects, find(stretches, since, until), calendars)


def _stretch(project: Project, span: Span) -> Stretch:
    facts = span.facts
    return Stretch(
        project=project.key,
        start=span.start,
        end=span.end,
        facts=facts.facts(priority=Priority.BLOCKER, source=Source.CUSTOMER, pinned=NOTHING_AGREED),
        asked={
            (Priority(priority), source): facts.facts(priority=priority, source=source)
            for priority in facts.content
            for source in Source
        },
        accepted=frozenset(_accepted(span)),
        calendar=facts.calendar.name if facts.calendar else "",
    )


def _accepted(span: Span) -> Iterator[tuple[str, str]]:
    """The chains that were published although they miss their target."""
    version = span.facts.version
    for finding in version.accepted_findings if version else ():
        yield finding["priority"], finding["route"]


def covered_projects() -> list[Project]:
    """Every project that is not retired, with its customer."""
    return list(Project.objects.filter(retired_at=None).select_related("customer").order_by("key"))
