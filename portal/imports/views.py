"""Import: upload or paste, see each row's fate, confirm exactly that.

The rows travel with the page until they are confirmed: nobody's personal data lies about on the server meanwhile.
"""

import csv
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal import clock
from portal.requests import PageRequest, administrators_only, page
from portal.services import ChangedMeanwhile
from portal.spreadsheets import harmless

from .forms import ConfirmForm, TableForm
from .kinds import KINDS, Kind
from .plan import BadHeader, Outcome, Plan
from .services import NothingToDo, carry_out, plan

FATES_SHOWN = 200
ORDER = (Outcome.REFUSED, Outcome.CREATE, Outcome.CHANGE, Outcome.UNCHANGED)
MARK = "\ufeff"
"""Without it a common spreadsheet takes UTF-8 for something else."""


@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    return render(request, "imports/index.html", {"kinds": KINDS.values()})


@page
@administrators_only
def one_kind(request: PageRequest, kind: str) -> HttpResponse:
    """A POST tries the rows dry; one with the stamp of what was shown carries it out."""
    wanted = _kind(kind)
    form = TableForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _ask(request, wanted, TableForm())
    if not form.is_valid():
        return _ask(request, wanted, form, status=400)
    try:
        if "stamp" in request.POST:
            return _confirm(request, wanted, form)
        return _show(request, wanted, form, ConfirmForm())
    except BadHeader as bad:
        form.add_error(None, str(bad))
        return _ask(request, wanted, form, status=400)


def _ask(request: PageRequest, kind: type[Kind], form: TableForm, *, status: int = 200) -> HttpResponse:
    return render(request, "imports/kind.html", {"kind": kind, "form": form}, status=status)


def _confirm(request: PageRequest, kind: type[Kind], form: TableForm) -> HttpResponse:
    confirmed = ConfirmForm(request.POST)
    if not confirmed.is_valid():
        return _show(request, kind, form, confirmed, status=400)
    try:
        done = carry_out(kind, form.table, by=request.user, now=clock.now(), **confirmed.cleaned_data)
    except (ChangedMeanwhile, NothingToDo):
        return _show(request, kind, form, ConfirmForm(initial=request.POST), status=409)
    count = len(done.of(Outcome.CREATE)) + len(done.of(Outcome.CHANGE))
    said = ngettext("%(count)d row was imported.", "%(count)d rows were imported.", count)
    messages.success(request, said % {"count": count})
    return redirect("imports")


def _show(
    request: PageRequest, kind: type[Kind], form: TableForm, confirm: ConfirmForm, *, status: int = 200
) -> HttpResponse:
    found = plan(kind, form.table, now=clock.now())
    shown = [fate for outcome in ORDER for fate in found.of(outcome)]
    context: dict[str, Any] = {
        "kind": kind,
        "text": form.cleaned_data["text"],
        "plan": found,
        "confirm": confirm,
        "shown": shown[:FATES_SHOWN],
        "left_out": max(0, len(shown) - FATES_SHOWN),
        "conflict": status == 409,
    }
    return render(request, "imports/plan.html", context, status=status)


@page
@administrators_only
@require_safe
def template(request: PageRequest, kind: str) -> HttpResponse:
    """The header in the reader's language and one row as an example."""
    columns = _kind(kind).columns
    return _csv(f"{kind}.csv", [[column.label for column in columns], [column.example for column in columns]])


@page
@administrators_only
@require_POST
def refused_rows(request: PageRequest, kind: str) -> HttpResponse:
    """Only the refused rows, each with its line and reasons: to mend them and try again."""
    wanted, form = _kind(kind), TableForm(request.POST)
    if not form.is_valid():
        return _ask(request, wanted, form, status=400)
    try:
        found: Plan = plan(wanted, form.table, now=clock.now())
    except BadHeader as bad:
        form.add_error(None, str(bad))
        return _ask(request, wanted, form, status=400)
    rows = [[_("line"), _("refused because"), *(column.label for column in wanted.columns)]]
    for fate in found.of(Outcome.REFUSED):
        cells = (fate.row.cells.get(column.name, "") for column in wanted.columns)
        rows.append([str(fate.row.line), " ".join(fate.reasons), *cells])
    return _csv(f"{kind}-refused.csv", rows)


def _kind(slug: str) -> type[Kind]:
    if slug not in KINDS:
        raise Http404
    return KINDS[slug]


def _csv(name: str, rows: list[list[str]]) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    response = HttpResponse(MARK, content_type="text/csv; charset=utf-8", headers=headers)
    # What a spreadsheet takes for its own separator depends on the language.
    writer = csv.writer(response, delimiter=";" if (get_language() or "").startswith("de") else ",")
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return response
