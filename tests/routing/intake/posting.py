"""How tests post signals."""

import json
from collections.abc import Iterable
from typing import Any

from django.test import Client
from django.utils import timezone

from portal.models import Project
from routing.incidents.models import Incident, TimelineEntry
from routing.intake.models import IntakeKey, Signal
from routing.intake.services import create_intake_key
from routing.paging.models import Escalation


def make_key(project: Project, **fields: Any) -> tuple[IntakeKey, str]:
    key, token = create_intake_key(project=project, name="Prometheus", by=None, now=timezone.now())
    IntakeKey.objects.filter(pk=key.pk).update(**fields)
    key.refresh_from_db()
    return key, token


def post(token: str, body: object, format_name: str = "generic", **headers: Any) -> Any:
    """The answer to `body`, sent as it is if it is bytes, else as JSON; an error of ours raises."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content_type": "application/json", **headers}
    return Client().post(f"/intake/{token}/{format_name}/", data, **sent)


def alert(name: str, status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "instance": "db1", **labels},
        "annotations": {"summary": f"{name} on db1"},
        "startsAt": "2026-11-29T02:00:00.828Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": f"fp-{name}",
    }


def group(alerts: Iterable[object]) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "direktdraht",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "alerts": list(alerts),
    }


def rows() -> list[int]:
    """How many rows there are of everything an intake may write."""
    return [model.objects.count() for model in (Signal, Incident, Escalation, TimelineEntry)]
