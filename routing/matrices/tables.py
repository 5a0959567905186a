"""A version's content in lines of words, for reading and for comparing."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from matrix import labels
from matrix.changes import starts_of
from matrix.content import CellContent, TermsContent, VersionContent
from matrix.terms import Priority, Route, Window
from matrix.wording import after, duration


@dataclass(frozen=True)
class Line:
    """One thing that is agreed: its name and its value, in one or more lines."""

    name: str
    value: tuple[str, ...]


def columns(content: VersionContent) -> list[dict[str, Any]]:
    """Each priority that the version speaks of, with its lines."""
    return [
        {"priority": priority, "label": labels.PRIORITY[priority], "lines": lines(content.priorities[priority])}
        for priority in Priority
        if priority in content.priorities
    ]


def lines(terms: TermsContent) -> list[Line]:
    """Everything that is agreed for one priority, in the reader's language."""
    language = "de" if (get_language() or "").startswith("de") else "en"
    promise = terms.promise
    found = [
        Line(_("Definition"), (terms.definition.get(language, ""),)),
        Line(_("Examples"), tuple(terms.examples.get(language, ()))),
        Line(_("Response"), (duration(promise.response_minutes),)),
        Line(_("Restoration"), (duration(promise.resolution_minutes),)),
        Line(_("News"), (duration(terms.update_minutes),)),
        Line(_("Visible progress"), (duration(terms.progress_minutes),)),
        Line(_("Clock"), (str(labels.CLOCK[promise.clock]),)),
        Line(_("While waiting"), (_("the clock pauses") if terms.pauses_while_waiting else _("the clock goes on"),)),
    ]
    for window in Window:
        reporting = terms.reporting.get(window)
        ways = ", ".join(str(labels.REPORT_WAY[way]) for way in reporting.ways) if reporting else ""
        text = reporting.instruction.get(language, "") if reporting else ""
        found.append(Line(_("How to report, %(when)s") % {"when": labels.WINDOW[window]}, (ways, text)))
    for route in Route:
        cell = promise.cells.get(route, CellContent())
        found.append(Line(_("Chain, %(route)s") % {"route": labels.ROUTE[route]}, _chain(route, cell)))
    return found


def _chain(route: Route, cell: CellContent) -> tuple[str, ...]:
    if cell.defers or (route is Route.AFTER_HOURS and cell.defers_outside_hours):
        return (_("waits for the next opening"),)
    if not cell.steps and route is Route.MONITORING:
        return (_("as for a customer's report"),)
    steps = [_step(step, start) for step, start in zip(cell.steps, starts_of(cell.steps), strict=True)]
    if cell.defers_outside_hours:
        steps.append(_("outside business hours from the next opening on"))
    return tuple(steps) or (_("nobody"),)


def _step(step: Any, start: int) -> str:
    channels = ", ".join(str(labels.CHANNEL[channel]) for channel in step.channels)
    said = f"{labels.ROLE[step.role]} {after(start)} ({channels})"
    if step.ring_seconds is not None:
        said += ", " + _("rings %(seconds)d seconds") % {"seconds": step.ring_seconds}
    return said + (", " + _("is only informed") if step.informs else "")


def comparison(one: VersionContent, other: VersionContent) -> list[dict[str, Any]]:
    """Each priority with its lines in both versions, and whether they differ."""
    found = []
    for priority in Priority:
        left, right = ({line.name: line.value for line in _lines_of(each, priority)} for each in (one, other))
        names = dict.fromkeys([*left, *right])
        if not names:
            continue
        rows = [
            {
                "name": name,
                "one": left.get(name, ()),
                "other": right.get(name, ()),
                "differs": left.get(name) != right.get(name),
            }
            for name in names
        ]
        found.append({"priority": priority, "label": labels.PRIORITY[priority], "rows": rows})
    return found


def _lines_of(content: VersionContent, priority: Priority) -> list[Line]:
    terms = content.priorities.get(priority)
    return lines(terms) if terms else []
