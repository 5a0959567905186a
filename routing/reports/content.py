"""One report, said once: the page and the PDF draw this same frozen object."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matrix import labels
from matrix.terms import Priority
from portal.models import Customer

from .blocks import Cell, Report, Section, Table, Tile
from .charts import Chart, Series, Style
from .definitions import definitions
from .figures import Counted, Figures, Outcome, Which, figures
from .periods import Month, Span
from .wording import (
    NOTHING,
    OUTCOME,
    difference_words,
    incidents_words,
    moment_words,
    month_name,
    month_short,
    percent_words,
    span_words,
    wait_words,
)

LinkOf = Callable[[Span, Which | None], str]
"""The address of the list behind a figure, or of a span's own report where no figure is asked for."""

PRIORITY_STYLE = {
    Priority.BLOCKER: Style("blocker", "#a3121f", "#fff", "solid"),
    Priority.CRITICAL: Style("critical", "#ffd9b3", "#8a3b00", "rising"),
    Priority.MAJOR: Style("major", "#fff3c9", "#6b4e00", "dotted"),
    Priority.MINOR: Style("minor", "#e1effc", "#1c4e80", "level"),
}
OUTCOME_STYLE = {
    Outcome.MET: Style("met", "#1d7a3c", "#fff", "solid"),
    Outcome.MISSED: Style("missed", "#ffd6d6", "#a3121f", "rising"),
    Outcome.RUNNING: Style("running", "#fff3c9", "#6b4e00", "dotted"),
    Outcome.LAPSED: Style("lapsed", "#e1effc", "#1c4e80", "level"),
    Outcome.NO_TARGET: Style("no-target", "#eef0f2", "#51585e", "falling"),
}


@dataclass(frozen=True)
class Given:
    """What a report is made of. `cases` has the months of `span` and the one before it."""

    customer: Customer
    projects: Sequence[str]
    span: Span
    cases: dict[Month, list[Counted]]
    provider: str
    zone: ZoneInfo
    now: datetime
    link: LinkOf

    @cached_property
    def all(self) -> list[Counted]:
        return list(chain.from_iterable(self.cases[month] for month in self.span.months))

    @property
    def before(self) -> list[Counted]:
        return self.cases[self.span.first.moved(-1)]


@dataclass(frozen=True)
class Row:
    """One line of every table and one column of every chart: a priority of a month, a month of a year, or a project."""

    name: Cell
    short: str
    span: Span
    which: Which
    cases: list[Counted]
    before: list[Counted]
    link: LinkOf
    now: datetime

    @cached_property
    def figures(self) -> Figures:
        return figures(self.cases, now=self.now)

    def cell(self, count: int, text: str = "", **narrowed: Any) -> Cell:
        """A figure that leads to the incidents it counts, where there are any."""
        return Cell(text or str(count), self.link(self.span, replace(self.which, **narrowed)) if count else "")


def report_of(given: Given, *, language: str) -> Report:
    with translation.override(language):
        return _report(given, language)


def _report(given: Given, language: str) -> Report:
    title = _("Service report")
    said = span_words(given.span)
    whole = _row(given, Cell(_("Total")), Which(), given.all, given.before)
    requests = _row(given, Cell(_("Requests")), Which(request=True), given.all, given.before)
    empty = "" if whole.cases or requests.cases else _nothing(given)
    return Report(
        language=language,
        title=title,
        running=f"{title} {given.customer.name}, {said}",
        customer=given.customer.name,
        customer_key=given.customer.key,
        span=said,
        period=str(given.span),
        provider=given.provider,
        issued_on=given.now.astimezone(given.zone).date().isoformat(),
        standing=_standing(given),
        empty=empty,
        tiles=() if empty else tuple(_tiles(given, whole)),
        sections=() if empty else tuple(_sections(given, whole, requests)),
        definitions_title=_("What is counted, and how"),
        definitions=tuple(definitions(given.zone.key)),
    )


def _standing(given: Given) -> str:
    span = given.span
    if given.now < span.starts(given.zone):
        return _("%(span)s has not begun yet.") % {"span": span_words(span)}
    if given.now < span.ends(given.zone):
        at = moment_words(given.now, given.zone)
        return _("%(span)s so far, as of %(at)s: it is still under way.") % {"span": span_words(span), "at": at}
    return ""


def _nothing(given: Given) -> str:
    if not given.projects:
        return _("This customer has no project yet, so there is nothing to count.")
    return _("Nothing was reported in this time.")


def _row(given: Given, name: Cell, which: Which, cases: list[Counted], before: list[Counted], short: str = "") -> Row:
    return Row(
        name,
        short or name.text,
        given.span,
        which,
        which.of(cases, given.now),
        which.of(before, given.now),
        given.link,
        given.now,
    )


def _lines(given: Given) -> list[Row]:
    """The priorities of a month, or the months of a year."""
    if not given.span.is_year:
        return _priorities(given)
    rows = []
    for month in given.span.months:
        span = Span(month.year, month.number)
        begun = month.starts(given.zone) <= given.now
        name = Cell(month_name(month), given.link(span, None) if begun else "")
        row = _row(given, name, Which(), given.cases[month], [], month_short(month))
        rows.append(replace(row, span=span))
    return rows


def _priorities(given: Given) -> list[Row]:
    return [
        _row(given, Cell(str(labels.PRIORITY[priority])), Which(priority=priority), given.all, given.before)
        for priority in Priority
    ]


# --- Tiles ----------------------------------------------------------------------------------------------------


def _tiles(given: Given, whole: Row) -> Iterator[Tile]:
    found, before = whole.figures, figures(whole.before, now=given.now)
    yield Tile(_("Incidents"), whole.cell(found.count), _compared(given, str(before.count)))
    yield Tile(
        _("Response in time"),
        whole.cell(found.response[Outcome.MET], percent_words(found.response_percent), response=Outcome.MET),
        _compared(given, percent_words(before.response_percent)),
    )
    yield Tile(
        _("Resolution in time"),
        whole.cell(found.resolution[Outcome.MET], percent_words(found.resolution_percent), resolution=Outcome.MET),
        _compared(given, percent_words(before.resolution_percent)),
    )
    yield Tile(
        _("Time to acknowledge, median"),
        _answered(whole, wait_words(found.median)),
        _("nine of ten within %(time)s") % {"time": wait_words(found.p90)} if found.p90 is not None else "",
    )
    yield Tile(
        _("Escalations to backup"),
        whole.cell(found.to_backup, to_backup=True),
        _compared(given, str(before.to_backup)),
    )
    yield Tile(
        _("Call-outs outside support hours"),
        whole.cell(found.call_outs, called_out=True),
        _compared(given, str(before.call_outs)),
    )


def _compared(given: Given, before: str) -> str:
    if given.span.is_year:
        return ""
    return _("month before: %(figure)s") % {"figure": before}


def _answered(row: Row, text: str) -> Cell:
    return row.cell(sum(case.responded_at is not None for case in row.cases), text, answered=True)


# --- Sections -------------------------------------------------------------------------------------------------


def _sections(given: Given, whole: Row, requests: Row) -> Iterator[Section]:
    rows = _lines(given)
    if given.span.is_year:
        yield _months(rows, whole)
        by_priority = _compared_table(given, _priorities(given), whole, _("Priority"), _("The year by priority"))
        yield Section("priorities", _("By priority"), by_priority)
    else:
        table = _compared_table(given, rows, whole, _("Priority"), _("Incidents of the month by priority"))
        yield Section("priorities", _("By priority"), table)
    yield _outcomes("response", _("Response targets"), rows, whole)
    yield _outcomes("resolution", _("Resolution targets"), rows, whole)
    if len(given.projects) > 1:
        projects = [_row(given, Cell(key), Which(project=key), given.all, given.before) for key in given.projects]
        table = _compared_table(given, projects, whole, _("Project"), _("Incidents by project"))
        yield Section("projects", _("By project"), table)
    yield Section("requests", _("Requests"), _requests(requests))


def _months(rows: list[Row], whole: Row) -> Section:
    head = (_("Month"), *(str(labels.PRIORITY[priority]) for priority in Priority), _("Total"), *_wait_heads())
    table = Table(
        _("Incidents month by month"),
        head,
        tuple((row.name, *_by_priority(row), row.cell(len(row.cases)), *_waits(row)) for row in [*rows, whole]),
        sums_up=True,
    )
    series = tuple(
        Series(
            str(labels.PRIORITY[priority]),
            PRIORITY_STYLE[priority],
            tuple(sum(case.priority == priority for case in row.cases) for row in rows),
        )
        for priority in Priority
    )
    chart = _chart("months", _("Incidents month by month, by priority"), rows, series)
    return Section("months", _("Month by month"), table, chart)


def _by_priority(row: Row) -> Iterator[Cell]:
    for priority in Priority:
        yield row.cell(sum(case.priority == priority for case in row.cases), priority=priority)


def _wait_heads() -> tuple[str, ...]:
    return (_("Median"), _("Nine of ten within"), _("To backup"), _("Call-outs"))


def _waits(row: Row) -> Iterator[Cell]:
    found = row.figures
    yield _answered(row, wait_words(found.median))
    yield _answered(row, wait_words(found.p90))
    yield row.cell(found.to_backup, to_backup=True)
    yield row.cell(found.call_outs, called_out=True)


def _compared_table(given: Given, rows: list[Row], whole: Row, first: str, caption: str) -> Table:
    """Incidents by something, beside the month before where the report is about a month."""
    compares = not given.span.is_year
    heads = (_("Month before"), _("Difference")) if compares else ()
    head = (first, _("Incidents"), *heads, _("Response in time"), _("Resolution in time"), *_wait_heads())
    lines = tuple(tuple(_compared_cells(given, row, compares=compares)) for row in [*rows, whole])
    return Table(caption, head, lines, sums_up=True)


def _compared_cells(given: Given, row: Row, *, compares: bool) -> Iterator[Cell]:
    found, before = row.figures, len(row.before)
    yield row.name
    yield row.cell(found.count)
    if compares:
        month = given.span.first.moved(-1)
        yield Cell(str(before), given.link(Span(month.year, month.number), row.which) if before else "")
        yield Cell(difference_words(found.count, before))
    yield row.cell(found.response[Outcome.MET], percent_words(found.response_percent), response=Outcome.MET)
    yield row.cell(found.resolution[Outcome.MET], percent_words(found.resolution_percent), resolution=Outcome.MET)
    yield from _waits(row)


def _outcomes(kind: str, title: str, rows: list[Row], whole: Row) -> Section:
    """How the targets of one kind fared: `kind` is "response" or "resolution"."""
    shown = [each for each in Outcome if kind == "response" or each is not Outcome.LAPSED]
    head = (
        _("Month") if whole.span.is_year else _("Priority"),
        *(_capital(str(OUTCOME[outcome])) for outcome in shown),
        _("Met"),
    )
    lines = []
    for row in [*rows, whole]:
        counted = getattr(row.figures, kind)
        percent = getattr(row.figures, f"{kind}_percent")
        cells = (row.cell(counted[outcome], **{kind: outcome}) for outcome in shown)
        lines.append((row.name, *cells, row.cell(counted[Outcome.MET], percent_words(percent), **{kind: Outcome.MET})))
    series = tuple(
        Series(str(OUTCOME[each]), OUTCOME_STYLE[each], tuple(getattr(row.figures, kind)[each] for row in rows))
        for each in shown
    )
    return Section(kind, title, Table(title, head, tuple(lines), sums_up=True), _chart(kind, title, rows, series))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _requests(row: Row) -> Table:
    found = row.figures
    shown = [each for each in Outcome if each is not Outcome.LAPSED]
    cells = (row.cell(found.response[outcome], response=outcome) for outcome in shown)
    head = (_("Kind"), _("Count"), *(_capital(str(OUTCOME[outcome])) for outcome in shown), _("Median"))
    line = (row.name, row.cell(found.count), *cells, _answered(row, wait_words(found.median)))
    return Table(_("Requests, and whether they were answered in time"), head, (line,))


def _chart(key: str, title: str, rows: list[Row], series: tuple[Series, ...]) -> Chart:
    """The layers that hold anything; what the drawing shows is said in words, too."""
    shown = tuple(each for each in series if any(each.values)) or series[:1]
    said = []
    for place, row in enumerate(rows):
        parts = [f"{each.values[place]} {each.label}" for each in shown if each.values[place]]
        if parts:
            said.append(f"{row.name.text}: {', '.join(parts)}")
    return Chart(key, title, "; ".join(said) or NOTHING, tuple(row.short for row in rows), shown)


def list_title(count: int, call_outs: int | None) -> str:
    """What a list counts, as the figure it stands behind does."""
    if call_outs is None:
        return incidents_words(count)
    said = ngettext("%(count)d call-out in %(incidents)s", "%(count)d call-outs in %(incidents)s", call_outs)
    return said % {"count": call_outs, "incidents": incidents_words(count)}
