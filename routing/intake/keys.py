"""Intake keys: made, and found by their token."""

from collections.abc import Mapping
from datetime import datetime

from matrix.terms import Priority
from portal.models import Person, Project
from portal.tokens import find, issue

from .models import IntakeKey


def create_intake_key(
    *,
    project: Project,
    name: str,
    by: Person | None,
    now: datetime,
    default_priority: Priority = Priority.CRITICAL,
    severity_map: Mapping[str, str] | None = None,
) -> tuple[IntakeKey, str]:
    """A new key and its token, which cannot be read again."""
    return issue(
        IntakeKey,
        now=now,
        project=project,
        name=name,
        created_by=by,
        default_priority=default_priority,
        severity_map=dict(severity_map or {}),
    )


def find_key(token: str) -> IntakeKey | None:
    """The key of this token, with its project, unless it is unknown or revoked."""
    return find(IntakeKey.objects.select_related("project"), token)
