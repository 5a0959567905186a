"""What a person may choose to be told by e-mail."""

from typing import Any

from django import forms
from django.utils.text import capfirst

from portal.models import Person

from .models import Kind
from .services import choices_of, choose


class NoticeChoicesForm(forms.Form):
    """One box per kind of notice; shown by `includes/notice_choices.html`."""

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        for kind, wanted in choices_of(person).items():
            self.fields[kind] = forms.BooleanField(label=capfirst(Kind(kind).label), required=False, initial=wanted)

    def save(self) -> None:
        """Keep what was chosen; only after `is_valid`."""
        choose(by=self.person, wanted=self.cleaned_data)
