"""Calendar feeds: made for the person who asks, and found by their token."""

from datetime import datetime

from portal.models import Person, Project
from portal.tokens import find, issue

from .models import CalendarFeed, Rota


def create_project_feed(*, project: Project, by: Person, now: datetime) -> tuple[CalendarFeed, str]:
    """A feed of `project` for the person who makes it, and its token, which cannot be read again."""
    return issue(CalendarFeed, now=now, kind=CalendarFeed.Kind.PROJECT, person=by, project=project)


def create_duty_feed(*, rota: Rota | None, by: Person, now: datetime) -> tuple[CalendarFeed, str]:
    """As `create_project_feed`, of everybody's duty on `rota`, or where that is None of the person's own duty."""
    kind = CalendarFeed.Kind.PERSON if rota is None else CalendarFeed.Kind.ROTA
    return issue(CalendarFeed, now=now, kind=kind, person=by, rota=rota)


def find_feed(token: str) -> CalendarFeed | None:
    """The feed of this token unless unknown or revoked; what its person may still see is for the caller to ask."""
    return find(CalendarFeed.objects.select_related("person", "rota"), token)
