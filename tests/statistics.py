"""Statistics for tests with many rows."""

from django.db import connection


def analyze() -> None:
    """Let the planner know the rows of this transaction.

    Autovacuum looks at tables between tests, when what a test rolled back has left them large and empty. By such
    statistics a query of thousands of rows can be planned as one of none, and take minutes instead of milliseconds.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
