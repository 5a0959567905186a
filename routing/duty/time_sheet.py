"""The call-outs of a month as CSV (RFC 4180), for the time sheet."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.spreadsheets import harmless

from .call_outs import CallOut

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
BOM = "\ufeff"
"""Spreadsheet programs take a file without it for one in an old code page."""


def time_sheet(found: Iterable[CallOut]) -> bytes:
    """In the reader's language and zone, with the offset of each time: a night of a clock change is unambiguous."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(_heading())
    for each in found:
        rows.writerow(map(harmless, _row(each)))
    return (BOM + text.getvalue()).encode()


def _heading() -> list[str]:
    return [
        _("Incident"),
        _("Project"),
        _("Title"),
        _("On duty"),
        _("Paged at"),
        _("Answered at"),
        _("Work began"),
        _("Work ended"),
        _("Minutes"),
        _("Of those outside working hours"),
        _("Proposed beginning"),
        _("Proposed end"),
        _("Corrected at"),
        _("Remark"),
    ]


def _row(each: CallOut) -> Iterator[str]:
    incident = each.page.escalation.incident
    yield incident.number
    yield incident.project.key
    yield incident.title
    yield _("yes") if each.on_duty else _("no")
    for at in (each.page.created_at, each.page.answered_at, each.begin, each.end):
        yield _instant(at)
    for minutes in (each.minutes, each.outside_minutes):
        yield "" if minutes is None else str(minutes)
    for at in (each.proposed.start, each.proposed.end, each.corrected_at):
        yield _instant(at)
    yield each.remark


def _instant(at: datetime | None) -> str:
    return timezone.localtime(at).isoformat(" ", "minutes") if at else ""
