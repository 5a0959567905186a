"""Facts kept between questions, and never a moment longer than they are true.

Each change of a table that a decision depends on changes the facts' version, by a trigger and in the change's own
transaction. So one small query tells whether what this process gathered earlier still holds.
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Generic, TypeVar

from django.apps import apps
from django.db import connection

from .models import Recorded

Version = frozenset[int]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def facts_version() -> Version:
    """The version of all facts, as this transaction sees them. Another one means that something has changed.

    Read it before what it is to vouch for: what is gathered afterwards is as new or newer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM portal_factsversion")
        return frozenset(number for (number,) in cursor.fetchall())


class Kept(Generic[Key, Value]):
    """What this process keeps of one kind, for one version of the facts. Bounded: it starts anew when full."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: tuple[Version, dict[Key, Value]] = (frozenset(), {})

    def shelf(self, known_at: datetime) -> dict[Key, Value]:
        """What is kept for questions as known at `known_at` (aware), to be read and to be filled.

        Before the last change was recorded the past looked otherwise: then this is an empty shelf for once.
        """
        version = facts_version()
        if known_at < _settled_at(version):
            return {}
        kept_version, shelf = self._kept
        if kept_version != version or len(shelf) >= self._size:
            # Whoever still fills the old shelf fills it in vain, which does no harm.
            shelf = {}
            self._kept = (version, shelf)
        return shelf


@lru_cache(maxsize=8)
def _settled_at(version: Version) -> datetime:
    """When the last recorded period began or ended: from then on, what is known is the same at any instant."""
    del version
    tables = (model._meta.db_table for model in apps.get_models() if issubclass(model, Recorded))
    bounds = " UNION ALL ".join(
        f"SELECT max(greatest(lower(recorded), upper(recorded))) AS bound FROM {table}"  # noqa: S608 -- our own tables
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(bound) FROM ({bounds}) AS bounds")  # noqa: S608 -- as above
        (settled,) = cursor.fetchone()
    return settled or datetime.min.replace(tzinfo=UTC)
