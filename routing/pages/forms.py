"""What people may send to the pages."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from matrix import labels
from matrix.models import Topic
from matrix.terms import Priority
from portal.models import Project
from routing.incidents.models import Status

PRIORITIES = labels.choices(labels.PRIORITY)


class InstantField(forms.Field):
    """An instant: with an offset (a space where "+" belongs is meant as one), or local to the reader without."""

    default_error_messages = {"invalid": _("Enter a date and a time.")}

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "").strip()
        if not text:
            return None
        head, space, offset = text.rpartition(" ")
        if space and "T" in head and offset.replace(":", "").isdigit():
            text = f"{head}+{offset}"
        try:
            parsed = parse_datetime(text)
            instant = make_aware(parsed) if parsed and is_naive(parsed) else parsed
        except ValueError:
            instant = None
        if instant is None or not 2000 <= instant.year <= 2100:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return instant


class AskForm(forms.Form):
    """What the contact card is asked: a priority (Blocker where nothing is said) or a topic, now or at an instant."""

    priority = forms.ChoiceField(choices=PRIORITIES, required=False)
    topic = forms.ModelChoiceField(queryset=Topic.objects.all(), to_field_name="key", required=False)
    at = InstantField(required=False)

    def clean_priority(self) -> Priority:
        return Priority(self.cleaned_data["priority"] or Priority.BLOCKER)


class IncidentFilter(forms.Form):
    """The list's filter; without a status what is open is shown."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("open")), ("all", _("all")), *Status.choices]
    )
    priority = forms.ChoiceField(label=_("Priority"), required=False, choices=[("", _("all")), *PRIORITIES])
    project = forms.ModelChoiceField(
        label=_("Project"),
        queryset=Project.objects.none(),
        to_field_name="key",
        required=False,
        empty_label=_("all"),
    )

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]  # a ModelChoiceField, see above


class NoteForm(forms.Form):
    """A note; `public` is only asked of the provider's people."""

    text = forms.CharField(label=_("Note"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
    public = forms.BooleanField(required=False)


class ReasonForm(forms.Form):
    """Why an incident is resolved."""

    reason = forms.CharField(
        label=_("What was the cause, and what was done?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class RemarkForm(forms.Form):
    """An optional remark with an action."""

    remark = forms.CharField(max_length=1000, required=False)
