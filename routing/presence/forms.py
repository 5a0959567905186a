"""What people say of their presence."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.models import Person

from .queries import closing_of
from .services import Refusal
from .times import DAY, first_instant, in_minutes, next_time

REFUSALS = {
    Refusal.PAST: _("That time has passed. Choose a later one."),
    Refusal.DAY_OVER: _("The day is over by the working hours. Choose a time instead."),
    Refusal.TOO_LONG: _("That is too far ahead: a meeting lasts at most 12 hours, an absence a year."),
    Refusal.AWAY: _("Recorded as away for days. Say “back” first, then a meeting can be recorded."),
    Refusal.OVERLAPS: _("Another planned absence lies in that time. Take it back first, or choose other days."),
    Refusal.OVER: _("That absence is over, or somebody has taken it back meanwhile."),
}
"""What to do instead."""


class ForSomebody(forms.Form):
    """About `person`; whoever says it of somebody else says that they were asked to."""

    asked = forms.BooleanField(
        label=_("They asked me to record this"),
        required=False,
        error_messages={"required": _("Only for somebody who asked for it: tick this.")},
    )

    def __init__(self, *args: Any, person: Person, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        if person.pk == by.pk:
            del self.fields["asked"]
        else:
            self.fields["asked"].required = True


class MeetingForm(ForSomebody):
    """How long a meeting lasts: some minutes, to the end of the day, or until a time of the person's own zone."""

    MINUTES = ("30", "60")
    how = forms.ChoiceField(choices=[(how, how) for how in (*MINUTES, "day", "time")])
    time = forms.TimeField(
        label=_("Until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def until(self, now: datetime) -> datetime | None:
        """When it ends; None where that has passed. Only after `is_valid`."""
        how = self.cleaned_data["how"]
        if how in self.MINUTES:
            return in_minutes(int(how), now)
        if how == "day":
            return closing_of(self.person, now=now)
        return next_time(self.person.zone, self.cleaned_data["time"], now)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how") == "time" and not given.get("time") and "time" not in self.errors:
            self.add_error("time", _("Enter a time."))
        return given


class AwayForm(ForSomebody):
    """Whole days of the person's own zone, the last one included; without a first day from now on."""

    first = forms.DateField(
        label=_("From (empty: from now on)"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label=_("Away up to and including"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day is before the first."))
        for name, day in (("first", first), ("last", last)):
            if day and not 2000 <= day.year <= 2100:
                self.add_error(name, _("Enter a date of these years."))
        return given

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """Begin and end as instants; from now on where today is the first day. Only after `is_valid`."""
        zone = self.person.zone
        today = now.astimezone(ZoneInfo(zone)).date()
        first: date = self.cleaned_data["first"] or today
        start = now if first == today else first_instant(zone, first)
        return start, first_instant(zone, self.cleaned_data["last"] + DAY)
