"""Calendar feeds and their tokens."""

import pytest

from oncall.feeds import create_project_feed, find_feed
from oncall.models import CalendarFeed
from portal.tokens import revoke
from tests.people import TUESDAY, World

pytestmark = pytest.mark.django_db


def test_the_token_is_told_once_and_stored_hashed(world: World) -> None:
    feed, token = create_project_feed(project=world.webshop, by=world.alice, now=TUESDAY)
    assert len(token) >= 32
    stored = CalendarFeed.objects.filter(pk=feed.pk).values().get()
    assert token not in str(stored)
    assert token.startswith(stored["token_start"])
    assert find_feed(token) == feed
    assert create_project_feed(project=world.webshop, by=world.alice, now=TUESDAY)[1] != token


def test_a_revoked_or_unknown_token_finds_nothing(world: World) -> None:
    feed, token = create_project_feed(project=world.webshop, by=world.alice, now=TUESDAY)
    for wrong in ("", token[:-1], token + "x", feed.token_start, feed.token_hash, "\ud800"):
        assert find_feed(wrong) is None
    revoke(feed, now=TUESDAY)
    assert find_feed(token) is None
    feed.refresh_from_db()
    assert feed.revoked_at == TUESDAY


def test_revoking_again_changes_nothing(world: World) -> None:
    feed, _token = create_project_feed(project=world.webshop, by=world.alice, now=TUESDAY)
    revoke(feed, now=TUESDAY)
    revoke(feed, now=TUESDAY.replace(hour=23))
    feed.refresh_from_db()
    assert feed.revoked_at == TUESDAY
