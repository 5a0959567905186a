"""What is written down during a call."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core import signing
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import Contact, Person
from portal.search import is_whole, number_of
from routing.incidents.models import Incident
from routing.pages.forms import PRIORITIES, InstantField
from routing.pages.report_forms import TimesFields, new_key

LOCAL = "%Y-%m-%dT%H:%M:%S"
"""How a browser writes a local time."""
EARLIEST = timedelta(days=31)
PROOF_VALID = timedelta(hours=1)


class CallForm(forms.Form):
    """A call, written down at `at`. `opened` is when the page was opened; without another time the call began then.

    `joining` is a call about an open incident: all that is asked then is what the caller said, if anything.
    """

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    opened = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    title = forms.CharField(
        label=_("What is wrong?"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    priority = forms.ChoiceField(label=_("How bad is it?"), choices=PRIORITIES, widget=forms.RadioSelect)
    description = forms.CharField(
        label=_("Details"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The customer reads this. Since when, who is affected, what was changed before?"),
    )
    name = forms.CharField(
        label=_("Who is calling?"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=_("Number for call-back"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    pin = forms.CharField(
        label=_("PIN of the caller"),
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    proof = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    began_at = InstantField(
        label=_("Call began at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format=LOCAL),
        help_text=_("The response clock counts from then."),
    )
    related = forms.ModelMultipleChoiceField(queryset=Incident.objects.none(), required=False)

    def __init__(
        self,
        *args: Any,
        at: datetime,
        since: datetime,
        open_incidents: QuerySet[Incident],
        joining: bool = False,
        topic: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        self.initial.setdefault("key", new_key())
        self.initial["opened"] = since.isoformat()
        self.initial["began_at"] = timezone.localtime(since).strftime(LOCAL)
        self.fields["related"].queryset = open_incidents  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
        if topic:
            self.fields["title"].label = _("What would they like?")
            del self.fields["priority"]
        if joining:
            for field in self.fields.values():
                field.required = False

    def clean_phone(self) -> str:
        """In E.164; empty where there is none."""
        written: str = self.cleaned_data["phone"]
        number = number_of(written)
        if written and not is_whole(number):
            raise forms.ValidationError(_("This is no phone number. Write it with the area code, or leave it empty."))
        return number

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        if "began_at" not in self.errors:
            began_at = self._began_at(sent)
            if began_at > self.at + timedelta(minutes=1):
                self.add_error("began_at", _("The call cannot have begun later than now."))
            elif began_at < self.at - EARLIEST:
                self.add_error("began_at", _("That is more than a month ago."))
            sent["began_at"] = min(began_at, self.at)
        return sent

    def _began_at(self, sent: dict[str, Any]) -> datetime:
        """Unchanged it is the instant itself, whose local time may come twice on one night of the year."""
        opened = _instant(sent.get("opened", ""))
        entered: datetime | None = sent.get("began_at")
        if entered is None:
            return opened or self.at
        if opened and timezone.localtime(opened).strftime(LOCAL) == timezone.localtime(entered).strftime(LOCAL):
            return opened
        later = timezone.localtime(entered).replace(fold=1).astimezone(ZoneInfo("UTC"))
        return later if later <= self.at else entered


class CallAppointmentForm(TimesFields, CallForm):
    """A call by somebody who would like to meet."""


class PinForm(forms.Form):
    """A PIN that a contact says on the phone."""

    contact = forms.ModelChoiceField(queryset=Contact.objects.none())
    pin = forms.CharField(max_length=12)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].queryset = Contact.objects.current().filter(person__is_active=True)  # type: ignore[attr-defined]  # a ModelChoiceField


def proof_of(contact: Contact, reader: Person) -> str:
    """What says, for a while, that `reader` has heard the contact's PIN."""
    return signing.dumps([contact.pk, reader.pk], salt="calls.pin")


def proves(proof: str, contact: Contact, reader: Person) -> bool:
    """Whether `proof` is of this contact and this reader, and not too old."""
    try:
        said = signing.loads(proof, salt="calls.pin", max_age=PROOF_VALID)
    except signing.BadSignature:
        return False
    return bool(said == [contact.pk, reader.pk])


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo and 2000 <= instant.year <= 2100 else None
