"""What the provider's people may send to work an incident, beside the short forms on its page."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matrix import labels
from matrix.terms import Priority, Role
from oncall.models import Rota
from oncall.queries import duty_now
from portal.models import Person, Team
from routing.decision import Callee, Kind
from routing.gather import gather
from routing.incidents.altering import URGENCY, asks_consent
from routing.incidents.models import Incident, IncidentQuerySet
from routing.paging import escalating
from routing.paging.calling import callee_of
from routing.resolve import resolve

from .desk import workers

Choices = list[tuple[str, list[tuple[str, str]]]]
"""Groups of values and their labels."""

PROJECT_ROLES = (
    Role.ON_CALL_PRIMARY,
    Role.ON_CALL_BACKUP,
    Role.SDM,
    Role.SERVICE_DESK,
    Role.PROJECT_TEAM,
    Role.ESCALATION_MANAGER,
)


def project_callees(incident: Incident, now: datetime) -> list[tuple[Callee, Role]]:
    """Who has to do with the project of an incident now: on duty first, then its people and managers."""
    known = gather([incident.project], at=now, known_at=now)[incident.project_id]
    # Who they are does not depend on what was agreed: somebody can be called in where no matrix is in force.
    agreed = {incident.priority: escalating.NOTHING_AGREED}
    facts = known.facts(priority=incident.priority, source=escalating.source_of(incident), pinned=agreed)
    return [
        (callee, role)
        for role in PROJECT_ROLES
        for callee in resolve(facts, role, now).people
        if callee.kind is not Kind.LAST_RESORT
    ]


def role_label(callee: Callee, role: Role) -> str:
    return f"{callee.name} ({labels.ROLE[role]})"


class RemarkField(forms.CharField):
    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class AssignForm(forms.Form):
    """Who is to have an incident: somebody who works incidents, or a team whose people may take it."""

    assignee = forms.ChoiceField(label=gettext_lazy("Who is to have it?"))
    remark = RemarkField(gettext_lazy("Remark for them (optional, internal)"))

    def __init__(self, *args: Any, incident: Incident, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in workers()}
        self.teams = {f"team:{team.pk}": team for team in Team.objects.order_by("name")}
        owner = f"team:{incident.team_id}" if incident.team_id else incident.assignee_id
        near = self._of_project(incident, now)
        groups: Choices = [
            (_("For this project"), list(near.items())),
            (_("People"), [(value, person.name) for value, person in self.people.items() if value not in near]),
            (_("Teams"), [(value, team.name) for value, team in self.teams.items()]),
        ]
        field: Any = self.fields["assignee"]
        # Without an owner nobody stands chosen: who sends it without looking would hand it to the first by name.
        field.choices = [
            *([] if owner else [("", _("Please choose"))]),
            *((name, rows) for name, rows in groups if rows),
        ]
        self.initial.setdefault("assignee", owner)

    def _of_project(self, incident: Incident, now: datetime) -> dict[str, str]:
        """Who is nearest to it: those on duty for its project and its people, each in their first role."""
        found: dict[str, str] = {}
        for callee, role in project_callees(incident, now):
            if callee.kind is Kind.PERSON and str(callee.id) in self.people:
                found.setdefault(str(callee.id), role_label(callee, role))
        return found

    def clean_assignee(self) -> Person | Team:
        value = self.cleaned_data["assignee"]
        return self.people.get(value) or self.teams[value]


class CallInForm(forms.Form):
    """Who is called in: who is on duty for the project or elsewhere, its people, managers, teams, any colleague."""

    callee = forms.ChoiceField(label=gettext_lazy("Who is called in?"))
    remark = RemarkField(gettext_lazy("What for? (optional, internal)"))

    def __init__(self, *args: Any, incident: Incident, caller: Person, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known: dict[str, tuple[Callee, Role]] = {}
        groups: Choices = [
            (_("For this project"), self._of_project(incident, now)),
            (_("On duty elsewhere"), self._on_duty(now)),
            (_("Teams"), self._teams()),
            (_("Colleagues"), self._colleagues()),
        ]
        field: Any = self.fields["callee"]
        field.choices = [("", _("Please choose")), *self._once(groups, but=caller)]

    def clean_callee(self) -> tuple[Callee, Role]:
        return self.known[self.cleaned_data["callee"]]

    def _once(self, groups: Choices, *, but: Person) -> Choices:
        """Everybody stands where they come first, in their first role; the caller nowhere."""
        seen: set[tuple[Kind, int | None]] = {(Kind.PERSON, but.pk)}
        found: Choices = []
        for name, rows in groups:
            kept = []
            for value, label in rows:
                callee, _role = self.known[value]
                if (callee.kind, callee.id) not in seen:
                    seen.add((callee.kind, callee.id))
                    kept.append((value, label))
            if kept:
                found.append((name, kept))
        return found

    def _of_project(self, incident: Incident, now: datetime) -> list[tuple[str, str]]:
        return [self._row(callee, role, role_label(callee, role)) for callee, role in project_callees(incident, now)]

    def _on_duty(self, now: datetime) -> list[tuple[str, str]]:
        rows = []
        for duty in duty_now(Rota.objects.in_use().order_by("name"), at=now):
            for role, person in ((Role.ON_CALL_PRIMARY, duty.primary), (Role.ON_CALL_BACKUP, duty.backup)):
                if person is not None:
                    name = f"{person.name} ({duty.rota.name}: {labels.ROLE[role]})"
                    rows.append(self._row(callee_of(person), role, name))
        return rows

    def _teams(self) -> list[tuple[str, str]]:
        found = Team.objects.exclude(Q(phone="") & Q(email="")).order_by("name")
        return [
            self._row(Callee(Kind.TEAM, team.pk, team.name, str(team.phone or "")), Role(team.kind), team.name)
            for team in found
        ]

    def _colleagues(self) -> list[tuple[str, str]]:
        return [self._row(callee_of(person), Role.PROJECT_TEAM, person.name) for person in workers()]

    def _row(self, callee: Callee, role: Role, label: str) -> tuple[str, str]:
        value = f"{callee.kind}:{callee.id}:{role}"
        self.known[value] = (callee, role)
        return value, label


class PriorityForm(forms.Form):
    """Another priority, and why; whose consent, where a customer's Blocker becomes less urgent."""

    priority = forms.ChoiceField(label=gettext_lazy("New priority"))
    why = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The customer reads this."),
    )
    consent = forms.CharField(
        label=gettext_lazy("Who of the customer has agreed?"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Needed: the customer reported a Blocker. Ask first; the name stands in the timeline."),
    )

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incident = incident
        others = [(value, label) for value, label in labels.choices(labels.PRIORITY) if value != incident.priority]
        self.fields["priority"].choices = [("", _("Please choose")), *others]  # type: ignore[attr-defined]  # a ChoiceField, see above
        if not asks_consent(incident, Priority.MINOR):
            del self.fields["consent"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        wanted = given.get("priority")
        if wanted and asks_consent(self.incident, wanted) and not given.get("consent"):
            self.add_error("consent", _("Say whose consent was given."))
        return given


class MergeForm(forms.Form):
    """Which incident it is the same as: another open one of the project that is at least as urgent."""

    into = forms.ModelChoiceField(
        label=gettext_lazy("It is the same as"), queryset=Incident.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = candidates(incident)  # type: ignore[attr-defined]  # see above


def candidates(incident: Incident) -> IncidentQuerySet:
    """What the incident may be merged into, the latest first."""
    found = Incident.objects.open().filter(project=incident.project_id, kind=incident.kind)
    if incident.kind == Incident.Kind.INCIDENT:
        found = found.filter(priority__in=URGENCY[: URGENCY.index(Priority(incident.priority)) + 1])
    return found.exclude(pk=incident.pk).order_by("-pk")


class LinkForm(forms.Form):
    """Another incident by its number, which has to do with this one."""

    number = forms.CharField(label=gettext_lazy("Number of the other incident"), max_length=12)

    def __init__(self, *args: Any, incident: Incident, reader: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incident, self.reader = incident, reader

    def clean_number(self) -> Incident:
        digits = self.cleaned_data["number"].strip().removeprefix("#")
        number = int(digits) if digits.isascii() and digits.isdigit() else 0
        found = Incident.objects.visible_to(self.reader).filter(pk=number).first()
        if found is None:
            raise forms.ValidationError(_("There is no incident with this number."))
        if found == self.incident:
            raise forms.ValidationError(_("That is this incident itself."))
        return found
