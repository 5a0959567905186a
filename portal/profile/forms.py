"""What people say about themselves."""

from typing import Any

from django import forms

from portal.models import Person

from .zones import zone_choices


class ProfileForm(forms.ModelForm[Person]):
    """Name, language and time zone. The address is the login name, which only the provider changes."""

    class Meta:
        model = Person
        fields = ("name", "language", "zone")
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Names of zones by themselves would be two thirds of the page; a group says the continent once.
        self.fields["zone"] = forms.ChoiceField(
            label=self.fields["zone"].label, choices=zone_choices(self.instance.zone)
        )
