"""A rota's roster from and to other programs: tried first, imported after a look at every row, and exported."""

import csv
from collections import Counter
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from oncall.exchange.parsing import Problem, Row, Unreadable, parse
from oncall.exchange.plan import HARMLESS, IMPORTED, Fate, Planned, digest
from oncall.exchange.services import PlanChanged, import_roster, plan_import
from oncall.models import LINES, Rota
from oncall.queries import rota_facts
from oncall.rotation import Line
from oncall.turns import Turn, turns
from portal import clock
from portal.hours import local_instant
from portal.models import Person
from portal.spreadsheets import harmless
from routing.duty.calendar import roster_ical
from routing.duty.time_sheet import BOM, MEDIA_TYPE
from routing.pages.requests import PageRequest, administrators_only, page
from routing.presentation import person_for

from .fetching import MOST_BYTES, FetchRefused, fetch

LONGEST_EXPORT = timedelta(days=2 * 366)
BACK = timedelta(weeks=5)
FATES: dict[Fate, str | Promise] = {
    Fate.NEW: _("becomes an override"),
    Fate.REPLACES: _("becomes an override, in place of what overrides the line now"),
    Fate.SAME: _("holds already: nothing to do"),
    Fate.PAST: _("is over: stays as it was"),
    Fate.UNKNOWN: _("names nobody of the provider: correct the name, or give the e-mail address"),
    Fate.AMBIGUOUS: _("names several people: give the e-mail address"),
    Fate.OVERLAPS: _("overlaps another row of the same line: keep one of them"),
    Fate.BOTH_LINES: _("would give one person both lines: name somebody else for one of them"),
    Fate.INVALID: _("cannot be read"),
}
PROBLEMS: dict[Problem, str | Promise] = {
    Problem.LINE: _("names no line: write “primary” or “backup”, or choose one for all"),
    Problem.NOBODY: _("names no person"),
    Problem.TIME: _("has no beginning or end that can be read: write 2026-12-24T10:00"),
    Problem.ORDER: _("ends before it begins"),
    Problem.TOO_LONG: _("is longer than a year"),
    Problem.RECURS: _("repeats by a rule: export single events instead"),
}
UNREADABLE: dict[str, str | Promise] = {
    "columns": _("The columns “person”, “start” and “end” are missing in the first line, or this is no calendar."),
    "csv": _("This is no CSV file: a quotation mark is not closed."),
    "calendar": _("This is no calendar that can be read."),
    "empty": _("There is nothing in it."),
    "too_many": _("There are more than 500 rows. Import a shorter period."),
}
REFUSED: dict[str, str | Promise] = {
    "address": _("Enter an address that begins with https:// and needs no password."),
    "private": _("That address is in the provider's own network. Save the calendar as a file and choose it here."),
    "redirect": _("That address leads on to another. Enter where the calendar really is."),
    "unreachable": _("There the calendar could not be fetched. Check the address, or choose a file."),
    "too_large": _("The calendar is larger than one megabyte. Export a shorter period."),
}


class ImportForm(forms.Form):
    """A roster as a file, a text or an address: one of the three."""

    file = forms.FileField(label=_("A file"), required=False, help_text=_("iCalendar (.ics) or CSV"))
    url = forms.CharField(
        label=_("Or an address"), required=False, max_length=500, help_text=_("of a calendar feed; fetched once, now")
    )
    text = forms.CharField(
        label=_("Or the text itself"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    line = forms.ChoiceField(
        label=_("Line"),
        required=False,
        choices=[("", _("as each row says")), *LINES],
        help_text=_("For calendars that do not name it."),
    )
    why = forms.CharField(label=_("Why"), max_length=200)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if sum(bool(given.get(each)) for each in ("file", "url", "text")) != 1:
            self.add_error("file", gettext("Give a file, an address or a text: one of the three."))
        elif given.get("file"):
            given["text"] = self._of_file(given["file"])
        elif given.get("url"):
            try:
                given["text"] = fetch(given["url"].strip())
            except FetchRefused as error:
                self.add_error("url", str(REFUSED[error.reason]))
        return given

    def _of_file(self, file: Any) -> str:
        if file.size > MOST_BYTES:
            self.add_error("file", str(REFUSED["too_large"]))
            return ""
        content: bytes = file.read()
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content.decode("cp1252", errors="replace")  # as spreadsheet programs still write

    def rows(self, rota: Rota) -> tuple[Row, ...]:
        """What was given, read; nothing where it cannot be, which the form says then."""
        line = self.cleaned_data["line"]
        try:
            return parse(self.cleaned_data["text"], zone=rota.zone, line=Line(line) if line else None)
        except Unreadable as error:
            self.add_error(None, str(UNREADABLE[error.reason]))
            return ()


class ExportForm(forms.Form):
    """Which days, and for what program."""

    begins = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends = forms.DateField(
        label=_("Until, inclusive"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    format = forms.ChoiceField(label=_("As"), choices=[("csv", "CSV"), ("ics", "iCalendar (.ics)")])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        begins, ends = given.get("begins"), given.get("ends")
        if begins and ends:
            if ends < begins:
                self.add_error("ends", gettext("The end has to be after the beginning."))
            elif ends - begins > LONGEST_EXPORT or not 2000 <= begins.year <= 2100:
                self.add_error("ends", gettext("Choose two years at most."))
        return given


# --- Import ---------------------------------------------------------------------------------------------------


@page
@administrators_only
def roster_import(request: PageRequest, slug: str) -> HttpResponse:
    """A POST shows what would become of every row; a second one, with what was `seen`, does it."""
    rota, now = get_object_or_404(Rota, slug=slug), clock.now()
    posted = request.method == "POST"
    if posted and rota.retired_at is not None:
        raise Http404  # only its history is left, to be exported
    form = ImportForm(request.POST if posted else None, request.FILES if posted else None)
    rows = form.rows(rota) if posted and form.is_valid() else ()
    if not rows:
        return _page(request, rota, form, now, status=HTTPStatus.BAD_REQUEST if posted else HTTPStatus.OK)
    seen = request.POST.get("seen", "")
    if not seen:
        return _dry_run(request, rota, form, plan_import(rota, rows, now=now))
    try:
        done = import_roster(rota, rows, seen=seen, by=request.user, now=now, why=form.cleaned_data["why"])
    except PlanChanged:
        messages.error(request, gettext("Nothing was imported: the roster has changed meanwhile. Look again."))
        return _dry_run(request, rota, form, plan_import(rota, rows, now=now), status=HTTPStatus.CONFLICT)
    count = sum(each.fate in IMPORTED for each in done)
    messages.success(request, ngettext("One override recorded.", "%(n)d overrides recorded.", count) % {"n": count})
    return redirect("roster_import", rota.slug)


def _page(
    request: PageRequest, rota: Rota, form: ImportForm, now: datetime, *, status: int, export: ExportForm | None = None
) -> HttpResponse:
    first = now.astimezone(ZoneInfo(rota.zone)).date()
    export = export or ExportForm(initial={"begins": first, "ends": first + timedelta(weeks=8)})
    context = {"rota": rota, "form": form, "export": export, "now": now}
    return render(request, "roster/exchange.html", context, status=status)


def _dry_run(
    request: PageRequest, rota: Rota, form: ImportForm, planned: tuple[Planned, ...], *, status: int = HTTPStatus.OK
) -> HttpResponse:
    people = Person.objects.in_bulk({each.person for each in planned if each.person})
    counts = Counter(_kind(each) for each in planned)
    context = {
        "rota": rota,
        "given": form.cleaned_data,
        "seen": digest(planned),
        "rows": [_shown(each, people, request.user) for each in planned],
        "wanted": counts["good"],
        "harmless": counts["harmless"],
        "refused": counts["bad"],
    }
    return render(request, "roster/import_plan.html", context, status=status)


def _kind(each: Planned) -> str:
    return "good" if each.fate in IMPORTED else "harmless" if each.fate in HARMLESS else "bad"


def _shown(each: Planned, people: dict[int, Person], reader: Person) -> dict[str, Any]:
    person = person_for(people.get(each.person or 0), reader)
    fate = PROBLEMS[each.row.problem] if each.row.problem else FATES[each.fate]
    return {
        "row": each.row,
        "kind": _kind(each),
        "fate": fate,
        "name": person["name"] if person else "",
        "line": each.row.line.value if each.row.line else "",
        "away": each.away,
        "elsewhere": each.elsewhere,
    }


# --- Export ---------------------------------------------------------------------------------------------------


@require_safe
@page
@administrators_only
def roster_export(request: PageRequest, slug: str) -> HttpResponse:
    """Who holds the lines on the days asked for, `?begins=2026-12-01&ends=2026-12-31&format=csv`, after all changes."""
    rota, now = get_object_or_404(Rota, slug=slug), clock.now()
    form = ExportForm(request.GET)
    if not form.is_valid():
        return _page(request, rota, ImportForm(), now, status=HTTPStatus.BAD_REQUEST, export=form)
    given = form.cleaned_data
    found = _turns(rota, given["begins"], given["ends"], now)
    if given["format"] == "csv":
        content, media = _as_csv(rota, found, request.user), MEDIA_TYPE
    else:
        content, media = roster_ical(rota, found, reader=request.user, now=now), "text/calendar; charset=utf-8"
    name = f"{rota.slug}-{given['begins']}-{given['ends']}.{given['format']}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=media, headers=headers)


def _turns(rota: Rota, begins: date, ends: date, now: datetime) -> list[Turn]:
    """Whole days of the rota's zone; a turn is cut where they begin and end."""
    start = local_instant(rota.zone, begins, time(0))
    end = local_instant(rota.zone, ends + timedelta(days=1), time(0))
    facts = rota_facts([rota], at=start, known_at=now, horizon=end - start, back=BACK)[rota.pk]
    found = [turn for line in Line for turn in turns(facts, line, start, end)]
    return sorted(found, key=lambda turn: (turn.start, list(Line).index(turn.line)))


def _as_csv(rota: Rota, found: list[Turn], reader: Person) -> bytes:
    """With the columns that an import reads, and the offset of each time."""
    people = {
        pk: person_for(each, reader) or {} for pk, each in Person.objects.in_bulk({t.person for t in found}).items()
    }
    text, zone = StringIO(), ZoneInfo(rota.zone)
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(["line", "person", "email", "start", "end"])
    for turn in found:
        person = people[turn.person]
        times = [at.astimezone(zone).isoformat(timespec="minutes") for at in (turn.start, turn.end)]
        rows.writerow(map(harmless, [turn.line.value, person["name"], person.get("email", ""), *times]))
    return (BOM + text.getvalue()).encode()
