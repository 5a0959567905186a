"""Findings in the reader's language: what is wrong, what to do, and where that is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from matrix import labels
from matrix.terms import Priority, Role, Route
from portal.hours import statutory_holidays
from routing.decision import Source

from .findings import Finding, Kind, Severity
from .queries import Coverage

SEVERITIES = {
    Severity.GAP: gettext_lazy("gap"),
    Severity.RISK: gettext_lazy("risk"),
    Severity.NOTE: gettext_lazy("hint"),
}
KINDS = {
    Kind.GAP: gettext_lazy("Nobody can answer"),
    Kind.NO_MATRIX: gettext_lazy("No matrix in force"),
    Kind.NO_ROTA: gettext_lazy("No rota covers the project"),
    Kind.NOBODY_ASSIGNED: gettext_lazy("Nobody assigned to a role"),
    Kind.NO_HOURS: gettext_lazy("No support hours"),
    Kind.EMPTY_LINE: gettext_lazy("Nobody takes over the duty"),
    Kind.SAME_PERSON: gettext_lazy("One person on both lines"),
    Kind.SINGLE_POINT: gettext_lazy("One person alone"),
    Kind.NO_NUMBER: gettext_lazy("No usable number"),
    Kind.OTHER_CHANNEL: gettext_lazy("Number missing or not verified"),
    Kind.LATE_CHAIN: gettext_lazy("Chain misses its target"),
    Kind.HOLIDAY: gettext_lazy("Holiday without arrangement"),
    Kind.NO_LAST_RESORT: gettext_lazy("No last resort"),
}
WHAT = {
    Kind.GAP: gettext_lazy("Whoever reports then reaches nobody: the last resort is called."),
    Kind.NO_MATRIX: gettext_lazy("Nothing is agreed: nobody can be named."),
    Kind.NO_ROTA: gettext_lazy("Its chains name an on-call engineer, and there is none."),
    Kind.NOBODY_ASSIGNED: gettext_lazy("Nobody holds the role: %(role)s."),
    Kind.NO_HOURS: gettext_lazy("The office counts as closed at any hour."),
    Kind.EMPTY_LINE: gettext_lazy("Nobody is on duty on the rota %(subject)s: %(role)s."),
    Kind.SAME_PERSON: gettext_lazy(
        "Primary and backup of the rota %(subject)s would be one person; the next stands in."
    ),
    Kind.SINGLE_POINT: gettext_lazy("If %(subject)s does not answer, nobody else of the chain can."),
    Kind.NO_NUMBER: gettext_lazy("%(subject)s has no usable way to be reached and is passed over: %(role)s."),
    Kind.OTHER_CHANNEL: gettext_lazy("%(subject)s has not verified any channel that the step names: %(role)s."),
    Kind.LATE_CHAIN: gettext_lazy("The last who could answer is called too late for the response target."),
    Kind.HOLIDAY: gettext_lazy(
        "The office is closed (%(subject)s) and nobody has said who is on duty: the rotation decides."
    ),
    Kind.NO_LAST_RESORT: gettext_lazy("Where a chain reaches nobody, nobody at all is called."),
}
WHAT_ALONE = gettext_lazy("One person alone can answer the chain.")
WHAT_ACCEPTED = gettext_lazy("The last who could answer is called too late for the response target; this was accepted.")
TO_DO = {
    Kind.GAP: gettext_lazy("Put somebody on duty for that time, or open a team."),
    Kind.NO_MATRIX: gettext_lazy("Publish a matrix for the project."),
    Kind.NO_ROTA: gettext_lazy("Let a rota cover the project."),
    Kind.NOBODY_ASSIGNED: gettext_lazy("Assign somebody to the project."),
    Kind.NO_HOURS: gettext_lazy("Say in the project whose support hours count."),
    Kind.EMPTY_LINE: gettext_lazy("Add a rotation or an override for that line."),
    Kind.SAME_PERSON: gettext_lazy("Give one of the lines to somebody else by an override."),
    Kind.SINGLE_POINT: gettext_lazy(
        "Add a second person who could answer: a backup on the rota, or a step in the matrix."
    ),
    Kind.NO_NUMBER: gettext_lazy("Have the person add a number to their profile and verify it."),
    Kind.OTHER_CHANNEL: gettext_lazy(
        "Have the person verify a number for that channel, or change the step's channels."
    ),
    Kind.LATE_CHAIN: gettext_lazy("Shorten the waits in the matrix, or agree on a later target."),
    Kind.HOLIDAY: gettext_lazy("Make an override for the day, or an exception in the support hours."),
    Kind.NO_LAST_RESORT: gettext_lazy("Enter a name and a phone in the installation's settings."),
}
PLACES = {
    Kind.GAP: ("rosters", gettext_lazy("Rosters")),
    Kind.NO_MATRIX: ("matrices", gettext_lazy("Matrices")),
    Kind.NO_ROTA: ("rosters", gettext_lazy("Rosters")),
    Kind.NOBODY_ASSIGNED: ("customers_admin", gettext_lazy("Customers and projects")),
    Kind.NO_HOURS: ("customers_admin", gettext_lazy("Customers and projects")),
    Kind.EMPTY_LINE: ("rosters", gettext_lazy("Rosters")),
    Kind.SAME_PERSON: ("rosters", gettext_lazy("Rosters")),
    Kind.SINGLE_POINT: ("rosters", gettext_lazy("Rosters")),
    Kind.NO_NUMBER: ("people_admin", gettext_lazy("People")),
    Kind.OTHER_CHANNEL: ("people_admin", gettext_lazy("People")),
    Kind.LATE_CHAIN: ("matrices", gettext_lazy("Matrices")),
    Kind.HOLIDAY: ("rosters", gettext_lazy("Rosters")),
    Kind.NO_LAST_RESORT: ("installation_admin", gettext_lazy("Installation")),
}
"""The page on which it is mended, by the name of its address."""
ICONS = {Severity.GAP: "alert-octagon", Severity.RISK: "alert-triangle", Severity.NOTE: "info-circle"}
COLOURS = {Severity.GAP: "blocker", Severity.RISK: "major", Severity.NOTE: "minor"}


LINKED = (Kind.GAP, Kind.SINGLE_POINT, Kind.LATE_CHAIN)
"""Kinds whose course the simulator shows."""


@dataclass(frozen=True, slots=True)
class Told:
    """A finding as it is read."""

    finding: Finding
    severity: str
    title: str
    text: str
    to_do: str
    place: str
    place_url: str
    when: str
    concerns: tuple[str, ...]
    course_url: str

    @property
    def icon(self) -> str:
        return f"icons/{ICONS[self.finding.severity]}.svg"

    @property
    def colour(self) -> str:
        return COLOURS[self.finding.severity]


def tell(found: Coverage, findings: Iterable[Finding]) -> list[Told]:
    """The findings in words."""
    return [_told(finding, found) for finding in findings]


def _told(finding: Finding, found: Coverage) -> Told:
    name, place = _place(finding)
    holiday = _holiday(finding, found)
    return Told(
        finding=finding,
        severity=str(SEVERITIES[finding.severity]),
        title=f"{KINDS[finding.kind]}: {holiday}" if holiday else str(KINDS[finding.kind]),
        text=_text(finding),
        to_do=str(TO_DO[finding.kind]),
        place=place,
        place_url=_address(name),
        when=_when(finding, found.since, found.until),
        concerns=tuple(_concerns(finding)),
        course_url=_course(finding),
    )


def _holiday(finding: Finding, found: Coverage) -> str:
    """What the day is called where the office stands; empty for other kinds."""
    calendar = found.calendars.get(finding.subject)
    if finding.day is None or calendar is None:
        return ""
    names = statutory_holidays(
        calendar.country, calendar.subdivision or None, [finding.day.year], language=get_language()
    )
    return names.get(finding.day, "")


def _course(finding: Finding) -> str:
    """The simulator's page for the instant at which it begins."""
    if finding.kind not in LINKED:
        return ""
    priority, route = finding.concerns[0]
    source = Source.MONITORING if route == Route.MONITORING else Source.CUSTOMER
    question = {"project": finding.projects[0], "priority": priority, "source": source.value}
    return f"{reverse('what_if')}?{urlencode(question | {'at': timezone.localtime(finding.since).isoformat()})}"


def _place(finding: Finding) -> tuple[str, str]:
    name, label = PLACES[finding.kind]
    if finding.role in (Role.SERVICE_DESK, Role.PROJECT_TEAM) and finding.kind is Kind.NO_NUMBER:
        name, label = "teams_admin", gettext_lazy("Teams")
    return name, str(label)


def _address(name: str) -> str:
    """Empty where there is no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _text(finding: Finding) -> str:
    text = WHAT[finding.kind]
    if finding.accepted:
        text = WHAT_ACCEPTED
    elif finding.kind is Kind.SINGLE_POINT and not finding.subject:
        text = WHAT_ALONE
    role = labels.ROLE[finding.role] if finding.role else ""
    return str(text) % {"subject": finding.subject, "role": role}


def _concerns(finding: Finding) -> list[str]:
    """Routes with their priorities: "business hours: Blocker, Critical"."""
    by_route: dict[str, list[str]] = {}
    for priority, route in finding.concerns:
        by_route.setdefault(route, []).append(str(labels.PRIORITY[Priority(priority)]))
    return [f"{labels.ROUTE[Route(route)]}: {', '.join(names)}" for route, names in by_route.items()]


def _when(finding: Finding, since: datetime, until: datetime) -> str:
    """The first period in words, and how many more there are."""
    first = finding.periods[0]
    if finding.day:
        return date_format(finding.day, "SHORT_DATE_FORMAT")
    begins, ends = _moment(first.start), _moment(first.end) if first.end else ""
    if first.start <= since and (first.end is None or first.end >= until):
        text = _("all the time")
    elif first.start <= since:
        text = _("until %(end)s") % {"end": ends}
    elif first.end is None or first.end >= until:
        text = _("from %(start)s on") % {"start": begins}
    else:
        text = _("%(start)s to %(end)s") % {"start": begins, "end": ends}
    more = len(finding.periods) - 1
    if not more:
        return text
    return text + " " + ngettext("and once more", "and %(count)d more times", more) % {"count": more}


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
