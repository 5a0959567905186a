"""What may be asked of the simulator."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from matrix.terms import Priority
from portal.models import Person, Project
from routing.decision import Source
from routing.pages.forms import PRIORITIES, InstantField

from .simulation import ANSWERED_AFTER

LONGEST = 24 * 60
SOURCES = [(Source.CUSTOMER.value, _("the customer or the desk")), (Source.MONITORING.value, _("monitoring"))]


class QuestionForm(forms.Form):
    """Project, priority, source and instant; without an instant it is now."""

    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), to_field_name="key", empty_label=_("Please choose")
    )
    priority = forms.ChoiceField(label=_("Priority"), choices=PRIORITIES, required=False)
    source = forms.ChoiceField(label=_("Reported by"), choices=SOURCES, required=False)
    at = InstantField(
        label=_("Reported at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: now. For an instant that has passed, the answer is what was known then."),
    )

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]  # a ModelChoiceField, see above

    def clean_priority(self) -> Priority:
        return Priority(self.cleaned_data["priority"] or Priority.BLOCKER)

    def clean_source(self) -> Source:
        return Source(self.cleaned_data["source"] or Source.CUSTOMER)


class AssumptionsForm(forms.Form):
    """Who answers and who is away. What is offered depends on the question's own course."""

    call = forms.TypedChoiceField(label=_("Who answers?"), required=False, coerce=int, empty_value=None)
    after = forms.IntegerField(
        label=_("… after how many minutes"),
        required=False,
        min_value=0,
        max_value=LONGEST,
        initial=ANSWERED_AFTER // timedelta(minutes=1),
    )
    absent = forms.ModelMultipleChoiceField(
        label=_("Who is away from then on?"),
        required=False,
        queryset=Person.objects.none(),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, people: QuerySet[Person], calls: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["absent"].queryset = people  # type: ignore[attr-defined]  # as above
        self.fields["call"].choices = [("", _("nobody")), *calls]  # type: ignore[attr-defined]  # a choice field
