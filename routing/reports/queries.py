"""Reads what reports count, in a constant number of queries. No name of a person is read here."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from matrix.models import PriorityTerms
from matrix.terms import Role
from portal.access import may_work
from portal.hours import Hours, is_open
from portal.models import (
    Assignment,
    Customer,
    DatedOpening,
    Installation,
    Person,
    Project,
    ProjectSupport,
    RecordedQuerySet,
    SupportHours,
    WeeklyOpening,
)
from portal.queries import hours_facts
from routing.incidents.models import CustomerWait, Incident, IncidentLink, IncidentQuerySet, Status
from routing.paging.models import Page

from .figures import Counted, percent_of
from .periods import Month, Span, months_by_start

ANSWERED = (Page.State.ACKNOWLEDGED, Page.State.PASSED_ON)


def customers_for(reader: Person, *, now: datetime) -> QuerySet[Customer]:
    """Customers whose reports the person may read: all for those who work incidents, else those they are BRM of."""
    if may_work(reader):
        return Customer.objects.all()
    if not reader.is_staff or not reader.is_active:
        return Customer.objects.none()
    theirs = Assignment.objects.as_of(now).filter(person=reader, role=Assignment.Role.BRM, valid__contains=now)
    return Customer.objects.filter(pk__in=theirs.values("project__customer"))


def report_zone() -> ZoneInfo:
    """Where a month begins at midnight: the provider's office."""
    return ZoneInfo(Installation.objects.values_list("zone", flat=True).first() or settings.TIME_ZONE)


def counted_in(starts: datetime, ends: datetime) -> IncidentQuerySet:
    """What was reported in `[starts, ends)`. A duplicate counts as the one it was merged into, once."""
    reported = Incident.objects.filter(reported_at__gte=starts, reported_at__lt=ends)
    return reported.exclude(Exists(IncidentLink.objects.filter(incident=OuterRef("pk"), kind="duplicate")))


def cases_of(customer: Customer, span: Span, *, zone: ZoneInfo, now: datetime) -> dict[Month, list[Counted]]:
    """Everything reported by or for the customer, by month of `span` and the month before it; in order of numbers."""
    months = (span.first.moved(-1), *span.months)
    begins, ends = months[0].starts(zone), span.ends(zone)
    starts = months_by_start(months, zone)
    instants = [at for at, _month in starts]
    pages = _pages(customer, begins, ends, zone=zone, now=now)
    found: dict[Month, list[Counted]] = {month: [] for month in months}
    for case in _cases(counted_in(begins, ends).filter(project__customer=customer)):
        month = starts[bisect_right(instants, case.reported_at) - 1][1]
        told = pages.get(case.number)
        found[month].append(replace(case, to_backup=told.to_backup, call_outs=told.call_outs) if told else case)
    return found


def _cases(incidents: IncidentQuerySet) -> list[Counted]:
    """The lean facts of each: no row of a model is made, however many there are."""
    rows = incidents.order_by("pk").values_list(
        "pk",
        "project__key",
        "priority",
        "kind",
        "reported_at",
        "respond_by",
        "responded_at",
        "resolve_by",
        "restored_at",
        _stands_still(),
    )
    request = Incident.Kind.REQUEST.value
    return [
        Counted(number, project, priority, kind == request, reported, respond, responded, resolve, restored, paused)
        for number, project, priority, kind, reported, respond, responded, resolve, restored, paused in rows
    ]


def _stands_still() -> Case:
    """Whether the clock of the resolution does: the customer is waited for, by agreement, since before the target."""
    terms = PriorityTerms.objects.filter(
        version=OuterRef("matrix_version"), priority=OuterRef("priority"), pauses_while_waiting=True
    )
    asked_in_time = CustomerWait.objects.filter(incident=OuterRef("pk"), until=None, since__lte=OuterRef("resolve_by"))
    waits = Q(status=Status.WAITING, awaits_customer=True)
    return Case(
        When(waits & Exists(asked_in_time), then=Exists(terms)), default=Value(False), output_field=BooleanField()
    )


@dataclass
class _Paged:
    to_backup: bool = False
    call_outs: int = 0


def _pages(
    customer: Customer, begins: datetime, ends: datetime, *, zone: ZoneInfo, now: datetime
) -> Mapping[int, _Paged]:
    """By incident: whether a backup was paged, and how many pages were answered outside support hours.

    Those of its duplicates count for the one they were merged into. Somebody who was told directly, outside of a chain,
    was not called out. Who was called in to help was called out if they came, and is never an escalation.
    """
    of_chain = ~Q(route=Page.CALL_IN_ROUTE)
    to_backup = of_chain & Q(role=Role.ON_CALL_BACKUP, informs=False)
    answered = Q(state__in=ANSWERED, answered_at__isnull=False) & (of_chain | Q(state=Page.State.ACKNOWLEDGED))
    pages = Page.objects.filter(to_backup | answered).exclude(route=Page.DIRECT_ROUTE).order_by()
    incidents = counted_in(begins, ends).filter(project__customer=customer).order_by().values("pk")
    own = pages.filter(escalation__incident__in=incidents)
    merged = pages.filter(
        escalation__incident__links__kind=IncidentLink.Kind.DUPLICATE,
        escalation__incident__links__other__in=incidents,
    )
    facts = (
        "escalation__incident__project",
        Case(When(to_backup, then=Value(True)), default=Value(False)),
        Case(When(answered, then=F("answered_at"))),
    )
    rows = chain(
        own.values_list("escalation__incident", *facts),
        merged.values_list("escalation__incident__links__other", *facts),
    )
    office = _Office(customer, around=begins, zone=zone, now=now)
    found: dict[int, _Paged] = defaultdict(_Paged)
    for incident, project, was_backup, answered_at in rows:
        found[incident].to_backup |= was_backup
        if answered_at is not None and office.is_closed(project, answered_at):
            found[incident].call_outs += 1
    return found


class _Office:
    """The support hours of a customer's projects, each month as it was known when the month was over.

    So a report of the past stays what it was when somebody changes the hours. What did not change is read once.
    """

    def __init__(self, customer: Customer, *, around: datetime, zone: ZoneInfo, now: datetime) -> None:
        self.around, self.zone, self.now = around, zone, now
        self.support = ProjectSupport.objects.filter(project__customer=customer)
        calendars = self.support.order_by().values("hours")
        self.edges = sorted(
            {
                *_edges(self.support),
                *_edges(WeeklyOpening.objects.filter(hours__in=calendars)),
                *_edges(DatedOpening.objects.filter(hours__in=calendars)),
            }
        )
        self.known: dict[int, dict[int, Hours]] = {}

    def is_closed(self, project: int, at: datetime) -> bool:
        """Nobody was in the office: outside its hours. A project without any has an office that never opens."""
        hours = self._hours(Month.of(at, self.zone)).get(project)
        return hours is None or not is_open(hours, at)

    def _hours(self, month: Month) -> dict[int, Hours]:
        known_at = min(self.now, month.moved(1).starts(self.zone))
        changes = bisect_right(self.edges, known_at)
        if changes not in self.known:
            of_project = dict(self.support.as_of(known_at).values_list("project", "hours"))
            calendars = SupportHours.objects.filter(pk__in=of_project.values())
            facts = hours_facts(calendars, at=self.around, known_at=known_at)
            self.known[changes] = {project: facts[hours] for project, hours in of_project.items()}
        return self.known[changes]


def _edges(rows: RecordedQuerySet) -> set[datetime]:
    """The instants at which any of the rows was recorded or closed."""
    periods = rows.order_by().values_list("recorded__startswith", "recorded__endswith").distinct()
    return {edge for edges in periods for edge in edges if edge is not None}


@dataclass(frozen=True, slots=True)
class YearOf:
    """A customer's year in short: incidents, and how many targets for the response were met and missed."""

    customer: Customer
    projects: int
    incidents: int
    met: int
    missed: int

    @property
    def response_percent(self) -> int | None:
        return percent_of(self.met, self.missed)


def years_of(customers: QuerySet[Customer], *, starts: datetime, ends: datetime, now: datetime) -> list[YearOf]:
    """The year of each customer, counted by the database: whatever the number of incidents, two queries.

    `figures.Counted.response` is the same rule in Python; a test holds the two together.
    """
    late = Q(responded_at__gt=F("respond_by"))
    never = Q(responded_at=None)
    over = Q(restored_at__gt=F("respond_by")) | Q(restored_at=None, respond_by__lt=now)
    rows = (
        counted_in(starts, ends)
        .filter(kind=Incident.Kind.INCIDENT, project__customer__in=customers.order_by().values("pk"))
        .order_by()
        .values("project__customer")
        .annotate(
            incidents=Count("pk"),
            met=Count("pk", filter=Q(responded_at__lte=F("respond_by"))),
            missed=Count("pk", filter=late | never & over),
        )
    )
    counted = {row["project__customer"]: row for row in rows}
    nothing = {"incidents": 0, "met": 0, "missed": 0}
    found = []
    for customer in customers.annotate(project_count=Count("projects")):
        row = counted.get(customer.pk, nothing)
        found.append(YearOf(customer, customer.project_count, row["incidents"], row["met"], row["missed"]))
    return sorted(found, key=lambda year: year.customer.name.casefold())


def projects_of(customer: Customer) -> list[Project]:
    return list(customer.projects.order_by("key"))


def described(numbers: list[int]) -> dict[int, Incident]:
    """What the list says of these incidents beside their figures."""
    rows = Incident.objects.filter(pk__in=numbers).select_related("project__customer", "topic")
    return {incident.pk: incident for incident in rows}


def titles_of(customer: Customer, *, starts: datetime, ends: datetime) -> dict[int, str]:
    """The titles of everything the customer's report of `[starts, ends)` counts."""
    rows = counted_in(starts, ends).filter(project__customer=customer).order_by()
    return dict(rows.values_list("pk", "title"))
