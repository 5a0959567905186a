"""A person's call-outs: the pages they answered on duty or outside their working hours, and the work that followed.

Begin and end are proposed from what the portal saw: from the answer until the incident was resolved or went into
other hands; whoever was called in to help works until it is over. Engineers put them right; what was proposed stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet

from matrix.terms import Role
from portal.hours import Hours, Period, is_open, local_instant, open_time_between
from portal.models import Person, ProjectSupport, SupportHours
from portal.queries import hours_facts
from routing.incidents.models import TimelineEntry
from routing.paging.models import Page

from .models import CallOutTimes

DUTY_ROLES = (Role.ON_CALL_PRIMARY, Role.ON_CALL_BACKUP)
OVER = ("resolved", "closed", "merged")
"""After these nobody works on the incident any more."""
LEAVES = ("passed_on", "no_progress")
"""After these it is no longer in the hands of who had it."""
HANDS = ("assigned", "taken_over")
"""These give it to somebody: to oneself or to another."""


@dataclass(frozen=True, slots=True)
class CallOut:
    """One page that was answered; `proposed` is what the portal saw. An `end` of None: the work goes on."""

    page: Page
    begin: datetime
    end: datetime | None
    proposed: Period
    remark: str
    corrected_at: datetime | None
    hours: Hours | None

    @property
    def on_duty(self) -> bool:
        return self.page.role in DUTY_ROLES

    @property
    def minutes(self) -> int | None:
        return None if self.end is None else _minutes(self.end - self.begin)

    @property
    def outside_minutes(self) -> int | None:
        """So many of them are outside of working hours."""
        return None if self.end is None else _minutes(_outside(self.hours, self.begin, self.end))


@dataclass(frozen=True, slots=True)
class Sums:
    """Of a month, in minutes; what was worked on at the same time counts once. `open` still go on."""

    count: int
    minutes: int
    outside_minutes: int
    open: int


def month_of(first: date, zone: str) -> Period:
    """The month that begins on that local day."""
    following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Period(local_instant(zone, first.replace(day=1), time(0)), local_instant(zone, following, time(0)))


def call_outs(person: Person, within: Period, *, now: datetime) -> list[CallOut]:
    """Those whose page came `within`, by the page; a constant number of queries."""
    pages = _answered(person).filter(created_at__gte=within.start, created_at__lt=within.end)
    return _call_outs(list(pages.order_by("created_at", "pk")), known_at=min(now, within.end or now))


def call_out(person: Person, number: int, *, now: datetime) -> CallOut | None:
    """The person's own call-out of that page; None for any other number."""
    found = _call_outs(list(_answered(person).filter(pk=number)), known_at=now)
    return found[0] if found else None


def sums(found: Sequence[CallOut]) -> Sums:
    done = [each for each in found if each.end is not None]
    worked = outside = timedelta(0)
    until: datetime | None = None
    for each in sorted(done, key=lambda each: each.begin):
        start = each.begin if until is None else max(each.begin, until)
        if each.end is not None and start < each.end:
            worked += each.end - start
            outside += _outside(each.hours, start, each.end)
            until = each.end
    return Sums(len(found), _minutes(worked), _minutes(outside), len(found) - len(done))


def recent_call_outs(since: datetime, *, only: Person | None, now: datetime) -> list[CallOut]:
    """Of everybody, or of one person: those whose page came from `since` on; a constant number of queries."""
    pages = _answered(only).filter(created_at__gte=since, created_at__lte=now)
    return _call_outs(list(pages.order_by("created_at", "pk")), known_at=now)


@transaction.atomic
def correct(
    found: CallOut, *, begins_at: datetime, ends_at: datetime, remark: str, by: Person, now: datetime
) -> CallOutTimes:
    """Keep when the work really began and ended; earlier corrections and the proposal stay."""
    return CallOutTimes.objects.create(
        page=found.page, begins_at=begins_at, ends_at=ends_at, remark=remark, recorded_by=by, recorded_at=now
    )


def _answered(person: Person | None) -> QuerySet[Page]:
    """Pages to the person, or to anybody, that were answered."""
    pages = Page.objects.filter(person__isnull=False, informs=False, answered_at__isnull=False)
    if person is not None:
        pages = pages.filter(person=person)
    # Who cannot come to help has nothing to do; who passes their own on has looked at it.
    pages = pages.exclude(route=Page.CALL_IN_ROUTE, state=Page.State.PASSED_ON)
    pages = pages.select_related("escalation__incident__project", "person__working_hours")
    return pages.prefetch_related("call_out_times")


def _call_outs(pages: Sequence[Page], *, known_at: datetime) -> list[CallOut]:
    if not pages:
        return []
    hours = _hours(pages, known_at)
    ends = _ends(pages)
    return [
        _call_out(page, hours.get(page.pk), ends.get(page.pk))
        for page in pages
        if page.role in DUTY_ROLES or not _is_open(hours.get(page.pk), page.created_at)
    ]


def _call_out(page: Page, hours: Hours | None, end: datetime | None) -> CallOut:
    begin = page.answered_at or page.created_at
    times = max(page.call_out_times.all(), key=lambda each: each.pk, default=None)
    return CallOut(
        page=page,
        begin=times.begins_at if times else begin,
        end=times.ends_at if times else end,
        proposed=Period(begin, end),
        remark=times.remark if times else "",
        corrected_at=times.recorded_at if times else None,
        hours=hours,
    )


def _ends(pages: Iterable[Page]) -> dict[int, datetime]:
    """Page → when the work after it ended by the timeline; without an end the id is missing."""
    incidents = {page.escalation.incident_id for page in pages}
    entries: dict[int, list[TimelineEntry]] = {}
    for entry in TimelineEntry.objects.filter(incident__in=incidents, kind__in=[*OVER, *LEAVES, *HANDS]).order_by("pk"):
        entries.setdefault(entry.incident_id, []).append(entry)
    found = {}
    for page in pages:
        later = [entry for entry in entries.get(page.escalation.incident_id, ()) if _follows(entry, page)]
        if end := _end(page, later):
            found[page.pk] = end
    return found


def _follows(entry: TimelineEntry, page: Page) -> bool:
    return page.answered_at is not None and entry.at >= page.answered_at


def _end(page: Page, later: Iterable[TimelineEntry]) -> datetime | None:
    """Who came to help does not stop because its owner hands it on, unless it has become theirs since."""
    helps = page.calls_in
    for entry in later:
        if entry.kind in OVER:
            return entry.at
        if _gives_to(entry, page.person):
            helps = False
        elif not helps:
            return entry.at
    return None


def _gives_to(entry: TimelineEntry, person: Person | None) -> bool:
    """Whether the incident is the person's from then on."""
    if person is None:
        return False
    if entry.kind == "assigned":
        return bool(entry.data.get("assignee") == person.name)
    return entry.kind == "taken_over" and entry.actor_id == person.pk


def _hours(pages: Sequence[Page], known_at: datetime) -> dict[int, Hours]:
    """Page → when it is no call-out: its person's own working hours, else the project's support hours."""
    projects = {page.escalation.incident.project_id for page in pages}
    support = ProjectSupport.objects.as_of(known_at).filter(project__in=projects).select_related("hours")
    of_project = {row.project_id: row.hours for row in support}
    of_page: dict[int, SupportHours] = {}
    for page in pages:
        own = page.person.working_hours if page.person else None
        if hours := own or of_project.get(page.escalation.incident.project_id):
            of_page[page.pk] = hours
    facts = hours_facts(set(of_page.values()), at=known_at, known_at=known_at)
    return {page: facts[hours.pk] for page, hours in of_page.items()}


def _is_open(hours: Hours | None, at: datetime) -> bool:
    return hours is not None and is_open(hours, at)


def _outside(hours: Hours | None, start: datetime, end: datetime) -> timedelta:
    inside = open_time_between(hours, start, end) if hours else timedelta(0)
    return (end - start) - inside


def _minutes(time_: timedelta) -> int:
    """Full minutes; those begun count as people round them, half up."""
    return int(time_.total_seconds() / 60 + 0.5)
