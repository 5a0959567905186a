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
from portal.models import Person, Project
from routing.attachments.forms import AttachmentsField
from routing.incidents.models import Incident, Status

PRIORITIES = labels.choices(labels.PRIORITY)
KINDS = {Incident.Kind.INCIDENT: _("incidents"), Incident.Kind.REQUEST: _("requests")}


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
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("all")), *((k.value, KINDS[k]) for k in Incident.Kind)]
    )
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
    """A note, files, or both. Of the provider's people `public` is asked; customers write to them."""

    text = forms.CharField(label=_("Note"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
    attachments = AttachmentsField()
    public = forms.BooleanField(required=False)

    def __init__(self, *args: Any, writer: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not writer.is_staff:
            self.fields["text"].label = _("Your message")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("text") and not given.get("attachments") and not self.errors:
            self.add_error("text", _("Write something, or attach a file."))
        return given


class WaitForm(forms.Form):
    """What is waited for: the customer's answer, a date, or whichever comes first."""

    question = forms.CharField(
        label=_("What does the customer have to answer?"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The customer reads this, and is told by e-mail. Empty: only the date is waited for."),
    )
    until = InstantField(
        label=_("Go on in any case at (optional)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["until"]
        if until is not None and until <= self.now:
            raise forms.ValidationError(_("That instant has passed."))
        return until

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("question") and not given.get("until") and not self.errors:
            self.add_error("question", _("Ask something, or name a date."))
        return given


class ReopenForm(forms.Form):
    """Why an incident is not over."""

    remark = forms.CharField(label=_("What is still wrong?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class ReasonForm(forms.Form):
    """Why an incident is resolved."""

    reason = forms.CharField(
        label=_("What was the cause, and what was done?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class RemarkForm(forms.Form):
    """An optional remark with an action."""

    remark = forms.CharField(label=_("Remark for them (optional)"), max_length=1000, required=False)
