"""What people send when they report something or ask for something."""

import secrets
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.models import Person
from routing.attachments.forms import AttachmentsField

from .forms import PRIORITIES


def new_key() -> str:
    """What tells one form from the next: sent twice, it is one report."""
    return secrets.token_urlsafe(16)


class MatterForm(forms.Form):
    """What every report and every request says. `key` is the form's own, so that it counts once."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    title = forms.CharField(
        label=_("What is wrong?"), max_length=200, help_text=_("One sentence, as you would say it on the phone.")
    )
    description = forms.CharField(
        label=_("Details"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Since when, who is affected, what was changed before, and where we can call you back."),
    )
    attachments = AttachmentsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", new_key())


class ReportForm(MatterForm):
    """A new incident."""

    priority = forms.ChoiceField(label=_("How bad is it?"), choices=PRIORITIES, widget=forms.RadioSelect)


class DeskFields(forms.Form):
    """What the provider's people say beside it, who log what somebody told them."""

    reporter = forms.ModelChoiceField(
        label=_("Who reports it?"), queryset=Person.objects.none(), required=False, empty_label=_("nobody named")
    )
    take = forms.BooleanField(label=_("I take it myself; nobody else is called"), required=False)

    def __init__(self, *args: Any, contacts: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reporter"].queryset = contacts  # type: ignore[attr-defined]  # a ModelChoiceField, see above


class DeskReportForm(DeskFields, ReportForm):
    """A new incident as the provider's people log it."""


class RequestForm(MatterForm):
    """Something that is asked for and is no incident."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].label = _("What would you like?")
        self.fields["title"].help_text = _("One sentence.")
        self.fields["description"].help_text = _("What we should know, and until when you need it.")


class DeskRequestForm(DeskFields, RequestForm):
    """A request as the provider's people log it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reporter"].label = _("Who asks for it?")
        self.fields["take"].label = _("I take it myself; nobody else is told")
