"""Who is SDM or BRM of a project, by project, role and place: the first holds the role, later ones are deputies."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg2.extras import DateTimeTZRange

from portal.hours import local_instant
from portal.imports import cells
from portal.imports.plan import Change, Column, Fate, Outcome, Row
from portal.models import Assignment, Installation, Person, Project
from portal.services import retire_all

from .base import Act, Kind, wanted_of

ROLES = {
    "sdm": "sdm",
    "service delivery manager": "sdm",
    "brm": "brm",
    "business relationship manager": "brm",
}


class Assignments(Kind):
    slug = "assignments"
    label = gettext_lazy("SDM and BRM of projects")
    hint = gettext_lazy(
        "Known by project, role and place: 1 holds the role, 2 is the first deputy. Whoever held the place before "
        "holds it until the new one begins. Without a day it begins at once; “until” names the last day."
    )
    identity = ("project", "role", "order")
    columns = (
        Column("project", "project", "Projekt", cells.key, "webshop", required=True),
        Column("role", "role", "Rolle", cells.one_of(ROLES), "sdm", required=True),
        Column("email", "e-mail", "E-Mail", cells.email, "jana@example.com", required=True),
        Column("order", "place", "Platz", cells.place, "1"),
        Column("from", "from", "ab", cells.day, ""),
        Column("until", "until", "bis", cells.day, ""),
    )

    def load(self, rows: Sequence[Row]) -> None:
        for row in rows:
            row.values.setdefault("order", 1)
        self.projects = {p.key: p for p in Project.objects.filter(key__in=wanted_of(rows, "project"))}
        self.people = {p.email: p for p in Person.objects.filter(email__in=wanted_of(rows, "email"))}
        self.zone = Installation.objects.values_list("zone", flat=True).first() or "Europe/Berlin"
        self.places: dict[tuple[int, str, int], list[Assignment]] = defaultdict(list)
        found = Assignment.objects.current().filter(project__in=self.projects.values()).select_related("person")
        for each in self.held(found):
            self.places[each.project_id, each.role, each.order].append(each)

    def judge(self, row: Row) -> Fate:
        project, person = self.projects.get(row.values["project"]), self.people.get(row.values["email"])
        if project is None or project.retired_at is not None:
            key = row.values["project"]
            return self.refused(row, _("There is no project “%(key)s” in use.") % {"key": key})
        if person is None or not person.is_staff or not person.is_active:
            email = row.values["email"]
            return self.refused(row, _("Nobody of the provider has the address %(email)s.") % {"email": email})
        starts, ends = self._period(row)
        if ends is not None and ends <= (starts or self.now):
            return self.refused(row, _("It would end before it begins."))
        return self._placed(row, self.places[project.pk, row.values["role"], row.values["order"]], person, starts, ends)

    def _period(self, row: Row) -> tuple[datetime | None, datetime | None]:
        first: date | None = row.get("from")
        last: date | None = row.get("until")
        starts = local_instant(self.zone, first, time()) if first else None
        return starts, local_instant(self.zone, last + timedelta(days=1), time()) if last else None

    def _placed(
        self, row: Row, held: list[Assignment], person: Person, starts: datetime | None, ends: datetime | None
    ) -> Fate:
        begins = starts or self.now
        overlapping = [each for each in held if _overlaps(each, begins, ends)]
        wanted = {"starts": starts, "ends": ends}
        if not overlapping:
            return Fate(row, self.named(row), Outcome.CREATE, wanted=wanted)
        before = overlapping[0]
        if len(overlapping) == 1 and before.person_id == person.pk and _covers(before, begins, ends):
            return Fate(row, self.named(row), Outcome.UNCHANGED, target=before)
        if len(overlapping) > 1 or _begins_at_or_after(before, begins) or not _ends_by(before, ends):
            return self.refused(
                row,
                _("The place is held by %(name)s in that period. Change that first.") % {"name": before.person.name},
            )
        change = Change(self.columns[2], before.person.email, person.email)
        return Fate(row, self.named(row), Outcome.CHANGE, (), (change,), before, wanted)

    def write(self, fates: Sequence[Fate], act: Act) -> None:
        done = [fate for fate in fates if fate.outcome in (Outcome.CREATE, Outcome.CHANGE)]
        old = [fate.target for fate in done if fate.target is not None]
        retire_all(Assignment, old, by=act.by, now=act.now, why=act.why)
        made = []
        for fate in done:
            begins = fate.wanted["starts"] or act.now
            if fate.target is not None:
                made.append(self._row(fate, fate.target.person, fate.target.valid.lower, begins, act))
            made.append(self._row(fate, self.people[fate.row.values["email"]], begins, fate.wanted["ends"], act))
        Assignment.objects.bulk_create(made)

    def _row(self, fate: Fate, person: Person, starts: datetime | None, ends: datetime | None, act: Act) -> Assignment:
        values = fate.row.values
        return Assignment(
            project=self.projects[values["project"]],
            role=values["role"],
            person=person,
            order=values["order"],
            valid=DateTimeTZRange(starts, ends),
            recorded=DateTimeTZRange(act.now, None),
            recorded_by=act.by,
            recorded_why=act.why,
        )


def _overlaps(held: Assignment, begins: datetime, ends: datetime | None) -> bool:
    lower, upper = held.valid.lower, held.valid.upper
    return (upper is None or begins < upper) and (ends is None or lower is None or lower < ends)


def _covers(held: Assignment, begins: datetime, ends: datetime | None) -> bool:
    lower, upper = held.valid.lower, held.valid.upper
    return (lower is None or lower <= begins) and (upper is None or (ends is not None and ends <= upper))


def _begins_at_or_after(held: Assignment, begins: datetime) -> bool:
    return held.valid.lower is not None and held.valid.lower >= begins


def _ends_by(held: Assignment, ends: datetime | None) -> bool:
    """Whether nothing of it is left after the new one: what would follow again is for people to say."""
    upper = held.valid.upper
    return ends is None or (upper is not None and upper <= ends)
