"""The one source of time: the database's clock.

Read it once per request, task or tick and pass the instant down as `now`. Web, worker and watchdog hosts may
disagree about the time; the database is one, so due times and leases compare against one clock.
"""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """The database's wall clock as an aware UTC datetime (it moves on within a transaction)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)
