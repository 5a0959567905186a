"""Beside a draft: what the customer would be shown, and whether the chains hold their target. It pages nobody."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matrix import labels
from matrix.content import ReportingContent, StepContent, TermsContent
from matrix.models import Reporting
from matrix.services import Finding, findings_in
from matrix.terms import Priority, Role, Route
from portal.models import Person, Project
from routing.decide import decide
from routing.decision import Source
from routing.gather import gather
from routing.pages.cards import Card, card_of
from routing.pages.matrix import Column, columns_of
from routing.presentation import present


@dataclass(frozen=True)
class Preview:
    """The customer's cell in each window, and the chain that monitoring would start."""

    project: Project
    cells: list[tuple[Column, Card | None]]
    monitoring: Card


def preview(project: Project, priority: Priority, terms: TermsContent, *, reader: Person, now: datetime) -> Preview:
    """`terms` as if they were in force, with the people, hours and absences the project really has."""
    promise = {priority.value: terms.promise}
    known = replace(gather([project], at=now)[project.pk], version=None, content=promise)
    customer = Person(zone=reader.zone, language=reader.language)
    cells = []
    for column in columns_of(known, now):
        # A column a decision cannot reach was gathered anew, by what is in force.
        asked = replace(column.known, version=None, content=promise)
        card = card_of(asked, at=column.at, reader=customer, priority=priority)
        cells.append((column, card and replace(card, reporting=_reporting(terms.reporting.get(column.window)))))
    shown = present(decide(known.facts(priority=priority, source=Source.MONITORING), now), reader=reader)
    first = next((link for link in shown["chain"] if not link["informs"]), None)
    return Preview(project, cells, Card(shown, first, [], [], terms=None, reporting=None, topic=None))


def _reporting(reporting: ReportingContent | None) -> Reporting | None:
    if reporting is None or not reporting.ways:
        return None
    instruction = {f"instruction_{language}": text for language, text in reporting.instruction.items()}
    return Reporting(ways=list(reporting.ways), **instruction)


# --- The check ----------------------------------------------------------------------------------------------------


def check(priority: Priority, terms: TermsContent, margin: int) -> list[dict[str, Any]]:
    """Every chain of the priority that misses its target, in words, with the waits that would hold it."""
    found = findings_in({priority.value: terms.promise}, margin)
    return [finding_row(finding, terms) for finding in found]


def finding_row(finding: Finding, terms: TermsContent) -> dict[str, Any]:
    """One finding as a sentence about who comes too late, and what would hold."""
    steps = terms.promise.cells[finding.route].steps
    late = next(step for step in reversed(steps) if not step.informs)
    return {
        "finding": finding,
        "priority": finding.priority,
        "priority_label": labels.PRIORITY[Priority(finding.priority)],
        "route": finding.route,
        "route_label": labels.ROUTE[finding.route],
        "text": _too_late(late.role, finding, terms.promise.response_minutes or 0),
        "proposal": _proposal(finding, steps),
    }


def _too_late(role: Role, finding: Finding, response: int) -> str:
    words = {"role": labels.ROLE[role], "start": finding.last_start, "target": response, "allowed": finding.allowed}
    if finding.allowed < 0:
        return (
            _(
                "%(role)s comes too late: the response target of %(target)d minutes is shorter than the margin"
                " that is kept for an answer."
            )
            % words
        )
    return (
        _(
            "%(role)s comes too late: called after %(start)d minutes, but the response target of %(target)d minutes"
            " leaves time for an answer only until minute %(allowed)d."
        )
        % words
    )


def _proposal(finding: Finding, steps: tuple[StepContent, ...]) -> str:
    """The waits that would have to be shorter; empty where none is short enough."""
    if finding.proposed_waits is None:
        return ""
    shorter = [
        ngettext("%(wait)d minute after %(role)s", "%(wait)d minutes after %(role)s", wait)
        % {"wait": wait, "role": labels.ROLE[step.role]}
        for step, wait in zip(steps, finding.proposed_waits, strict=True)
        if wait != step.wait
    ]
    return _("It would hold with waits of: %(waits)s.") % {"waits": ", ".join(shorter)}


def proposed(priority: Priority, terms: TermsContent, margin: int) -> dict[Route, tuple[int, ...]]:
    """Route → one wait per step that would hold its target."""
    found = findings_in({priority.value: terms.promise}, margin)
    return {each.route: each.proposed_waits for each in found if each.proposed_waits}
