"""What a new project may begin with, what is usual, and what is still missing for full coverage."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from matrix.models import MatrixVersion
from oncall.models import Rota, RotaCoverage
from oncall.queries import duty_now
from portal.master_data.forms import calendars, teams
from portal.models import (
    Assignment,
    Contact,
    Customer,
    Installation,
    Invitation,
    Membership,
    Project,
    ProjectSupport,
    Team,
)
from portal.queries import not_over
from routing.intake.models import IntakeKey

MOST_LINKED = 3


def sources(*, now: datetime) -> list[MatrixVersion]:
    """The versions in force that a matrix can be copied from, templates first."""
    found = list(MatrixVersion.objects.in_force(now, known_at=now).select_related("matrix", "matrix__project"))
    return sorted(found, key=lambda version: (version.matrix.project_id is not None, version.matrix.name))


def defaults(customer: Customer, *, now: datetime) -> dict[str, Any]:
    """As the customer's other projects have it; else what is usual, or the only choice there is."""
    mine = Project.objects.filter(customer=customer, retired_at=None)
    found = {
        "hours": _usual(ProjectSupport, "hours", mine) or _first(calendars()),
        "service_desk": _usual(ProjectSupport, "service_desk", mine) or _first(teams(Team.Kind.SERVICE_DESK)),
        "team": _usual(ProjectSupport, "team", mine),
        "rota": _usual(RotaCoverage, "rota", mine) or _first(Rota.objects.order_by("name")),
        "matrix": next((version.pk for version in sources(now=now)), None),
        "publish": True,
    }
    current = Assignment.objects.current().filter(project__in=mine, valid__contains=now, person__is_active=True)
    for row in current.order_by("-project"):
        name = {("sdm", 1): "sdm", ("sdm", 2): "sdm_deputy", ("brm", 1): "brm"}.get((row.role, row.order))
        if name:
            found[name] = row.person_id
    return found


def _usual(model: Any, field: str, mine: Any) -> int | None:
    """What most rows have: of the customer's projects, else of all."""
    current = model.objects.current().filter(project__retired_at=None).exclude(**{field: None}).order_by()
    for rows in (current.filter(project__in=mine), current):
        counted = rows.values_list(field).annotate(n=Count("pk")).order_by("-n", field).first()
        if counted:
            return int(counted[0])
    return None


def _first(rows: Any) -> int | None:
    found: int | None = rows.values_list("pk", flat=True).first()
    return found


# --- What is missing ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list: what it is, how it stands, and where it is put right (empty: nowhere yet)."""

    done: bool
    name: str
    says: str
    link: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about a project's coverage, read in a constant number of queries."""

    assignments: list[Assignment]
    items: list[Item]

    @property
    def missing(self) -> list[Item]:
        return [item for item in self.items if item.needed and not item.done]


def standing(project: Project, *, now: datetime) -> Standing:
    """What the project has, and what it still needs."""
    rows = ProjectSupport.objects.current().filter(project=project)
    support = rows.select_related("hours", "service_desk", "team").first()
    held = Assignment.objects.current().filter(not_over(now), project=project)
    assignments = list(held.select_related("person").order_by("-role", "order", "valid"))
    covered = RotaCoverage.objects.current().filter(not_over(now), project=project)
    coverage = covered.select_related("rota").order_by("valid").first()
    versions = MatrixVersion.objects.filter(matrix__project=project)
    version = versions.in_force(now, known_at=now).first()
    items = [
        *_support_items(project, support),
        *_people_items(project, [row for row in assignments if row.person.is_active and now in row.valid]),
        _rota_item(project, coverage, now=now),
        _matrix_item(project, version, draft=version is None and versions.exists()),
        *_customer_items(project),
    ]
    return Standing(assignments, items)


def _support_items(project: Project, support: ProjectSupport | None) -> Iterator[Item]:
    link = reverse("project_support", args=[project.key])
    desk = support.service_desk if support else None
    says = f"{support.hours} · {desk}" if support and desk else _("Nobody answers during business hours.")
    yield Item(bool(desk), _("Support hours and Service Desk"), says, link)
    team = support.team if support else None
    if team is None:
        yield Item(False, _("Project team"), _("No team: specialists are not called."), link)
        return
    people = Membership.objects.current().filter(team=team, person__is_active=True).count()
    if not people or not team.phone:
        says = _("%(team)s has no members.") if not people else _("%(team)s has no phone that can be called.")
        yield Item(False, _("Project team"), says % {"team": team.name}, reverse("team_admin", args=[team.slug]))
    else:
        yield Item(True, _("Project team"), team.name, link)


def _people_items(project: Project, assignments: list[Assignment]) -> Iterator[Item]:
    link = reverse("project_assign", args=[project.key])
    sdm = [row.person for row in assignments if row.role == "sdm"]
    brm = [row.person for row in assignments if row.role == "brm"]
    first = sdm[0] if sdm else None
    if first is not None and not first.direct_line:
        says = _("%(name)s has no direct line: customers cannot call.") % {"name": first.name}
        yield Item(False, _("Service Delivery Manager"), says, reverse("person_change", args=[first.pk]))
    else:
        says = first.name if first else _("Nobody owns the project.")
        yield Item(first is not None, _("Service Delivery Manager"), says, f"{link}?role=sdm")
    says = ", ".join(person.name for person in sdm[1:]) or _("Nobody stands in when the SDM is away.")
    yield Item(len(sdm) > 1, _("Deputy of the SDM"), says, f"{link}?role=sdm")
    says = ", ".join(person.name for person in brm) or _("Nobody answers offers and contracts.")
    yield Item(bool(brm), _("Business Relationship Manager"), says, f"{link}?role=brm")


def _rota_item(project: Project, coverage: RotaCoverage | None, *, now: datetime) -> Item:
    link = reverse("project_rota", args=[project.key])
    if coverage is None or now not in coverage.valid:
        return Item(False, _("On-call"), _("No rota covers the project now: nobody is called at night."), link)
    (duty,) = duty_now([coverage.rota], at=now)
    if duty.primary is None or duty.backup is None:
        says = _("%(rota)s: nobody is on duty on one of its lines.") % {"rota": coverage.rota.name}
        return Item(False, _("On-call"), says, named("rosters") or link)
    return Item(True, _("On-call"), coverage.rota.name, link)


def _matrix_item(project: Project, version: MatrixVersion | None, *, draft: bool) -> Item:
    if version is not None:
        says = _("Version %(number)s is in force.") % {"number": version.number}
        return Item(True, _("Communication matrix"), says, reverse("matrix_history", args=[version.matrix_id]))
    if draft:
        return Item(False, _("Communication matrix"), _("A draft waits to be published."), named("matrices"))
    says = _("None: only the last resort is called.")
    return Item(False, _("Communication matrix"), says, reverse("project_first_matrix", args=[project.key]))


def _customer_items(project: Project) -> Iterator[Item]:
    customer = project.customer
    contacts = Contact.objects.current().filter(customer=customer, person__is_active=True).count()
    invited = Invitation.objects.waiting().filter(customer=customer).count()
    link = reverse("contact_invite", args=[customer.key])
    says = _("Authorised: %(contacts)s. Invited: %(invited)s.") % {"contacts": contacts, "invited": invited}
    yield Item(contacts + invited > 0, _("Contacts of the customer"), says, link)
    keys = IntakeKey.objects.filter(project=project, revoked_at=None).count()
    says = _("%(count)s in use") % {"count": keys} if keys else _("None: monitoring cannot report.")
    link = named("intake_keys") if keys else f"{reverse('intake_key_new')}?project={project.key}"
    yield Item(keys > 0, _("Intake key"), says, link, needed=False)
    provider = Installation.objects.first()
    resort = bool(provider and provider.last_resort_phone)
    says = provider.last_resort_name if provider and resort else _("Nobody is called when a chain finds nobody.")
    yield Item(resort, _("Last resort"), says, named("installation_admin"))


def named(name: str) -> str:
    """The address of a page, empty where there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
