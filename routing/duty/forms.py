"""What is asked about a swap, a calendar address, and the times of a call-out."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oncall.models import Rota
from oncall.swaps import MOST_WORDS
from oncall.turns import Turn
from portal.models import Person
from routing.pages.forms import InstantField

from .letters import LINE
from .shifts import Return

EVERYBODY = "all"
NOTHING = ""
LONGEST_WORK = timedelta(days=7)


class MomentField(InstantField):
    """A date and a time in the reader's zone, to the minute; as it was proposed it stays exactly as it was.

    So a proposal in the hour that a clock change repeats is not moved by sending it back.
    """

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def prepare_value(self, value: Any) -> Any:
        return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else value

    def clean(self, value: Any) -> Any:
        if self.initial is not None and value == self.prepare_value(self.initial):
            return self.initial
        return super().clean(value)


def later_reading(at: datetime) -> datetime:
    """The instant with the same wall time an hour later, where the clocks went back; elsewhere `at`."""
    return timezone.localtime(at).replace(fold=1).astimezone(UTC)


def period_text(start: datetime, end: datetime) -> str:
    """ "Wed 2 Dec, 10:00 – Wed 9 Dec, 10:00" """
    return " – ".join(date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") for at in (start, end))


class SwapForm(forms.Form):
    """A shift, or a part of it, for nothing or in return for one of somebody else."""

    begins = MomentField(label=_("From"))
    ends = MomentField(label=_("Until"))
    of = forms.ChoiceField(label=_("Whom to ask"))
    takes = forms.ChoiceField(
        label=_("In return I take"), required=False, help_text=_("Then only the one whose shift it is, is asked.")
    )
    takes_from = MomentField(
        label=_("Of that only from"), required=False, help_text=_("Leave empty to take the whole shift.")
    )
    takes_until = MomentField(label=_("Of that only until"), required=False)
    note = forms.CharField(
        label=_("A word to them"), required=False, max_length=MOST_WORDS, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self,
        data: Any = None,
        *,
        turn: Turn,
        now: datetime,
        members: Collection[Person],
        returns: Iterable[Return],
    ) -> None:
        super().__init__(data)
        self.turn, self.members = turn, list(members)
        self.returns = {each.key: each for each in returns}
        self.earliest = max(turn.start, _next_hour(now))
        self.fields["begins"].initial = self.earliest
        self.fields["ends"].initial = turn.end
        of, takes = self.fields["of"], self.fields["takes"]
        of.choices = [(EVERYBODY, gettext("everybody of the rota"))]  # type: ignore[attr-defined]
        of.choices += [(str(person.pk), person.name) for person in self.members]  # type: ignore[attr-defined]
        takes.choices = [(NOTHING, gettext("nothing"))]  # type: ignore[attr-defined]
        takes.choices += [(key, _label(each)) for key, each in self.returns.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        begins, ends = given.get("begins"), given.get("ends")
        if begins and ends:
            if ends <= begins:
                ends = given["ends"] = later_reading(ends)
            if ends <= begins:
                self.add_error("ends", gettext("The end has to be after the beginning."))
            elif begins < self.earliest or ends > self.turn.end:
                within = {"period": period_text(self.earliest, self.turn.end)}
                self.add_error("begins", gettext("Choose times within %(period)s.") % within)
        self._clean_return(given)
        return given

    def _clean_return(self, given: dict[str, Any]) -> None:
        """Taking something in return is between two: the one whose shift it is, is asked."""
        key, of = given.get("takes"), given.get("of")
        start, end = given.get("takes_from"), given.get("takes_until")
        if not key:
            if start or end:
                self.add_error("takes", gettext("Choose the shift of which you would take a part."))
            return
        turn = self.returns[key].turn
        if of not in (None, EVERYBODY, str(turn.person)):
            self.add_error("of", gettext("The shift you want in return is somebody else's: ask them."))
        start, end = start or turn.start, end or turn.end
        if not turn.start <= start < end <= turn.end:
            within = {"period": period_text(turn.start, turn.end)}
            self.add_error("takes_from", gettext("Choose times within %(period)s.") % within)
        given["takes_from"], given["takes_until"] = start, end

    @property
    def taken(self) -> Turn | None:
        """The turn of which something is taken in return."""
        key = self.cleaned_data["takes"]
        return self.returns[key].turn if key else None

    @property
    def asked(self) -> list[Person]:
        if taken := self.taken:
            return [person for person in self.members if person.pk == taken.person]
        of = self.cleaned_data["of"]
        return [person for person in self.members if of in (EVERYBODY, str(person.pk))]

    def refuse(self, reason: str) -> None:
        self.add_error(NON_FIELD_ERRORS, reason)


def _label(each: Return) -> str:
    return f"{each.name}, {LINE[each.turn.line]}: {period_text(each.turn.start, each.turn.end)}"


def _next_hour(now: datetime) -> datetime:
    """Where a shift runs already, the rest of it can be given away from the next full hour on."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class FeedForm(forms.Form):
    """Whose duty a calendar shows: one's own, or that of a rota."""

    rota = forms.ModelChoiceField(
        label=_("What it shows"),
        queryset=Rota.objects.in_use(),
        to_field_name="slug",
        required=False,
        empty_label=_("my own duty"),
    )


class TimesForm(forms.Form):
    """Begin and end of the work of a call-out."""

    begins = MomentField(label=_("Work began"))
    ends = MomentField(label=_("Work ended"))
    remark = forms.CharField(label=_("Remark"), required=False, max_length=300)

    def __init__(
        self,
        data: Any = None,
        *,
        paged_at: datetime,
        now: datetime,
        begins: datetime,
        ends: datetime | None,
        remark: str = "",
    ) -> None:
        super().__init__(data)
        self.paged_at, self.now = paged_at, now
        self.fields["begins"].initial = begins
        self.fields["ends"].initial = ends
        self.fields["remark"].initial = remark

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        begins, ends = given.get("begins"), given.get("ends")
        if not begins or not ends:
            return given
        if ends < begins:
            # The proposal has seconds, what people enter has none.
            same_minute = ends == begins.replace(second=0, microsecond=0)
            ends = given["ends"] = begins if same_minute else later_reading(ends)
        if begins < self.paged_at.replace(second=0, microsecond=0):
            self.add_error("begins", gettext("The work cannot have begun before the page."))
        if ends < begins:
            self.add_error("ends", gettext("The end has to be after the beginning."))
        elif ends > self.now:
            self.add_error("ends", gettext("The end lies in the future. Enter it once the work is done."))
        elif ends - begins > LONGEST_WORK:
            self.add_error("ends", gettext("That is more than a week. Check the dates."))
        return given
