"""What all views share that change an incident: who may, and what happens where somebody else was faster."""

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from portal.access import may_report, may_work
from routing.incidents.models import Incident
from routing.incidents.services import Before, require_unchanged

from .desk import timeline_for
from .incidents import find
from .requests import PageRequest
from .seen import offer_undo, read_seen

NEWS = 3
"""How many lines of what happened meanwhile are told."""


def for_work(request: PageRequest, number: int) -> Incident:
    """The incident, for somebody who may work it."""
    incident = find(request, number)
    if not may_work(request.user):
        raise PermissionDenied
    return incident


def for_reporting(request: PageRequest, number: int) -> Incident:
    """The incident, for somebody who may work it or report on its project."""
    incident = find(request, number)
    if not may_report(request.user, incident.project):
        raise PermissionDenied
    return incident


def change(
    request: PageRequest,
    incident: Incident,
    act: Callable[[], Incident | None],
    *,
    now: datetime,
    undo: str = "",
    other: Incident | None = None,
) -> None:
    """Do it unless the incident has changed since its form was shown; `undo` names what may be taken back.

    `other` is a second incident that is changed with it, both being locked from the start. What is to be taken back
    is read under the lock even where the form does not say what its reader saw.
    Raises `ActionRefused`, of which nothing is left.
    """
    state, _at = read_seen(request.POST.get("seen", ""))
    with transaction.atomic():
        current = require_unchanged(incident, state or None, undo, other)
        before = Before.of(current, undo)
        after = act()
    if undo and after is not None:
        offer_undo(request, before, after, now=now)


def meanwhile(request: PageRequest, incident: Incident) -> str:
    """What others have done since the reader saw the incident, which is as it is now."""
    _state, since = read_seen(request.POST.get("seen", ""))
    lines = timeline_for(incident, request.user, latest=NEWS)
    news = [line for line in lines if since is None or line.at >= since][: NEWS if since else 1] or lines[:1]
    told = " ".join(f"{line.actor}: {line.text}" for line in reversed(news))
    return _("Nothing was changed: the incident is %(status)s by now. %(last)s") % {
        "status": incident.get_status_display(),
        "last": told,
    }
