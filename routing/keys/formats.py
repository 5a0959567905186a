"""How each monitoring system is connected: its name, its page and a sample of what it posts.

A further format is a line here, a template `keys/setup/<format>.html` and its parser in `routing.intake.formats`.
What the intake does not take is not offered.
"""

import json
from dataclasses import dataclass
from typing import Any

from routing.intake.formats import FORMATS


@dataclass(frozen=True, slots=True)
class Setup:
    """`sample` is an event as the system posts it; `name` is the format's, as it stands in the address."""

    name: str
    label: str
    sample: Any

    @property
    def template(self) -> str:
        return f"keys/setup/{self.name}.html"

    @property
    def sample_text(self) -> str:
        return json.dumps(self.sample, indent=2, ensure_ascii=False)

    @property
    def sample_line(self) -> str:
        """On one line, without a sign that a shell would take for the end of its quotes."""
        return json.dumps(self.sample, ensure_ascii=True).replace("'", "\\u0027")


_ALERTMANAGER = {
    "version": "4",
    "status": "firing",
    "receiver": "direktdraht",
    "groupLabels": {"alertname": "DiskAlmostFull"},
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DiskAlmostFull", "instance": "db1", "severity": "critical"},
            "annotations": {"summary": "Disk of db1 is 95 % full", "description": "It is full in about 40 minutes."},
            "startsAt": "2026-01-01T03:00:00Z",
            "generatorURL": "https://prometheus.example/graph",
            "fingerprint": "test-disk-db1",
        }
    ],
}
_GENERIC = {
    "dedup_key": "test-disk-db1",
    "status": "firing",
    "severity": "critical",
    "title": "Disk of db1 is 95 % full",
    "description": "It is full in about 40 minutes.",
}
_KNOWN = (
    Setup("alertmanager", "Prometheus Alertmanager", _ALERTMANAGER),
    Setup("generic", "generic (JSON)", _GENERIC),
)
SETUPS = {setup.name: setup for setup in _KNOWN if setup.name in FORMATS}
