"""The whole record of an incident, for a post-mortem: on paper, as plain text, and as a table."""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from matrix.facts import published
from portal import clock
from portal.spreadsheets import harmless
from routing.gather import gather
from routing.incidents.models import Incident

from .changes import past_of
from .clocks import Target, clocks_of
from .incidents import find
from .requests import PageRequest, page, staff_only
from .timeline import Attempt, Line, days_of, whole_of


@page
@staff_only
def paper(request: PageRequest, number: int) -> HttpResponse:
    """Every line, the oldest first, as a page to be printed."""
    incident, lines, clocks, now = _read(request, number)
    context = {"incident": incident, "days": days_of(lines), "clocks": clocks, "now": now}
    return render(request, "pages/incident_record.html", context)


@page
@staff_only
def plain(request: PageRequest, number: int) -> HttpResponse:
    """Every line as text, to be pasted somewhere."""
    incident, lines, _clocks, _now = _read(request, number)
    text = "\n".join(_text(incident, lines))
    return _download(f"{text}\n", incident, kind="text/plain", ending="txt")


@page
@staff_only
def table(request: PageRequest, number: int) -> HttpResponse:
    """Every line as CSV, each message in a row of its own after its line. Instants are ISO 8601 with offset."""
    incident, lines, _clocks, _now = _read(request, number)
    out = StringIO()
    rows = csv.writer(out)
    rows.writerow(["at", "kind", "public", "actor", "text", "changes", "channel", "recipient", "outcome", "error"])
    for line in lines:
        rows.writerow(map(harmless, [*_columns(line), "", "", "", ""]))
        for sent in line.attempts:
            # What the line tells stands in its own row.
            begun = [_instant(sent.queued_at), "message", "no", "", sent.about, ""]
            rows.writerow(map(harmless, [*begun, sent.channel, sent.name, sent.outcome, sent.error]))
    # With a byte order mark, or a spreadsheet takes UTF-8 for something else.
    return _download(f"\ufeff{out.getvalue()}", incident, kind="text/csv", ending="csv")


def _read(request: PageRequest, number: int) -> tuple[Incident, list[Line], list[Target], datetime]:
    incident, now = find(request, number), clock.now()
    past = past_of(incident)
    hours = gather([incident.project], at=now, known_at=now)[incident.project_id].hours
    versions = published([incident.matrix_version_id])
    clocks = clocks_of(incident, versions, hours, now=now)
    return incident, whole_of(incident, request.user, past), clocks, now


def _columns(line: Line) -> list[str]:
    return [_instant(line.at), line.kind, "yes" if line.public else "no", line.actor, line.text, _changes(line)]


def _text(incident: Incident, lines: list[Line]) -> Iterator[str]:
    yield f"#{incident.pk} {incident.title}"
    yield f"{incident.project.key} · {incident.get_priority_display()} · {incident.get_status_display()}"
    if incident.description:
        yield ""
        yield incident.description
    for line in lines:
        yield ""
        read_by = _("public") if line.public else _("internal")
        yield " · ".join(filter(None, [_instant(line.at), line.actor, read_by]))
        yield from (f"  {each}" for each in line.text.splitlines())
        if line.changes:
            yield f"  {_changes(line)}"
        yield from (f"  ! {warning}" for warning in line.warnings)
        yield from (f"  - {_attempt(sent)}" for sent in line.attempts)


def _changes(line: Line) -> str:
    return "; ".join(f"{change.what}: {change.before} → {change.after}" for change in line.changes)


def _attempt(sent: Attempt) -> str:
    about = f" ({sent.about})" if sent.about else ""
    error = f": {sent.error}" if sent.error else ""
    times = ", ".join(_instant(at) for at in (sent.queued_at, sent.sent_at, sent.finished_at) if at)
    return f"{sent.channel}, {sent.name}{about}: {sent.outcome}{error} [{times}]"


def _instant(at: datetime) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds")


def _download(text: str, incident: Incident, *, kind: str, ending: str) -> HttpResponse:
    name = f"incident-{incident.pk}-{slugify(incident.project.key)}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers=headers)
