"""What is asked about a contact, and of somebody who was invited."""

from collections.abc import Iterable
from datetime import time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.models import Person, Project
from portal.numbers import InvalidNumber, e164

from . import reachable
from .authority import Authority
from .details import RIGHTS, Details

MOST_NUMBERS = 3
MOST_LINES = 20
"""The same number may be written twice; but what is longer is not even looked at."""
DAYS: list[tuple[str, str | Promise]] = [
    ("", _("at any hour")),
    ("0-4", _("Monday to Friday")),
    ("0-5", _("Monday to Saturday")),
    ("0-6", _("every day")),
]
PLACES = [("", _("not called back")), *((str(place), str(place)) for place in range(1, 10))]


class NumbersField(forms.CharField):
    """Phone numbers, one a line, as people write them; becomes a list in E.164."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> tuple[str, ...]:  # type: ignore[override]  # a text becomes numbers
        if isinstance(value, list | tuple):
            return tuple(value)
        lines = [line for line in str(value or "").splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(_("Three numbers at most."))
        return tuple(dict.fromkeys(map(_number, lines)))

    def validate(self, value: Any) -> None:
        if len(value) > MOST_NUMBERS:
            raise forms.ValidationError(_("Three numbers at most."))

    def run_validators(self, value: Any) -> None:
        """Each number was looked at as it was read."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value


def _number(text: str) -> str:
    message = gettext("“%(number)s” is no phone number. Write it with the area code, such as +49 40 123456.")
    try:
        return e164(text)
    except InvalidNumber:
        raise forms.ValidationError(message % {"number": text.strip()}) from None


class ContactForm(forms.Form):
    """A contact's rights, projects and call-back, offering what `authority` may grant and nothing else."""

    company = forms.CharField(
        label=_("Company, if it is another"),
        max_length=160,
        required=False,
        help_text=_("For an agency's or a supplier's people."),
    )
    can_report = forms.BooleanField(label=_("may report incidents and write notes"), required=False)
    can_order = forms.BooleanField(label=_("may order: changes, extensions, offers"), required=False)
    can_manage_contacts = forms.BooleanField(label=_("may manage contacts: invite, change, dismiss"), required=False)
    projects = forms.MultipleChoiceField(
        label=_("Only these projects"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    phones = NumbersField(
        label=_("Numbers to be called back on"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=_("One a line, the first is tried first. Only the provider and whoever manages contacts see them."),
    )
    call_back_order = forms.ChoiceField(
        label=_("Place in the order of call-back"),
        required=False,
        choices=PLACES,
        help_text=_("Whom the provider calls back first, second, …"),
    )
    days = forms.ChoiceField(label=_("May be called back"), required=False, choices=DAYS)
    opens = forms.TimeField(label=_("from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    closes = forms.TimeField(label=_("to"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))

    def __init__(
        self, *args: Any, authority: Authority, projects: Iterable[Project], details: Details, **kwargs: Any
    ) -> None:
        super().__init__(*args, **{**kwargs, "initial": _initial(details)})
        self.authority = authority
        self.details = details
        for right in RIGHTS:
            if right not in authority.rights:
                del self.fields[right]
        offered = [
            (project.key, f"{project.key} · {project.name}")
            for project in projects
            if authority.projects is None or project.key in authority.projects
        ]
        self.fields["projects"].choices = offered  # type: ignore[attr-defined]  # a MultipleChoiceField, see above
        self.fields["projects"].help_text = (
            _("None chosen: all projects, those to come too.") if authority.projects is None else ""
        )
        if details.hours == reachable.KEEP:
            self.fields["days"].choices = [(reachable.KEEP, _("as agreed with the provider")), *DAYS]  # type: ignore[attr-defined]  # a ChoiceField, see above

    def clean_projects(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["projects"]
        if not chosen and self.authority.projects is not None:
            raise forms.ValidationError(_("Choose at least one project: you cannot grant more than you have."))
        return chosen

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        if sent.get("call_back_order") and not sent.get("phones") and "phones" not in self.errors:
            self.add_error("phones", _("Whoever is to be called back needs a number."))
        if sent.get("days") in ("", reachable.KEEP) or "days" in self.errors:
            return sent
        for end in ("opens", "closes"):
            if sent.get(end) is None and end not in self.errors:
                self.add_error(end, _("Enter a time."))
        if sent.get("opens") is not None and sent.get("opens") == sent.get("closes"):
            self.add_error("closes", _("From and to are the same."))
        return sent

    def wanted(self) -> Details:
        """What a valid form asks for."""
        sent = self.cleaned_data
        days = sent["days"]
        hours = reachable.write(days, sent["opens"], sent["closes"]) if days not in ("", reachable.KEEP) else days
        return Details(
            company=sent["company"],
            **{right: bool(sent.get(right)) for right in RIGHTS},
            projects=tuple(sorted(sent["projects"])),
            phones=sent["phones"],
            call_back_order=int(sent["call_back_order"]) if sent["call_back_order"] else None,
            hours=hours,
        )


def _initial(details: Details) -> dict[str, Any]:
    found = reachable.read(details.hours)
    days, opens, closes = found or (details.hours, time(9), time(17))
    return {
        **details.to_json(),
        "projects": list(details.projects),
        "call_back_order": str(details.call_back_order or ""),
        "days": days,
        "opens": opens.strftime("%H:%M"),
        "closes": closes.strftime("%H:%M"),
    }


class InviteForm(ContactForm):
    """The same, with whom to invite."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("The invitation goes there, and the person signs in with it."),
    )
    language = forms.ChoiceField(label=_("Language of the invitation"), choices=settings.LANGUAGES)

    field_order = ("name", "email", "language")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class WelcomeForm(forms.Form):
    """The first password of somebody who was invited."""

    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least eight characters, not only digits, and none of the common ones."),
    )
    password2 = forms.CharField(
        label=_("Password (again)"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = Person(email=email, name=name)

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, self.person)
        return password

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        first, second = sent.get("password1"), sent.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("You must type the same password each time."))
        return sent
