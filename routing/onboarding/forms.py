"""What a new project begins with: everything chosen already as is usual, so that most is left as it is."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from matrix.models import MatrixVersion
from oncall.models import Rota
from portal.master_data.forms import ProjectForm, ReasonForm, colleagues, offer_support
from portal.models import Customer, Person, SupportHours, Team

from .queries import defaults, sources
from .services import Wanted

NOBODY = _("nobody yet")


class VersionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Versions by the name of their matrix."""

    def label_from_instance(self, obj: MatrixVersion) -> str:
        kind = _("template") if obj.matrix.project_id is None else _("copy of a project")
        return f"{obj.matrix.name} ({kind})"


def _version_field(**kwargs: Any) -> VersionField:
    return VersionField(label=_("Communication matrix"), queryset=MatrixVersion.objects.none(), **kwargs)


def _offer_versions(field: Any, *, now: datetime) -> None:
    found = sources(now=now)
    field.queryset = MatrixVersion.objects.filter(pk__in=[version.pk for version in found]).select_related("matrix")
    empty = [("", field.empty_label)] if not field.required else []
    field.choices = [*empty, *((version.pk, field.label_from_instance(version)) for version in found)]


class NewProjectForm(ProjectForm):
    hours = forms.ModelChoiceField(label=_("Support hours"), queryset=SupportHours.objects.none(), empty_label=None)
    service_desk = forms.ModelChoiceField(label=_("Service Desk"), queryset=Team.objects.none(), empty_label=None)
    team = forms.ModelChoiceField(
        label=_("Project team"), queryset=Team.objects.none(), required=False, empty_label=_("none yet")
    )
    sdm = forms.ModelChoiceField(
        label=_("Service Delivery Manager"), queryset=Person.objects.none(), required=False, empty_label=NOBODY
    )
    sdm_deputy = forms.ModelChoiceField(
        label=_("Deputy of the SDM"), queryset=Person.objects.none(), required=False, empty_label=NOBODY
    )
    brm = forms.ModelChoiceField(
        label=_("Business Relationship Manager"), queryset=Person.objects.none(), required=False, empty_label=NOBODY
    )
    rota = forms.ModelChoiceField(
        label=_("Rota"), queryset=Rota.objects.in_use().order_by("name"), required=False, empty_label=_("none yet")
    )
    matrix = _version_field(required=False, empty_label=_("none yet"))
    publish = forms.BooleanField(
        label=_("Publish the matrix at once"),
        required=False,
        help_text=_("Else it waits as a draft, and only the last resort is called."),
    )

    def __init__(self, *args: Any, customer: Customer, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, initial=defaults(customer, now=now), **kwargs)
        offer_support(self.fields)
        for name in ("sdm", "sdm_deputy", "brm"):
            self.fields[name].queryset = colleagues()  # type: ignore[attr-defined]  # a ModelChoiceField
        _offer_versions(self.fields["matrix"], now=now)

    def clean(self) -> dict[str, Any]:
        sent = super().clean()
        if sent.get("sdm_deputy") and sent["sdm_deputy"] == sent.get("sdm"):
            self.add_error("sdm_deputy", _("Nobody can stand in for themselves. Choose somebody else."))
        if sent.get("sdm_deputy") and not sent.get("sdm"):
            self.add_error("sdm", _("A deputy needs somebody to stand in for."))
        return sent

    def begins_with(self) -> Wanted:
        """What a valid form asks for."""
        names = ("hours", "service_desk", "team", "sdm", "sdm_deputy", "brm", "rota", "matrix", "publish")
        return Wanted(**{name: self.cleaned_data[name] for name in names})


class RotaForm(ReasonForm):
    """Another rota for a project, from an instant on; carries the row its reader has seen."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    rota = forms.ModelChoiceField(label=_("Rota"), queryset=Rota.objects.in_use().order_by("name"))
    starts = forms.DateTimeField(
        label=_("from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: from now on."),
    )
    field_order = ("seen", "rota", "starts", "why")


class MatrixForm(ReasonForm):
    """The matrix a project begins with."""

    matrix = _version_field()
    publish = forms.BooleanField(label=_("Publish the matrix at once"), required=False, initial=True)
    field_order = ("matrix", "publish", "why")

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_versions(self.fields["matrix"], now=now)
