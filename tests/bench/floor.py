"""What no intake can be faster than: one request, one committed INSERT, nothing else."""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg2

TABLE = "CREATE TABLE IF NOT EXISTS bench_floor (id bigserial PRIMARY KEY, raw jsonb NOT NULL, at timestamptz NOT NULL)"
INSERT = "INSERT INTO bench_floor (raw, at) VALUES (%s, clock_timestamp()) RETURNING id"
ANSWER = b'{"accepted": 1}'

_own = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI application for gunicorn; each of its threads keeps a connection."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        _own.connection.autocommit = True
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
    with _own.connection.cursor() as cursor:
        cursor.execute(INSERT, [body])
        cursor.fetchone()
    start_response("202 Accepted", [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))])
    return [ANSWER]
