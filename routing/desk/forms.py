"""What of the open incidents the desk shows."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from matrix import labels
from oncall.models import Rota
from portal.models import Customer, Project, Team
from routing.incidents.models import OPEN_STATUSES

PRIORITIES = labels.choices(labels.PRIORITY)
STATUSES = [
    ("", _("all")),
    ("answered", _("answered by the customer")),
    *((status.value, status.label) for status in OPEN_STATUSES),
]
WHOSE = [("", _("everything open")), ("mine", _("mine")), ("nobody", _("nobody's yet"))]
FOLDED = ("status", "priority", "project", "customer", "team", "rota")
"""Fields that stand folded away until one of them is used."""


def _one_of(label: Any, rows: Any, key: str) -> forms.ModelChoiceField[Any]:
    return forms.ModelChoiceField(label=label, queryset=rows, to_field_name=key, required=False, empty_label=_("all"))


class DeskFilter(forms.Form):
    """The filter stands in the address: a bookmark keeps it. What it does not know it leaves out."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    whose = forms.ChoiceField(label=_("Whose"), required=False, choices=WHOSE)
    status = forms.ChoiceField(label=_("Status"), required=False, choices=STATUSES)
    priority = forms.ChoiceField(label=_("Priority"), required=False, choices=[("", _("all")), *PRIORITIES])
    project = _one_of(_("Project"), Project.objects.order_by("key"), "key")
    customer = _one_of(_("Customer"), Customer.objects.order_by("name"), "key")
    team = _one_of(_("Team"), Team.objects.order_by("name"), "slug")
    rota = _one_of(_("Rota"), Rota.objects.order_by("name"), "slug")

    @property
    def wanted(self) -> dict[str, Any]:
        """What was understood of the address."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def uses_folded(self) -> bool:
        return any(name in self.wanted for name in FOLDED)

    @property
    def folded(self) -> list[forms.BoundField]:
        return [self[name] for name in FOLDED]
