"""As what an incident was seen by whoever acts, and what they may still take back."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from routing.incidents.models import Incident
from routing.incidents.services import UNDO_FOR, Before, state_of
from routing.paging.models import Page

UNDO = "undo"
"""Where the session keeps what may be taken back: one thing, the last."""
ENDINGS = ("resolve", "close", "merge")
"""What ends the work on an incident, also that of those who were called in."""
LENIENCE = timedelta(seconds=5)
"""What was committed while the page was made counts as news too."""


def seen_of(incident: Incident, now: datetime) -> str:
    """What a form carries: the state its reader decides by, and when they saw it."""
    return f"{state_of(incident)}~{now.isoformat()}"


def read_seen(value: str) -> tuple[str, datetime | None]:
    """The state and the instant of what a form carried; empty and None where it carried nothing that is understood."""
    state, _between, instant = value.rpartition("~")
    try:
        at = parse_datetime(instant)
    except ValueError:
        at = None
    return state, at - LENIENCE if at is not None and at.tzinfo is not None else None


def offer_undo(request: HttpRequest, before: Before, after: Incident, *, now: datetime) -> None:
    """Remember how to take back what has just been done."""
    request.session[UNDO] = {
        "number": after.pk,
        "before": before.kept(),
        "after": state_of(after),
        "at": now.isoformat(),
    }


def to_undo(request: HttpRequest, incident: Incident, *, now: datetime) -> dict[str, Any] | None:
    """What its reader did last, while it may be taken back: `before` and `after` for `undo`.

    `called_in` are the names of those who were told that it is over, and are not told that it is not.
    """
    kept: dict[str, Any] | None = request.session.get(UNDO)
    if kept is None or kept["number"] != incident.pk or kept["after"] != state_of(incident):
        return None
    until = datetime.fromisoformat(kept["at"]) + UNDO_FOR
    if now >= until:
        return None
    before = Before(**kept["before"])
    called_in = _called_in(incident) if before.what in ENDINGS else []
    return {"before": before, "after": kept["after"], "until": until, "called_in": called_in}


def _called_in(incident: Incident) -> list[str]:
    pages = Page.objects.filter(escalation__incident=incident, route=Page.CALL_IN_ROUTE)
    return sorted({each.callee_name for each in pages.select_related("person", "team")})


def forget_undo(request: HttpRequest) -> None:
    request.session.pop(UNDO, None)
