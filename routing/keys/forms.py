"""What may be asked about intake keys."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from matrix.terms import Priority
from portal.models import Project
from routing.intake.formats import FORMATS
from routing.intake.keys import LONGEST_OVERLAP
from routing.intake.models import IntakeKey
from routing.pages.forms import PRIORITIES, InstantField

from .formats import SETUPS

MOST_RULES = 50
MOST_PER_MINUTE = 100_000
LONGEST_BODY = 200_000
NAMES = {str(label).lower(): priority for priority, label in PRIORITIES} | {value: value for value in Priority}


class RulesField(forms.CharField):
    """Lines such as `warning = minor`; becomes a mapping of severity to priority."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> dict[str, str]:  # type: ignore[override]  # a text becomes a mapping
        if isinstance(value, dict):
            return value
        rules: dict[str, str] = {}
        for line in filter(None, (line.strip() for line in str(value or "").splitlines())):
            severity, equals, priority = (part.strip().lower() for part in line.partition("="))
            if not severity or not equals or priority not in NAMES:
                raise forms.ValidationError(
                    _("“%(line)s” is no rule. Write one a line, such as warning = minor."), params={"line": line[:60]}
                )
            if rules.setdefault(severity, str(NAMES[priority])) != NAMES[priority]:
                raise forms.ValidationError(_("There are two rules for “%(word)s”."), params={"word": severity[:60]})
        if len(rules) > MOST_RULES:
            raise forms.ValidationError(_("Fifty rules at most."))
        return rules

    def validate(self, value: Any) -> None:
        """What is empty has no rule."""

    def run_validators(self, value: Any) -> None:
        """Each line was looked at as it was read."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{k} = {v}" for k, v in value.items()) if isinstance(value, dict) else value


class WhyForm(forms.Form):
    """Why something is done; who comes later reads it."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    why = forms.CharField(label=_("Why?"), max_length=300, help_text=_("Stands in the list of changes."))

    def clean_seen(self) -> int:
        return self.cleaned_data["seen"] or 0


class KeyForm(WhyForm):
    """How a key is called, and how its signals become priorities."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("How timelines name the sender, such as “Prometheus Frankfurt”.")
    )
    default_priority = forms.ChoiceField(
        label=_("Default priority"),
        choices=PRIORITIES,
        initial=Priority.CRITICAL,
        help_text=_("Where a signal names neither a priority nor a severity that is known."),
    )
    severity_map = RulesField(
        label=_("Rules: severity = priority"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("One a line, such as warning = minor. They go before the usual meaning of the words."),
    )
    rate_per_minute = forms.IntegerField(
        label=_("Posts per minute at most"),
        required=False,
        min_value=1,
        max_value=MOST_PER_MINUTE,
        help_text=_("Empty: as for the whole installation."),
    )
    field_order = ["project", "name", "default_priority", "severity_map", "rate_per_minute", "why"]

    @classmethod
    def of(cls, key: IntakeKey) -> dict[str, Any]:
        """What the form shows of a key."""
        return {name: getattr(key, name) for name in ("name", "default_priority", "severity_map", "rate_per_minute")}


class NewKeyForm(KeyForm):
    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), to_field_name="key", empty_label=_("Please choose")
    )

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]  # a ModelChoiceField, see above


class RotateForm(WhyForm):
    until = InstantField(
        label=_("The present token works until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Enter the new token in the monitoring system before then. 90 days ahead at most."),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_until(self) -> datetime:
        until: datetime = self.cleaned_data["until"]
        # What the field offers has no seconds: the minute that runs is as good as now.
        if not self.now - timedelta(minutes=1) <= until <= self.now + LONGEST_OVERLAP:
            raise forms.ValidationError(_("Choose an instant between now and 90 days from now."))
        return max(until, self.now)


class TrialForm(forms.Form):
    """A body as monitoring would post it, and the instant at which it would arrive."""

    format = forms.ChoiceField(label=_("Format"))
    at = InstantField(
        label=_("Would arrive at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: now."),
    )
    body = forms.CharField(
        label=_("Event (JSON)"),
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(name, SETUPS[name].label) if name in SETUPS else (name, name) for name in FORMATS]
        self.fields["format"].choices = known  # type: ignore[attr-defined]  # a choice field
