"""What is asked about customers, projects, people and teams, with safe defaults."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from psycopg2.extras import DateTimeTZRange

from portal.models import GROUPS, Assignment, Customer, Installation, Membership, Person, Project, SupportHours, Team
from portal.profile.zones import zone_choices

KEPT_OUT = "contact-"
"""Calendars that belong to a single contact begin like this."""
RESERVED = "new"
"""No key: it is the address of the page that adds one."""
PLACES = [(str(place), str(place)) for place in range(1, 7)]


def colleagues() -> models.QuerySet[Person]:
    """Whoever works for the provider, by name."""
    return Person.objects.filter(is_staff=True, is_active=True).order_by("name")


def calendars() -> models.QuerySet[SupportHours]:
    return SupportHours.objects.exclude(slug__startswith=KEPT_OUT).order_by("name")


def teams(kind: Team.Kind) -> models.QuerySet[Team]:
    return Team.objects.filter(kind=kind, retired_at=None).order_by("name")


def free_slug(model: type[models.Model], field: str, text: str) -> str:
    """A short name made of `text` that no other row has."""
    wanted = slugify(text)[:40] or "row"
    found, number = wanted, 1
    while found == RESERVED or model._default_manager.filter(**{field: found}).exists():
        number += 1
        found = f"{wanted}-{number}"
    return found


class ReasonForm(forms.Form):
    """Why; of whatever changes a row that is recorded."""

    why = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Stands in the log of changes, with your name and the time.")
    )


class RowForm(forms.ModelForm):  # type: ignore[type-arg]  # of any of the rows below
    """A row that is edited in place: carries what its reader has seen of it."""

    slug_from = "name"
    slug_field = ""
    """Which field may be left empty, and is made of the name."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, seen: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["why"] = forms.CharField(label=_("Reason"), max_length=300, required=False)
            self.fields["seen"].initial = seen
        elif self.slug_field:
            self.fields[self.slug_field].required = False

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        slug = self.slug_field
        if slug and not sent.get(slug) and slug not in self.errors and sent.get(self.slug_from):
            sent[slug] = free_slug(self._meta.model, slug, sent[self.slug_from])
        elif slug and sent.get(slug) == RESERVED:
            self.add_error(slug, _("Choose another key: this one is an address of the portal."))
        return sent

    def wanted(self) -> dict[str, Any]:
        """The row's values that a valid form asks for."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or () if name in self.cleaned_data}


class CustomerForm(RowForm):
    slug_field = "key"

    class Meta:
        model = Customer
        fields = ("name", "city", "key")
        help_texts = {"key": _("Short, for addresses and imports; empty: made of the name.")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}


class ProjectForm(RowForm):
    slug_field = "key"

    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        required=False,
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )

    class Meta:
        model = Project
        fields = ("name", "key", "hotline", "languages")
        help_texts = {
            "key": _("What people say on the phone; empty: made of the name."),
            "hotline": _("The published number of the project, such as +49 69 90009301. Empty: none of its own."),
        }
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}


class TeamForm(RowForm):
    slug_field = "slug"

    class Meta:
        model = Team
        fields = ("name", "kind", "phone", "email", "hours", "slug")
        help_texts = {
            "phone": _("Customers see it, and the chain calls it."),
            "slug": _("Short, for addresses and imports; empty: made of the name."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hours = self.fields["hours"]
        hours.queryset = calendars()  # type: ignore[attr-defined]  # a ModelChoiceField
        if not self.instance.pk:
            self.fields["kind"].initial = Team.Kind.PROJECT_TEAM
            hours.initial = usual_hours()


def usual_hours() -> int | None:
    """The calendar that most teams keep."""
    counted = Team.objects.filter(retired_at=None).order_by().values_list("hours").annotate(n=models.Count("pk"))
    found = counted.order_by("-n", "hours").first()
    return found[0] if found else calendars().values_list("pk", flat=True).first()


class PersonForm(RowForm):
    groups = forms.ModelMultipleChoiceField(
        label=_("Groups"),
        queryset=Group.objects.filter(name__in=GROUPS),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_(
            "Service Desk: logs and works incidents. On-call: takes duty. Administrators: change what stands here."
            " Without any: may be named as SDM or BRM, and reads."
        ),
    )

    class Meta:
        model = Person
        fields = ("name", "email", "function", "direct_line", "mobile", "working_hours", "language", "zone")
        help_texts = {
            "email": _("Also the login name."),
            "direct_line": _("May be published: customers call it, and the chain does."),
            "mobile": _("For colleagues who call; never shown to customers."),
        }
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.instance.zone
        if not self.instance.pk:
            zone = Installation.objects.values_list("zone", flat=True).first() or zone
            self.initial["language"] = settings.LANGUAGE_CODE
            self.fields["invite"] = forms.BooleanField(
                label=_("Send an invitation by mail, to set a password"), required=False, initial=True
            )
        else:
            self.fields["groups"].initial = self.instance.groups.all()
            # Whoever opens a form has not asked for the number: it stays where it is.
            self.initial["mobile"] = ""
            self.fields["mobile"].help_text = _("Not shown here. Empty: stays as it is.")
            if self.instance.mobile:
                self.fields["forget_mobile"] = forms.BooleanField(label=_("Remove the mobile number"), required=False)
        hours: forms.ModelChoiceField[SupportHours] = self.fields["working_hours"]  # type: ignore[assignment]
        hours.queryset = calendars()
        hours.empty_label = _("as the support hours of each project")
        self.fields["zone"] = forms.ChoiceField(
            label=self.fields["zone"].label, choices=zone_choices(zone), initial=zone
        )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        known = Person.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).first()
        if known is not None:
            raise forms.ValidationError(
                _("%(name)s has this address already. Choose another, or look under People.")
                if known.is_staff
                else _("%(name)s has this address already, as contact of a customer. Choose another."),
                params={"name": known.name},
            )
        return email

    def wanted(self) -> dict[str, Any]:
        found = super().wanted()
        if self.instance.pk and not found["mobile"] and not self.cleaned_data.get("forget_mobile"):
            del found["mobile"]
        return {**found, "groups": [*self.cleaned_data["groups"], *self._other_groups()]}

    def _other_groups(self) -> list[Group]:
        """Groups of the installation's own making stay: they are given behind the scenes."""
        return list(self.instance.groups.exclude(name__in=GROUPS)) if self.instance.pk else []


# --- Recorded rows --------------------------------------------------------------------------------------------


class JoinForm(forms.Form):
    """Somebody becomes a member of a team."""

    person = forms.ModelChoiceField(label=_("Person"), queryset=Person.objects.none(), empty_label=_("Please choose"))
    speciality = forms.CharField(
        label=_("Speciality"), max_length=160, required=False, help_text=_("Such as Linux, databases, the shop itself.")
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Membership.objects.current().filter(team=team).values("person")
        self.fields["person"].queryset = colleagues().exclude(pk__in=members)  # type: ignore[attr-defined]  # see above


class MemberForm(ReasonForm):
    """What a member knows best."""

    speciality = forms.CharField(label=_("Speciality"), max_length=160, required=False)
    field_order = ("speciality", "why")


class SupportForm(ReasonForm):
    """Whose hours and which teams support a project; carries the row its reader has seen."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    hours = forms.ModelChoiceField(label=_("Support hours"), queryset=SupportHours.objects.none())
    service_desk = forms.ModelChoiceField(label=_("Service Desk"), queryset=Team.objects.none())
    team = forms.ModelChoiceField(label=_("Project team"), queryset=Team.objects.none(), required=False)
    field_order = ("seen", "hours", "service_desk", "team", "why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_support(self.fields)


def offer_support(fields: dict[str, Any]) -> None:
    """The calendars and teams to choose from."""
    fields["hours"].queryset = calendars()
    fields["service_desk"].queryset = teams(Team.Kind.SERVICE_DESK)
    fields["team"].queryset = teams(Team.Kind.PROJECT_TEAM)


class AssignmentForm(ReasonForm):
    """A person as SDM or BRM, or as their deputy, from … until …."""

    role = forms.ChoiceField(label=_("Role"), choices=Assignment.Role.choices)
    person = forms.ModelChoiceField(label=_("Person"), queryset=Person.objects.none(), empty_label=_("Please choose"))
    order = forms.ChoiceField(
        label=_("Place"), choices=PLACES, help_text=_("1 holds the role, 2 is the first deputy, and so on.")
    )
    begins = forms.DateTimeField(
        label=_("from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: from now on."),
    )
    ends = forms.DateTimeField(
        label=_("until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: until further notice."),
    )
    field_order = ("role", "person", "order", "begins", "ends", "why")

    def __init__(self, *args: Any, now: datetime, row: Assignment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.row = row
        self.fields["person"].queryset = colleagues()  # type: ignore[attr-defined]  # a ModelChoiceField
        if row is not None:
            del self.fields["role"]

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        begins, ends = self._begins(sent), sent.get("ends")
        if ends is not None and ends <= begins:
            self.add_error("ends", _("The end lies before the beginning."))
        elif ends is not None and ends <= self.now:
            self.add_error("ends", _("The end lies in the past."))
        return sent

    def _begins(self, sent: dict[str, Any]) -> datetime:
        given: datetime | None = sent.get("begins")
        began: datetime | None = self.row.valid.lower if self.row is not None else None
        if began is not None and (given is None or began <= self.now):
            return began
        return max(given, self.now) if given else self.now

    def valid(self) -> DateTimeTZRange:
        """The period; nothing is ever assigned for the past."""
        return DateTimeTZRange(self._begins(self.cleaned_data), self.cleaned_data["ends"])


def local(at: datetime | None, zone: str) -> str:
    """An instant for a field of date and time."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if at else ""
