"""What of the coverage is shown."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.models import Customer, Project

from .findings import Finding, Kind, Severity
from .wording import KINDS, SEVERITIES


class CoverageFilter(forms.Form):
    """By severity, kind, project and customer; nothing chosen shows everything."""

    severity = forms.ChoiceField(
        label=_("Severity"), required=False, choices=[("", _("all")), *((s.value, SEVERITIES[s]) for s in Severity)]
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("all")), *((kind.value, KINDS[kind]) for kind in Kind)]
    )
    customer = forms.ModelChoiceField(
        label=_("Customer"), required=False, queryset=Customer.objects.none(), to_field_name="key", empty_label=_("all")
    )
    project = forms.ModelChoiceField(
        label=_("Project"), required=False, queryset=Project.objects.none(), to_field_name="key", empty_label=_("all")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        projects = Project.objects.filter(retired_at=None)
        customers = Customer.objects.filter(pk__in=projects.values("customer")).order_by("name")
        self.fields["project"].queryset = projects.order_by("key")  # type: ignore[attr-defined]  # ModelChoiceFields
        self.fields["customer"].queryset = customers  # type: ignore[attr-defined]

    def shows(self, finding: Finding) -> bool:
        """Whether the finding is one of those asked for; only after `is_valid`."""
        asked = self.cleaned_data
        return asked["severity"] in ("", finding.severity) and asked["kind"] in ("", finding.kind)

    def asks_for(self, project: Project) -> bool:
        """Whether the project is looked at; only after `is_valid`."""
        asked = self.cleaned_data
        return asked["project"] in (None, project) and asked["customer"] in (None, project.customer)
