"""Calendar feeds: made, found by their token, revoked. A token is shown once and stored as its SHA-256."""

from datetime import datetime

from portal.models import Person, Project
from portal.tokens import START_LENGTH, hash_token, new_token

from .models import CalendarFeed


def create_project_feed(*, project: Project, by: Person, now: datetime) -> tuple[CalendarFeed, str]:
    """A feed of `project` for the person who makes it, and its token, which cannot be read again."""
    token = new_token()
    feed = CalendarFeed.objects.create(
        kind=CalendarFeed.Kind.PROJECT,
        person=by,
        project=project,
        token_hash=hash_token(token),
        token_start=token[:START_LENGTH],
        created_at=now,
    )
    return feed, token


def find_feed(token: str) -> CalendarFeed | None:
    """The feed of this token unless it is unknown or revoked; what its person may still see is for the caller to ask.

    The look-up compares hashes, so its duration tells nothing about any token.
    """
    found = CalendarFeed.objects.select_related("person").filter(token_hash=hash_token(token), revoked_at=None)
    return found.order_by().first()


def revoke(feed: CalendarFeed, *, now: datetime) -> None:
    """Refuse the feed's token from now on; revoking it again changes nothing."""
    CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=now)
