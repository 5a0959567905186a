"""Who takes over each place of a person who leaves."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.master_data.forms import ReasonForm, colleagues
from portal.models import Person

from .queries import Place

GIVEN_UP = _("nobody: it is given up, the others move up")
AS_ABOVE = _("whoever is chosen above for everything")


class DepartureForm(ReasonForm):
    """One choice for everything, and one for each place where it is to be somebody else."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    everything = forms.ChoiceField(
        label=_("Takes over everything"),
        required=False,
        help_text=_("Where nobody else is chosen below. Empty: choose for each place."),
    )

    def __init__(self, *args: Any, person: Person, places: Sequence[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        self.people = {each.pk: each for each in colleagues().exclude(pk=person.pk)}
        names = [(str(pk), each.name) for pk, each in self.people.items()]
        self.fields["seen"].initial = " ".join(sorted(place.key for place in places))
        self.fields["everything"].choices = [("", "–"), *names]  # type: ignore[attr-defined]  # a ChoiceField
        for place in places:
            nobody = [] if place.needs else [("nobody", GIVEN_UP)]
            choices = [("", AS_ABOVE), *nobody, *names]
            self.fields[place.key] = forms.ChoiceField(
                label=place.name, required=False, choices=choices, help_text=place.needs
            )
        self.order_fields(["seen", "everything", *(place.key for place in places), "why"])

    def clean(self) -> dict[str, Any]:
        """Every place is decided: whoever overlooks one is told, instead of giving it up."""
        sent = super().clean() or {}
        for place in self.places:
            if not sent.get(place.key) and not sent.get("everything"):
                text = (
                    _("Choose who takes over.") if place.needs else _("Choose who takes over, or that it is given up.")
                )
                self.add_error(place.key, text)
        return sent

    def seen_places(self) -> frozenset[str]:
        return frozenset(self.cleaned_data["seen"].split())

    def chosen(self) -> dict[str, Person]:
        """Place → who takes it over; places that are given up are missing."""
        sent = self.cleaned_data
        found = {place.key: sent.get(place.key) or sent.get("everything") for place in self.places}
        return {key: self.people[int(pk)] for key, pk in found.items() if pk and pk != "nobody"}
