"""What the log is asked; the question stands in the address."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from portal.models import AuditEntry, Person

from .names import OBJECTS, find_objects, the_portal
from .queries import Question

LARGEST = 2**63 - 1
THE_PORTAL = "0"


class QuestionForm(forms.Form):
    """By kind, by who did it, by object (words, or exactly one), and by days of the reader's zone, both included."""

    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("all")), *AuditEntry.Kind.choices])
    by = forms.ChoiceField(label=_("Done by"), required=False)
    object = forms.CharField(
        label=_("Object"), required=False, max_length=100, help_text=_("A person, project, customer, team, rota …")
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    about = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = Person.objects.filter(is_staff=True).order_by("name").values_list("pk", "name")
        by: Any = self.fields["by"]
        by.choices = [("", _("anybody")), (THE_PORTAL, the_portal()), *((str(pk), name) for pk, name in staff)]

    def clean_object(self) -> str:
        words: str = self.cleaned_data["object"]
        return words.strip()

    def clean_about(self) -> tuple[str, int] | None:
        kind, _colon, number = self.cleaned_data["about"].partition(":")
        if kind in OBJECTS and number.isascii() and number.isdecimal() and int(number) <= LARGEST:
            return kind, int(number)
        if kind:
            raise ValidationError(_("There is no such object."))
        return None

    def question(self) -> Question:
        """What is asked, once the form is valid."""
        given = self.cleaned_data
        about = (given["about"],) if given["about"] else find_objects(given["object"]) if given["object"] else None
        return Question(
            since=_midnight(given["since"]),
            until=_midnight(given["until"], days=1),
            kind=given["kind"],
            by=int(given["by"]) if given["by"] else None,
            about=about,
        )


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    if day is None or not date(2000, 1, 1) <= day <= date(2100, 1, 1):
        return None
    return make_aware(datetime.combine(day + timedelta(days=days), datetime.min.time()))
