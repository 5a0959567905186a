"""Projects, by their key, with whose hours and which teams support them."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg2.extras import DateTimeTZRange

from portal.imports import cells
from portal.imports.plan import Column, Fate, Outcome, Row
from portal.models import Customer, Project, ProjectSupport, SupportHours, Team
from portal.services import retire_all

from .base import Act, Kind, of_outcome, wanted_of

OWN = ("name", "hotline", "languages")
SUPPORT = {"hours": SupportHours, "service_desk": Team, "team": Team}


class Projects(Kind):
    slug = "projects"
    label = gettext_lazy("Projects")
    hint = gettext_lazy(
        "Known by their key. Support hours and teams are named by their short names. "
        "A project stays with its customer: an import moves none."
    )
    identity = ("key",)
    columns = (
        Column("key", "key", "Schlüssel", cells.key, "webshop", required=True),
        Column("customer", "customer", "Kunde", cells.key, "alster", required=True),
        Column("name", "name", "Name", cells.text(160), "Webshop"),
        Column("hotline", "hotline", "Hotline", cells.number, "+49 69 90009301"),
        Column("languages", "languages", "Sprachen", cells.each(cells.language, 2), "de, en"),
        Column("hours", "support hours", "Servicezeiten", cells.key, "office"),
        Column("service_desk", "service desk", "Service Desk", cells.key, "service-desk"),
        Column("team", "team", "Team", cells.key, "platform"),
    )

    def load(self, rows: Sequence[Row]) -> None:
        known = self.held(Project.objects.filter(key__in=wanted_of(rows, "key")).select_related("customer"))
        self.known = {project.key: project for project in known}
        self.customers = {each.key: each for each in Customer.objects.filter(key__in=wanted_of(rows, "customer"))}
        calendars = SupportHours.objects.filter(slug__in=wanted_of(rows, "hours"))
        teams = Team.objects.filter(slug__in=wanted_of(rows, "service_desk") | wanted_of(rows, "team"))
        self.calendars = {each.slug: each for each in calendars}
        self.teams = {each.slug: each for each in teams}
        supports = self.held(ProjectSupport.objects.current().filter(project__in=list(self.known.values())))
        self.supports = {each.project_id: each for each in supports.select_related(*SUPPORT)}

    def judge(self, row: Row) -> Fate:
        target = self.known.get(row.values["key"])
        support = self.supports.get(target.pk) if target else None
        reasons = [*self._misfits(row, target), *self._missing(row, support)]
        if reasons:
            return self.refused(row, *reasons)
        wanted = self.given(row, *OWN, *SUPPORT)
        if target is None:
            return self.compared(row, None, wanted)
        present = {name: getattr(target, name) for name in OWN} | {"languages": tuple(target.languages)}
        present["hotline"] = str(target.hotline or "")
        for name in SUPPORT:
            linked = getattr(support, name) if support else None
            present[name] = linked.slug if linked else ""
        return self.compared(row, target, wanted, present)

    def _misfits(self, row: Row, target: Project | None) -> list[str]:
        customer = self.customers.get(row.values["customer"])
        if customer is None:
            return [_("There is no customer “%(key)s”. Import customers first.") % {"key": row.values["customer"]}]
        if target is None:
            return [] if row.get("name") else [_("It is new, so it needs a name.")]
        if target.retired_at is not None:
            return [_("The project is retired.")]
        if target.customer_id != customer.pk:
            return [_("The project belongs to %(name)s. An import moves none.") % {"name": target.customer.name}]
        return []

    def _missing(self, row: Row, support: ProjectSupport | None) -> list[str]:
        reasons = []
        if (slug := row.get("hours")) and slug not in self.calendars:
            reasons.append(_("There are no support hours “%(key)s”.") % {"key": slug})
        for name, kind in (("service_desk", Team.Kind.SERVICE_DESK), ("team", Team.Kind.PROJECT_TEAM)):
            slug = row.get(name)
            if slug and (slug not in self.teams or self.teams[slug].kind != kind):
                reasons.append(_("There is no such team “%(key)s” (%(kind)s).") % {"key": slug, "kind": kind.label})
        if not support and not row.get("hours") and (row.get("service_desk") or row.get("team")):
            reasons.append(_("Teams need support hours beside them."))
        return reasons

    def write(self, fates: Sequence[Fate], act: Act) -> None:
        created = of_outcome(fates, Outcome.CREATE)
        changed = of_outcome(fates, Outcome.CHANGE)
        made = [
            Project(key=fate.row.values["key"], customer=self.customers[fate.row.values["customer"]], **_own(fate))
            for fate in created
        ]
        Project.objects.bulk_create(made)
        for fate in changed:
            for name, value in _own(fate).items():
                setattr(fate.target, name, value)
        Project.objects.bulk_update([fate.target for fate in changed], list(OWN), batch_size=500)
        projects = [*made, *(fate.target for fate in changed)]
        self._write_support(list(zip([*created, *changed], projects, strict=True)), act)

    def _write_support(self, pairs: list[tuple[Fate, Project]], act: Act) -> None:
        rows, old = [], []
        for fate, project in pairs:
            before = self.supports.get(project.pk)
            links = {name: self._linked(name, fate) or (getattr(before, name) if before else None) for name in SUPPORT}
            same = before is not None and all(links[name] == getattr(before, name) for name in SUPPORT)
            if same or links["hours"] is None:
                continue
            if before is not None:
                old.append(before)
            recorded = DateTimeTZRange(act.now, None)
            rows.append(
                ProjectSupport(project=project, recorded=recorded, recorded_by=act.by, recorded_why=act.why, **links)
            )
        retire_all(ProjectSupport, old, by=act.by, now=act.now, why=act.why)
        ProjectSupport.objects.bulk_create(rows)

    def _linked(self, name: str, fate: Fate) -> Any:
        return (self.calendars if name == "hours" else self.teams).get(fate.wanted.get(name, ""))


def _own(fate: Fate) -> dict[str, Any]:
    own = {name: fate.wanted[name] for name in OWN if name in fate.wanted}
    return own | ({"languages": list(own["languages"])} if "languages" in own else {})
