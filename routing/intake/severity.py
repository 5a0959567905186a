"""From a monitoring system's severity to one of the four priorities."""

from matrix.terms import Priority

from .formats import Event
from .models import IntakeKey

PRIORITY_OF_SEVERITY = {
    "disaster": Priority.BLOCKER,
    "page": Priority.BLOCKER,
    "critical": Priority.CRITICAL,
    "high": Priority.CRITICAL,
    "unknown": Priority.CRITICAL,
    "error": Priority.MAJOR,
    "average": Priority.MAJOR,
    "warning": Priority.MAJOR,
    "info": Priority.MINOR,
}
"""The words of Prometheus, Zabbix, Icinga and their kin; a key's own map goes before."""


def priority_of(event: Event, key: IntakeKey) -> Priority:
    """The priority the event names itself, else its severity's (in either case), else the key's default."""
    named = event.priority.lower()
    if named in tuple(Priority):
        return Priority(named)
    severity = event.severity.lower()
    return _own_map(key).get(severity) or PRIORITY_OF_SEVERITY.get(severity) or Priority(key.default_priority)


def _own_map(key: IntakeKey) -> dict[str, Priority]:
    # The map is edited as JSON: a slip in it must not cost an alarm.
    if not isinstance(key.severity_map, dict):
        return {}
    known = ((str(severity).lower(), p) for severity, p in key.severity_map.items() if p in tuple(Priority))
    return {severity: Priority(p) for severity, p in known}
