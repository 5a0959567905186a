"""The filter of a report's list: the same questions its figures answer."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from matrix import labels

from .figures import Outcome, Which
from .wording import OUTCOME

ANY = [("", _("any"))]
OUTCOMES = [(outcome.value, label) for outcome, label in OUTCOME.items()]


class ListFilter(forms.Form):
    """What is not understood of it filters nothing; the form shows what was."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("incidents")), ("request", _("requests"))]
    )
    priority = forms.ChoiceField(label=_("Priority"), required=False, choices=[*ANY, *labels.choices(labels.PRIORITY)])
    response = forms.ChoiceField(label=_("Response"), required=False, choices=[*ANY, *OUTCOMES])
    resolution = forms.ChoiceField(
        label=_("Resolution"),
        required=False,
        choices=[*ANY, *(each for each in OUTCOMES if each[0] != Outcome.LAPSED)],
    )
    answered = forms.BooleanField(label=_("answered"), required=False)
    to_backup = forms.BooleanField(label=_("escalated to backup"), required=False)
    called_out = forms.BooleanField(label=_("with a call-out"), required=False)

    def __init__(self, data: Any, *, projects: Iterable[str]) -> None:
        super().__init__(data)
        choices = [*ANY, *((key, key) for key in projects)]
        self.fields["project"] = forms.ChoiceField(label=_("Project"), required=False, choices=choices)

    def which(self) -> Which:
        self.is_valid()
        wanted = self.cleaned_data
        return Which(
            request=wanted.get("kind") == "request",
            priority=wanted.get("priority") or "",
            project=wanted.get("project") or "",
            response=Outcome(wanted["response"]) if wanted.get("response") else None,
            resolution=Outcome(wanted["resolution"]) if wanted.get("resolution") else None,
            answered=bool(wanted.get("answered")),
            to_backup=bool(wanted.get("to_backup")),
            called_out=bool(wanted.get("called_out")),
        )


def query_of(which: Which) -> str:
    """The address' query that `ListFilter` reads back as `which`."""
    said = {
        "kind": "request" if which.request else "",
        "priority": which.priority,
        "project": which.project,
        "response": which.response or "",
        "resolution": which.resolution or "",
        "answered": "1" if which.answered else "",
        "to_backup": "1" if which.to_backup else "",
        "called_out": "1" if which.called_out else "",
    }
    return urlencode({name: value for name, value in said.items() if value})
