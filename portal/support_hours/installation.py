"""The installation's settings: the last resort, the escalation managers, and margins."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import clock
from portal.models import EscalationManager, Installation, Person, RecordedSettings
from portal.profile.zones import zone_choices
from portal.requests import PageRequest, administrators_only, page
from portal.services import ChangedMeanwhile, record, record_settings, retire

SUBJECT = "installation"
MOST_MANAGERS = 6
WHAT_FOR: dict[str, str | Promise] = {
    "name": gettext_lazy("The provider’s name: in mails, in the handbook and on paper."),
    "zone": gettext_lazy("In which zone reports and mails to several people write their times."),
    "switchboard": gettext_lazy("The provider’s published number, shown where no other is."),
    "answer_margin": gettext_lazy(
        "Minutes. So long before the response target the last link that answers must have been called; a matrix that"
        " does not keep to it cannot be published without an accepted reason. Versions in force stay as they are."
    ),
    "last_resort_name": gettext_lazy("Who answers the last resort’s phone: a role or a name."),
    "last_resort_phone": gettext_lazy(
        "Called when a whole chain finds nobody, and when nobody answers in any round. Without it nobody would be."
    ),
}


def fields() -> list[str]:
    """Whatever can be set, in the model's order."""
    return [field.name for field in Installation._meta.concrete_fields if field.editable and not field.primary_key]


class SettingsForm(forms.ModelForm[Installation]):
    """Every field of the installation, with its unit and what it does."""

    class Meta:
        model = Installation
        fields = "__all__"  # noqa: DJ007 -- what can be set is what the model has

    why = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=300,
        help_text=gettext_lazy("Kept with your name, for whoever asks later."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, managers: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in WHAT_FOR.items():
            self.fields[name].help_text = str(text)
        zone = self.instance.zone
        self.fields["zone"] = forms.ChoiceField(
            label=self.fields["zone"].label, choices=zone_choices(zone), initial=zone, help_text=str(WHAT_FOR["zone"])
        )
        for name in ("last_resort_name", "last_resort_phone"):
            self.fields[name].required = True
        self.fields["answer_margin"].widget.attrs |= {"min": 0, "max": 24 * 60}
        staff = Person.objects.filter(is_staff=True, is_active=True).order_by("name")
        choices = [("", _("nobody")), *((str(person.pk), person.name) for person in staff)]
        known = dict(choices)
        choices += [(str(person.pk), person.name) for person in managers if str(person.pk) not in known]
        for place in range(MOST_MANAGERS):
            self.fields[f"manager_{place}"] = forms.ChoiceField(
                label=_("%(place)d. escalation manager") % {"place": place + 1},
                required=False,
                choices=choices,
                initial=str(managers[place].pk) if place < len(managers) else "",
            )
        for name in self.fields.keys() - {"why", "seen"}:
            self.fields[name].show_hidden_initial = True

    def clean_answer_margin(self) -> int:
        margin: int = self.cleaned_data["answer_margin"]
        if margin > 24 * 60:
            raise forms.ValidationError(_("A day at most: 1440 minutes."))
        return margin

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        chosen = self.managers()
        if not chosen:
            self.add_error("manager_0", _("Name at least one escalation manager: an alarm of the portal goes to them."))
        for place in range(MOST_MANAGERS):
            earlier = [sent.get(f"manager_{before}") for before in range(place)]
            if sent.get(f"manager_{place}") and sent[f"manager_{place}"] in earlier:
                self.add_error(f"manager_{place}", _("This person stands further up already."))
        return sent

    def managers(self) -> list[int]:
        """Who is chosen, in order; places left empty close up."""
        sent = [self.cleaned_data.get(f"manager_{place}") for place in range(MOST_MANAGERS)]
        return [int(person) for person in sent if person]

    def merge(self, current: Installation, managers: Sequence[EscalationManager]) -> None:
        """What the reader left alone stays what it is now, whoever has changed it meanwhile."""
        for name in fields():
            if name not in self.changed_data:
                setattr(self.instance, name, getattr(current, name))
        if not any(name.startswith("manager_") for name in self.changed_data):
            for place in range(MOST_MANAGERS):
                self.cleaned_data[f"manager_{place}"] = str(managers[place].person_id) if place < len(managers) else ""

    @property
    def as_shown(self) -> list[SafeString]:
        """What the fields said when the page was made, to tell what its reader changed."""
        return [
            self[name].as_hidden(only_initial=True) for name, field in self.fields.items() if field.show_hidden_initial
        ]

    @property
    def settings_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in fields()]

    @property
    def manager_fields(self) -> list[forms.BoundField]:
        return [self[f"manager_{place}"] for place in range(MOST_MANAGERS)]


def _values(row: Installation) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in fields()}
    return {
        name: value if isinstance(value, int | float | bool | None) else str(value) for name, value in values.items()
    }


def _managers() -> list[EscalationManager]:
    return list(EscalationManager.objects.current().select_related("person").order_by("order"))


def state_of(row: Installation, managers: Sequence[EscalationManager]) -> str:
    """What a form carries: all that is set, as one mark."""
    said = json.dumps([_values(row), [each.pk for each in managers]], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


@page
@administrators_only
def installation(request: PageRequest) -> HttpResponse:
    """Every setting; a change is shown as before and after, then saved."""
    now = clock.now()
    row = get_object_or_404(Installation)
    managers = _managers()
    state = state_of(row, managers)
    before = _values(row)
    form = SettingsForm(
        request.POST or None, instance=row, managers=[each.person for each in managers], initial={"seen": state}
    )
    if request.method != "POST" or not form.is_valid():
        context = {
            "now": now,
            "form": form,
            "environment": _environment(),
            "changes": _history(),
        }
        return render(request, "support_hours/installation.html", context, status=400 if form.is_bound else 200)
    form.merge(Installation.objects.get(), managers)
    after = _values(form.instance)
    lines = _lines(before, after, managers, form)
    meanwhile = form.cleaned_data["seen"] != state
    if not lines and not meanwhile:
        messages.info(request, _("Nothing would change: it is like that already."))
        return redirect("installation_admin")
    if "confirm" in request.POST and not meanwhile:
        try:
            change(
                after=form.instance, managers=form.managers(), seen=state, by=request.user, now=now,
                why=form.cleaned_data["why"],
            )  # fmt: skip
        except ChangedMeanwhile:
            meanwhile = True
        else:
            messages.success(request, _("Saved. It counts from now on."))
            return redirect("installation_admin")
    fresh = Installation.objects.get()
    context = {
        "form": form,
        "lines": lines,
        "meanwhile": meanwhile,
        "changes": _history()[:1],
        "seen": state_of(fresh, _managers()),
    }
    status = 409 if meanwhile else 200
    return render(request, "support_hours/installation_preview.html", context, status=status)


@transaction.atomic
def change(*, after: Installation, managers: Sequence[int], seen: str, by: Person, now: datetime, why: str) -> None:
    """Save settings and the order of the escalation managers. Raises `ChangedMeanwhile` where `seen` is outdated."""
    row = Installation.objects.select_for_update().get()
    standing = _managers()
    if state_of(row, standing) != seen:
        raise ChangedMeanwhile
    before = _values(row)
    for name in fields():
        setattr(row, name, getattr(after, name))
    if _values(row) != before:
        row.save(update_fields=fields())
        record_settings(SUBJECT, before, _values(row), by=by, now=now, why=why)
    wanted = dict(enumerate(managers, start=1))
    leaving = [each for each in standing if wanted.get(each.order) != each.person_id]
    for each in leaving:
        retire(each, by=by, now=now, why=why)
    kept = {each.order for each in standing} - {each.order for each in leaving}
    for order, person in wanted.items():
        if order not in kept:
            record(EscalationManager, by=by, now=now, why=why, person_id=person, order=order)


def _lines(
    before: dict[str, Any], after: dict[str, Any], managers: Sequence[EscalationManager], form: SettingsForm
) -> list[dict[str, Any]]:
    """What changes, as it was and as it becomes."""
    found = [
        {"label": form[name].label, "before": before[name], "after": after[name]}
        for name in fields()
        if before[name] != after[name]
    ]
    names = dict(Person.objects.filter(pk__in=form.managers()).values_list("pk", "name"))
    was = [each.person.name for each in managers]
    becomes = [names[pk] for pk in form.managers()]
    if [each.person_id for each in managers] != form.managers():
        found.append(
            {"label": _("Escalation managers, in order"), "before": ", ".join(was), "after": ", ".join(becomes)}
        )
    return found


def _environment() -> list[dict[str, Any]]:
    """What is set where the portal is started, and only shown here."""
    return [
        {
            "name": "AUTO_CLOSE_DAYS",
            "value": settings.AUTO_CLOSE_DAYS,
            "what": _("Days after which a resolved incident closes by itself."),
        },
        {
            "name": "KEEP_SIGNALS_DAYS",
            "value": settings.KEEP_SIGNALS_DAYS,
            "what": _("Days for which what monitoring sent is kept as it came."),
        },
    ]


def _history() -> list[dict[str, Any]]:
    """The last changes, latest first."""
    found = [
        {
            "at": row.recorded.lower,
            "by": row.recorded_by.name if row.recorded_by else "",
            "why": row.recorded_why,
            "removed": [
                _said(name, row.before[name]) for name in row.before if row.before[name] != row.values.get(name)
            ],
            "added": [_said(name, row.values[name]) for name in row.values if row.values[name] != row.before.get(name)],
        }
        for row in RecordedSettings.objects.filter(subject=SUBJECT)
        .select_related("recorded_by")
        .order_by("-recorded__startswith")[:10]
    ]
    managers = EscalationManager.objects.select_related("recorded_by", "person").order_by("-recorded__startswith")[:10]
    found += [
        {
            "at": row.recorded.lower,
            "by": row.recorded_by.name if row.recorded_by else "",
            "why": row.recorded_why,
            "removed": [],
            "added": [
                _("%(place)d. escalation manager") % {"place": row.order} + f": {row.person.name}",
            ],
        }
        for row in managers
        if row.recorded
    ]
    return sorted(found, key=lambda change: change["at"], reverse=True)[:10]


def _said(name: str, value: object) -> str:
    known = {field.name: str(field.verbose_name) for field in Installation._meta.concrete_fields}
    return f"{known.get(name, name)}: {value}"
