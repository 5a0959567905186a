"""The incidents a report counts, one row each, as CSV (RFC 4180) that a spreadsheet can open without harm."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.spreadsheets import harmless

from .figures import Counted

FIELDS = (
    "number",
    "kind",
    "project",
    "priority",
    "title",
    "reported_at",
    "respond_by",
    "responded_at",
    "response",
    "minutes_to_acknowledge",
    "resolve_by",
    "restored_at",
    "resolution",
    "escalated_to_backup",
    "call_outs",
)
BYTE_ORDER_MARK = "\ufeff"
"""Without it a common spreadsheet takes UTF-8 for something else."""


def csv_of(cases: Iterable[Counted], titles: Mapping[int, str], *, zone: ZoneInfo, now: datetime) -> str:
    """One line for the names of the fields, then one per incident. Instants in ISO 8601 by the clock of `zone`."""
    written = io.StringIO()
    written.write(BYTE_ORDER_MARK)
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(FIELDS)
    writer.writerows(_row(case, titles.get(case.number, ""), zone, now) for case in cases)
    return written.getvalue()


def _row(case: Counted, title: str, zone: ZoneInfo, now: datetime) -> tuple[object, ...]:
    wait = case.answered_after
    return (
        case.number,
        "request" if case.request else "incident",
        harmless(case.project),
        "" if case.request else case.priority,
        harmless(title),
        _instant(case.reported_at, zone),
        _instant(case.respond_by, zone),
        _instant(case.responded_at, zone),
        case.response(now).value,
        "" if wait is None else round(wait.total_seconds() / 60, 1),
        _instant(case.resolve_by, zone),
        _instant(case.restored_at, zone),
        case.resolution(now).value,
        int(case.to_backup),
        case.call_outs,
    )


def _instant(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds") if at else ""
