"""What may be changed about support hours. Each form says what it means as a `Change`."""

from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.hours import DatedException, Hours
from portal.models import SupportHours
from portal.profile.zones import zone_choices

from .places import countries, subdivisions
from .plan import (
    NOON,
    Change,
    Interval,
    NotUnderstood,
    Overlapping,
    read_intervals,
    shortened,
    week_of,
    write_intervals,
)

MOST_DAYS = 62
YEARS_AHEAD = 2
"""So far ahead days may be set, and a year can be looked at."""
EVES = {"christmas_eve": (12, 24), "new_years_eve": (12, 31)}


class IntervalsField(forms.CharField):
    """ "08:00-12:00, 13:00-18:00"; empty is closed."""

    default_error_messages = {
        "not_understood": _("“%(part)s” is no time. Write it like 08:00-12:00, 13:00-18:00."),
        "overlapping": _(
            "Two of these times overlap, or one after midnight is not the last. Join them, or move the end."
        ),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 120, **kwargs})
        self.widget.attrs |= {"placeholder": _("closed"), "autocomplete": "off", "inputmode": "text"}

    def clean(self, value: Any) -> Any:
        try:
            return read_intervals(super().clean(value))
        except NotUnderstood as error:
            raise self._refused("not_understood", {"part": str(error)[:40]}) from None
        except Overlapping:
            raise self._refused("overlapping", {}) from None

    def _refused(self, code: str, params: dict[str, str]) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)


class ConfirmForm(forms.Form):
    """Why, and as what the reader saw it."""

    why = forms.CharField(
        label=_("Why?"),
        max_length=300,
        help_text=_("Kept with your name, for whoever asks later. For example: company holidays."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=60)


class WeekForm(forms.Form):
    """The week, one line a weekday. Only what the reader changed is a change: another's Monday stays theirs."""

    def __init__(self, *args: Any, hours: Hours, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday in range(7):
            written = write_intervals(week_of(hours, weekday))
            self.fields[f"day_{weekday}"] = IntervalsField(label=WEEKDAYS[weekday], initial=written)
            self.fields[f"was_{weekday}"] = forms.CharField(
                initial=written, required=False, max_length=120, widget=forms.HiddenInput
            )

    def change(self, hours: Hours) -> Change:
        del hours
        sent = self.cleaned_data
        changed = {
            weekday: sent[f"day_{weekday}"]
            for weekday in range(7)
            if write_intervals(sent[f"day_{weekday}"]) != sent[f"was_{weekday}"]
        }
        return Change(changed, {})


HOW: list[tuple[str, str | Promise]] = [
    ("closed", _("closed all day")),
    ("half", _("half day: open as usual, but only until …")),
    ("own", _("open at these hours")),
    ("worked", _("open like any other day, though it is a holiday")),
    ("usual", _("nothing special: as week and holidays say")),
]


class DaysForm(forms.Form):
    """One day or some in a row that are not like others."""

    first = forms.DateField(label=_("Day, or the first of several"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label=_("Last day (optional)"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    how = forms.ChoiceField(label=_("What is it to be?"), choices=HOW)
    until = forms.TimeField(
        label=_("Half day: until"),
        required=False,
        initial=NOON.strftime("%H:%M"),
        widget=forms.TimeInput(attrs={"type": "time"}),
    )
    hours = IntervalsField(label=_("Open at these hours"), help_text=_("Like 08:00-12:00, 13:00-16:00."))
    label = forms.CharField(
        label=_("Name of the day"),
        required=False,
        max_length=120,
        help_text=_("Customers read it, for example: company holidays."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        first, last = sent.get("first"), sent.get("last")
        if first and first < self.today:
            self.add_error("first", _("That day has passed: what was then stays as it was."))
        for name, day in (("first", first), ("last", last)):
            if day and day.year > self.today.year + YEARS_AHEAD:
                self.add_error(
                    name,
                    gettext("Days can be set until the end of %(year)d.") % {"year": self.today.year + YEARS_AHEAD},
                )
        if first and last and not first <= last < first + timedelta(days=MOST_DAYS):
            self.add_error(
                "last",
                gettext("The last day is not before the first, and at most %(count)d days go at once.")
                % {"count": MOST_DAYS},
            )
        if sent.get("how") == "own" and not sent.get("hours") and "hours" not in self.errors:
            self.add_error("hours", _("Write the hours, or choose “closed all day”."))
        if sent.get("how") == "half" and not sent.get("until") and "until" not in self.errors:
            self.add_error("until", _("Until when?"))
        return sent

    def change(self, hours: Hours) -> Change:
        sent = self.cleaned_data
        last = sent["last"] or sent["first"]
        days = [sent["first"] + timedelta(days=number) for number in range((last - sent["first"]).days + 1)]
        return Change(
            {},
            {
                day: arranged(hours, day, sent["how"], sent["label"], until=sent["until"], own=sent["hours"])
                for day in days
            },
        )


def arranged(
    hours: Hours, day: date, how: str, label: str, *, until: time | None = None, own: tuple[Interval, ...] = ()
) -> DatedException | None:
    """The exception that `how` asks for, which replaces the day; None is none."""
    usual = week_of(hours, day.weekday())
    match how:
        case "usual":
            return None
        case "half":
            return DatedException(day, shortened(usual, until or NOON), label)
        case "worked":
            return DatedException(day, usual, label)
        case "own":
            return DatedException(day, own, label)
    return DatedException(day, (), label)


EVE_CHOICES: list[tuple[str, str | Promise]] = [
    ("", _("leave as it is")),
    ("half", _("half day")),
    ("closed", _("closed all day")),
    ("usual", _("nothing special")),
]


class YearEndForm(forms.Form):
    """24 and 31 December, which are no statutory holidays, of one year or of all that can be set."""

    year = forms.ChoiceField(label=_("Year"))
    christmas_eve = forms.ChoiceField(label=_("24 December"), choices=EVE_CHOICES, required=False)
    new_years_eve = forms.ChoiceField(label=_("31 December"), choices=EVE_CHOICES, required=False)
    until = forms.TimeField(
        label=_("A half day ends at"),
        required=False,
        initial=NOON.strftime("%H:%M"),
        widget=forms.TimeInput(attrs={"type": "time"}),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        years = [str(today.year + ahead) for ahead in range(YEARS_AHEAD + 1)]
        self.fields["year"].choices = [*zip(years, years, strict=True), ("all", f"{years[0]}–{years[-1]}")]  # type: ignore[attr-defined]  # a ChoiceField, see above

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        if not self.errors and not any(sent[name] for name in EVES):
            raise ValidationError(_("Choose something for 24 or 31 December."))
        if not self.errors and not self._days():
            raise ValidationError(_("These days have passed: what was then stays as it was."))
        return sent

    def change(self, hours: Hours) -> Change:
        names = {"christmas_eve": gettext("Christmas Eve"), "new_years_eve": gettext("New Year’s Eve")}
        sent = self.cleaned_data
        return Change(
            {},
            {day: arranged(hours, day, sent[name], names[name], until=sent["until"]) for day, name in self._days()},
        )

    def _days(self) -> list[tuple[date, str]]:
        sent = self.cleaned_data
        chosen = sent["year"]
        years = range(self.today.year, self.today.year + YEARS_AHEAD + 1) if chosen == "all" else [int(chosen)]
        days = [(date(year, *EVES[name]), name) for year in years for name in EVES if sent[name]]
        return [(day, name) for day, name in days if day >= self.today]


class SiteForm(forms.Form):
    """The calendar's name, and where it is: the zone of its times, and whose statutory holidays it keeps."""

    name = forms.CharField(label=_("Name"), max_length=120)
    zone = forms.ChoiceField(label=_("Time zone"), help_text=_("All times of these hours are meant there."))
    country = forms.ChoiceField(label=_("Country"), required=False, help_text=_("Its statutory holidays are closed."))
    subdivision = forms.ChoiceField(
        label=_("State, canton or region"),
        required=False,
        help_text=_("Where statutory holidays differ within the country."),
    )

    def __init__(self, *args: Any, calendar: SupportHours | None = None, **kwargs: Any) -> None:
        if calendar is not None:
            kwargs["initial"] = {name: getattr(calendar, name) for name in ("name", "zone", "country", "subdivision")}
        super().__init__(*args, **kwargs)
        country = str(self["country"].value() or "")
        zone = str(self["zone"].value() or "")
        self.fields["zone"].choices = zone_choices(zone if calendar and zone == calendar.zone else "")  # type: ignore[attr-defined]  # choice fields, see above
        self.fields["country"].choices = [("", _("no statutory holidays")), *countries()]  # type: ignore[attr-defined]
        self.fields["subdivision"].choices = [("", _("the whole country")), *subdivisions(country)]  # type: ignore[attr-defined]
        self.fields["subdivision"].error_messages["invalid_choice"] = _(
            "This is not a part of the country chosen above. The list now shows its parts: choose again."
        )


class NewForm(SiteForm):
    """A new calendar, Monday to Friday the same hours; the rest is changed on its page."""

    slug = forms.CharField(
        label=_("Short name"),
        max_length=50,
        validators=[RegexValidator(r"^[a-z0-9-]+\Z", _("Small letters, digits and hyphens alone."))],
        help_text=_("Stands in addresses and cannot be changed: small letters, digits, hyphens."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    working = IntervalsField(label=_("Monday to Friday"), initial="08:00-18:00")
    why = forms.CharField(label=_("Why?"), max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    field_order = ("name", "slug", "zone", "country", "subdivision", "working", "why")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if SupportHours.objects.filter(slug=slug).exists():
            raise ValidationError(_("This short name is taken."))
        return slug

    def week(self) -> dict[int, tuple[Interval, ...]]:
        return dict.fromkeys(range(5), self.cleaned_data["working"])
