"""A database of the benchmark's own beside the one it was given, so that no data is ever at risk."""

import os
from urllib.parse import urlsplit

import psycopg2

NAME = "direktdraht_bench"


def use_own_database() -> None:
    """Make it anew, and let this process and those it starts use it."""
    given = os.environ["DATABASE_URL"]
    connection = psycopg2.connect(given)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {NAME}")
    finally:
        connection.close()
    os.environ["DATABASE_URL"] = urlsplit(given)._replace(path=f"/{NAME}").geturl()
