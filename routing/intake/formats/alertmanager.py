"""Prometheus Alertmanager's webhook, payload version 4.

The group (`version`, `groupKey`, `truncatedAlerts`, `status`, `receiver`, `groupLabels`, `commonLabels`,
`commonAnnotations`, `externalURL`) adds nothing to its `alerts`, each with `status`, `labels`, `annotations`,
`startsAt`, `endsAt`, `generatorURL` and `fingerprint` (which old versions do not send). Its receiver keeps `max_alerts`
at 0: alerts truncated by the sender never arrive here.
"""

from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from .events import (
    DESCRIPTION_LENGTH,
    Event,
    FieldError,
    PayloadError,
    Refused,
    cut,
    dedup_key_of,
    hash_of,
    is_firing,
    parse_each,
    text,
    texts,
    title_of,
)


def parse(payload: object) -> list[Event | Refused]:
    """One event for each of the group's alerts."""
    if not isinstance(payload, dict):
        raise PayloadError({"": [_("Must be an object.")]})
    group_status = payload.get("status")
    return parse_each(payload.get("alerts"), "alerts", partial(_event, group_status=group_status))


def _event(alert: dict[str, Any], *, group_status: object) -> Event:
    labels, annotations = texts(alert, "labels"), texts(alert, "annotations")
    if not labels:
        raise FieldError("labels", _("Must not be empty."))
    return Event(
        dedup_key=dedup_key_of(text(alert, "fingerprint")) or hash_of(labels),
        firing=is_firing(text({"status": group_status, **alert}, "status")),
        severity=labels.get("severity", ""),
        priority=labels.get("priority", ""),
        title=title_of(annotations.get("summary") or _name(labels)),
        description=_description(annotations.get("description", ""), text(alert, "generatorURL"), labels),
        raw=alert,
    )


def _name(labels: dict[str, str]) -> str:
    named = f"{labels.get('alertname', '')} {labels.get('instance', '')}".strip()
    return named or ", ".join(_lines(labels))


def _lines(labels: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(labels.items())]


def _description(description: str, link: str, labels: dict[str, str]) -> str:
    parts = (description, link, "\n".join(_lines(labels)))
    return cut("\n\n".join(part for part in parts if part), DESCRIPTION_LENGTH)
