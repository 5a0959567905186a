"""A history of every row that matters, written by triggers: in which transaction it changed, when, and how.

Whoever changes an escalation or a delivery holds its lock, so the order of the entries is the order of the changes.
What was rolled back leaves no entry.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

TABLES = ("incident", "escalation", "page", "delivery", "timelineentry")
MOVER = "mover"
"""The application name under which the run itself moves due times."""

INSTALL = """
CREATE TABLE chaos_history (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    transaction text NOT NULL DEFAULT pg_current_xact_id()::text,
    author text NOT NULL DEFAULT current_setting('application_name'),
    kind text NOT NULL,
    row_id bigint NOT NULL,
    before jsonb,
    after jsonb NOT NULL
);
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_history (kind, row_id, before, after) VALUES (
        substr(TG_TABLE_NAME, 9), NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW)
    );
    RETURN NULL;
END $$;
"""
WATCH = """
CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE ON routing_{table} FOR EACH ROW EXECUTE FUNCTION chaos_note();
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one row; `before` is None where the row is new. `at` is when it was written, in UTC."""

    id: int
    at: datetime
    transaction: str
    author: str
    kind: str
    row: int
    before: dict[str, Any] | None
    after: dict[str, Any]

    def was(self, name: str) -> Any:
        return self.before[name] if self.before else None

    def changes(self, name: str) -> bool:
        return self.before is None or self.before[name] != self.after[name]


def install() -> None:
    """Begin the history; to be called before anything happens."""
    with connection.cursor() as cursor:
        cursor.execute(INSTALL)
        for table in TABLES:
            cursor.execute(WATCH.format(table=table))


def history() -> Iterator[Entry]:
    """All of it, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, at, transaction, author, kind, row_id, before::text, after::text FROM chaos_history ORDER BY id"
        )
        for *head, before, after in cursor.fetchall():
            yield Entry(*head, json.loads(before) if before else None, json.loads(after))
