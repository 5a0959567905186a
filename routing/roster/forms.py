"""What is asked about a change of a roster."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oncall.models import LINES, Rota
from portal.models import Person, Project
from routing.duty.forms import MomentField, later_reading

LONGEST = timedelta(days=400)
PLACES = 12
"""Members of a line that a form has room for."""
WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
RESERVED = frozenset({"new", "cover", "overrides", "absences"})


class ReasonForm(forms.Form):
    """Why it is changed: everybody who looks later reads it."""

    reason = forms.CharField(
        label=_("Why is this changed?"),
        max_length=300,
        help_text=_("Stays on record with your name. No illness: that would be health data."),
    )


class PeriodForm(forms.Form):
    """A period that has not ended; what of it has passed stays as it was."""

    begins = MomentField(label=_("From"))
    ends = MomentField(label=_("Until"))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        begins, ends = given.get("begins"), given.get("ends")
        if not begins or not ends:
            return given
        if ends <= begins:
            ends = given["ends"] = later_reading(ends)
        if ends <= begins:
            self.add_error("ends", gettext("The end has to be after the beginning."))
        elif ends <= self.now:
            self.add_error("ends", gettext("That has passed already. Only what is to come can be changed."))
        elif ends - begins > LONGEST:
            self.add_error("ends", gettext("That is more than a year. Check the dates."))
        given["begins"] = max(begins, self.now)
        return given


def people_choices(people: Iterable[Person], *, free: str = "") -> list[tuple[str, str]]:
    return [("", free or gettext("Please choose")), *((str(person.pk), person.name) for person in people)]


class PersonField(forms.TypedChoiceField):
    """One of the people that are offered."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, empty_value=None, **kwargs)


class OverrideForm(PeriodForm):
    """Who holds which line instead, and when."""

    line = forms.ChoiceField(label=_("Line"), choices=LINES)
    person = PersonField(label=_("Who takes over"))
    field_order = ("line", "person", "begins", "ends")

    def __init__(self, *args: Any, people: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.pk: person for person in people}
        self.fields["person"].choices = people_choices(people)  # type: ignore[attr-defined]

    def clean_person(self) -> Person:
        return self.people[self.cleaned_data["person"]]


class CoverForm(PeriodForm):
    """Who is away and when, and who takes over all their duty meanwhile."""

    person = PersonField(label=_("Who is away"))
    instead = PersonField(label=_("Who takes over"), required=False)
    field_order = ("person", "instead", "begins", "ends")

    def __init__(self, *args: Any, people: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.pk: person for person in people}
        self.fields["person"].choices = people_choices(people)  # type: ignore[attr-defined]
        nobody = gettext("nobody named: the backup moves up")
        self.fields["instead"].choices = people_choices(people, free=nobody)  # type: ignore[attr-defined]

    def clean_person(self) -> Person:
        return self.people[self.cleaned_data["person"]]

    def clean_instead(self) -> Person | None:
        chosen = self.cleaned_data["instead"]
        return self.people[chosen] if chosen else None

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("person") and given.get("person") == given.get("instead"):
            self.add_error("instead", gettext("Choose somebody else than the one who is away."))
        return given


class RotationForm(forms.Form):
    """Who takes turns on a line from a day on, and when duty changes hands."""

    line = forms.ChoiceField(label=_("Line"), choices=LINES)
    begins = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("From the handover of this day on; the first in the list begins."),
    )
    period_days = forms.IntegerField(
        label=_("Handover every … days"), min_value=1, max_value=56, help_text=_("1 is daily, 7 is weekly.")
    )
    handover_weekday = forms.TypedChoiceField(
        label=_("Handover on"),
        choices=WEEKDAYS,
        coerce=int,
        help_text=_("Only where the period is whole weeks."),
    )
    handover_time = forms.TimeField(
        label=_("Handover at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(
        self, *args: Any, people: Sequence[Person], members: Sequence[int], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people, self.today = {person.pk: person for person in people}, today
        choices = people_choices(people, free="–")
        for place in range(max(PLACES, len(members))):
            number = place + 1
            self.fields[f"member{number}"] = PersonField(
                label=gettext("%(number)d. in turn") % {"number": number},
                choices=choices,
                required=False,
                initial=members[place] if place < len(members) else "",
            )

    @property
    def places(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("member")]

    def clean_begins(self) -> date:
        begins: date = self.cleaned_data["begins"]
        if begins < self.today:
            raise forms.ValidationError(gettext("That has passed already. Only what is to come can be changed."))
        if begins > self.today + LONGEST:
            raise forms.ValidationError(gettext("That is more than a year ahead. Check the date."))
        return begins

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        chosen = [given[name] for name in self.fields if name.startswith("member") and given.get(name)]
        if not chosen and not self.errors:
            self.add_error("member1", gettext("Choose at least one person."))
        if len(set(chosen)) < len(chosen):
            self.add_error("member1", gettext("Somebody is in the list twice. Each person takes one place."))
        given["members"] = [self.people[pk] for pk in chosen]
        return given


class EndForm(forms.Form):
    """From when on nobody takes turns on a line."""

    line = forms.ChoiceField(label=_("Line"), choices=LINES)
    at = MomentField(label=_("Ends at"))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        return max(at, self.now)


class ProjectsForm(forms.Form):
    """Which projects a rota covers from an instant on."""

    projects = forms.ModelMultipleChoiceField(
        label=_("Projects"),
        queryset=Project.objects.none(),
        to_field_name="key",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": _("Choose at least one project.")},
    )
    begins = MomentField(label=_("From"))

    def __init__(self, *args: Any, projects: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["projects"].queryset = projects  # type: ignore[attr-defined]

    def clean_begins(self) -> datetime:
        begins: datetime = self.cleaned_data["begins"]
        return max(begins, self.now)


class RotaForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a rota is called. Its zone is decided once: another would move every handover."""

    reason = ReasonForm.base_fields["reason"]

    class Meta:
        model = Rota
        fields = ("name", "slug", "public_name_de", "public_name_en", "zone", "duty_number")
        help_texts = {
            "slug": _("In addresses. It cannot be changed later."),
            "public_name_de": _("What customers read instead of a person's name."),
            "zone": _("Handovers are at this zone's time. It cannot be changed later."),
            "duty_number": _("May be published; empty: customers call the hotline."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["slug"], self.fields["zone"]

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED:
            raise forms.ValidationError(gettext("This word is taken by an address. Choose another."))
        return slug


def next_morning(now: datetime) -> datetime:
    """The first eight o'clock that is a night away."""
    local = timezone.localtime(now)
    morning = datetime.combine(local.date(), time(8), tzinfo=local.tzinfo)
    while morning - local < timedelta(hours=6):
        morning = datetime.combine(morning.date() + timedelta(days=1), time(8), tzinfo=local.tzinfo)
    return morning
