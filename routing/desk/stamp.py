"""What the desk would show, as one number: whoever has seen it with this stamp has seen everything there is.

One small query stands in for all that drawing the desk needs. It takes what every row carries anyway: `xmin`, the
transaction that wrote it last, changes with each change of the row. So nothing has to keep a counter, for whose row
those who report at the same time would wait.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from django.db import connection
from django.utils.http import parse_etags

from portal.models import Person

RECENT = 2000
"""Numbers are taken before the commit, so an entry may appear below one already seen: this far below it is seen."""

STAMP = f"""
SELECT clock_timestamp(), concat_ws('/',
    (SELECT concat(count(*), ':', sum(hashint8extended(id, xmin::text::bigint))) FROM routing_incident
        WHERE NOT (status IN ('resolved', 'closed'))),
    (SELECT concat(count(*), ':', sum(hashint8extended(id, xmin::text::bigint))) FROM routing_escalation
        WHERE due_at IS NOT NULL),
    (SELECT sum(id) FROM (SELECT id FROM routing_timelineentry ORDER BY id DESC LIMIT {RECENT}) AS recent),
    (SELECT string_agg(id::text, ',' ORDER BY id) FROM routing_alarm WHERE cleared_at IS NULL),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM portal_project),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM portal_customer),
    (SELECT string_agg(number::text, ',' ORDER BY number) FROM portal_factsversion),
    (SELECT string_agg(group_id::text, ',' ORDER BY group_id) FROM portal_person_groups WHERE person_id = %s))
"""  # noqa: S608 -- a number of ours


@dataclass(frozen=True, slots=True)
class Stamp:
    """`at` is the instant it was read, by the database's clock; `value` differs where anything does."""

    at: datetime
    value: str

    def tag(self, *seen: str, until: datetime) -> str:
        """An entity tag for what was drawn with this stamp and `seen` (language, address), true `until` an instant.

        The instant is in the tag, so that what changes by itself (a pause ends, somebody is back) is seen in time.
        """
        return f'W/"{self._print(*seen)}-{int(until.timestamp() * 1000)}"'

    def still_holds(self, if_none_match: str, *seen: str) -> bool:
        """Whether one of the tags that the client sent says that it has all of it, and that it is still true."""
        for tag in parse_etags(if_none_match):
            mark, _dash, until = tag.removeprefix("W/").strip('"').partition("-")
            if mark == self._print(*seen) and until.isdecimal() and self.at.timestamp() * 1000 < int(until[:15]):
                return True
        return False

    def _print(self, *seen: str) -> str:
        return sha256("\0".join((self.value, *seen)).encode()).hexdigest()[:32]


def read_stamp(reader: Person) -> Stamp:
    """The stamp as it is now; read it before what it is to vouch for."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP, [reader.pk])
        at, value = cursor.fetchone()
    return Stamp(at.astimezone(UTC), value)
