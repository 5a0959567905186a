"""What people send when they report something or ask for something."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from portal.hours import Period
from portal.models import Person
from routing.attachments.forms import AttachmentsField

from .forms import PRIORITIES, InstantField

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


def new_key() -> str:
    """What tells one form from the next: sent twice, it is one report."""
    return secrets.token_urlsafe(16)


def span_text(period: Period) -> str:
    """A time to meet, in the reader's zone: from when until when."""
    begins = date_format(timezone.localtime(period.start), "DATETIME_FORMAT")
    return f"{begins} – {date_format(timezone.localtime(period.end), 'TIME_FORMAT')}" if period.end else begins


def own_time(label: "StrPromise") -> InstantField:
    """A time that somebody enters themselves."""
    return InstantField(label=label, required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))


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


class TimesFields(forms.Form):
    """When: one of the times `proposed`, or up to three of one's own. Cleans to `times`, at least one, in order."""

    OWN = "own"

    when = forms.ChoiceField(
        label=_("When would it suit you?"),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("This time is not free any more. Please choose another.")},
    )
    own_1 = own_time(_("Your first choice"))
    own_2 = own_time(_("or"))
    own_3 = own_time(_("or"))

    def __init__(self, *args: Any, proposed: Sequence[Period], now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        known = [(period.start.isoformat(), span_text(period)) for period in proposed]
        self.fields["when"].choices = [*known, (self.OWN, _("Other times"))]  # type: ignore[attr-defined]
        if not known:
            self.initial["when"] = self.OWN

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        when = given.get("when")
        if when and when != self.OWN:
            return {**given, "times": [datetime.fromisoformat(when)]}
        own = [at for name in ("own_1", "own_2", "own_3") if (at := given.get(name))]
        if when and not own and not self.errors:
            self.add_error("own_1", _("Please enter at least one time."))
        if any(at <= self.now for at in own):
            self.add_error("own_1", _("A time that is over does not help."))
        return {**given, "times": sorted(set(own))}


class AppointmentForm(TimesFields, RequestForm):
    """A request for an appointment."""


class DeskRequestForm(DeskFields, RequestForm):
    """A request as the provider's people log it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reporter"].label = _("Who asks for it?")
        self.fields["take"].label = _("I take it myself; nobody else is told")


class DeskAppointmentForm(DeskFields, TimesFields, RequestForm):
    """A request for an appointment as the provider's people log it."""
