"""A report for machines: what the API and the command answer, as `CoverageSerializer` documents it."""

from typing import Any

from django.utils import timezone

from portal.hours import Period

from .findings import Severity
from .queries import Coverage
from .wording import Told, tell


def present(found: Coverage) -> dict[str, Any]:
    """The whole report; texts are in the language, and instants in the zone, that are active."""
    return {
        "since": timezone.localtime(found.since).isoformat(),
        "until": timezone.localtime(found.until).isoformat(),
        "projects": len(found.projects),
        "gaps": len(found.of(Severity.GAP)),
        "risks": len(found.of(Severity.RISK)),
        "notes": len(found.of(Severity.NOTE)),
        "findings": [_finding(each) for each in tell(found, found.findings)],
    }


def _finding(told: Told) -> dict[str, Any]:
    finding = told.finding
    return {
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "title": told.title,
        "text": told.text,
        "to_do": told.to_do,
        "when": told.when,
        "projects": list(finding.projects),
        "concerns": [{"priority": str(priority), "route": str(route)} for priority, route in finding.concerns],
        "periods": [_period(period) for period in finding.periods],
        "role": finding.role.value if finding.role else None,
        "subject": finding.subject,
        "accepted": finding.accepted,
    }


def _period(period: Period) -> dict[str, str | None]:
    return {
        "start": timezone.localtime(period.start).isoformat(),
        "end": timezone.localtime(period.end).isoformat() if period.end else None,
    }
