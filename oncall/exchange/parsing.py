"""A roster as text, read into rows: CSV (RFC 4180) or iCalendar (RFC 5545). Pure.

Nothing is guessed: a row that cannot be read bears a problem, and keeps what was written. Times without an offset are
those of the rota's zone.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from io import StringIO
from typing import Any

from icalendar import Calendar

from oncall.rotation import Line
from portal.hours import local_instant

MOST_ROWS = 500
LONGEST = timedelta(days=366)
LINE_PROPERTY = "X-DIREKTDRAHT-LINE"
"""By it our own calendars name the line."""
COLUMNS = {
    "line": ("line", "linie", "schicht"),
    "person": ("email", "e-mail", "mail", "person", "name"),
    "start": ("start", "from", "beginn", "von"),
    "end": ("end", "until", "ende", "bis"),
}
"""What the columns may be called; of several for a person the first that is filled counts."""
LINES = {
    Line.PRIMARY: ("primary", "hauptdienst", "primär"),
    Line.BACKUP: ("backup", "secondary", "hintergrund", "reserve"),
}


class Problem(StrEnum):
    """Why a row cannot be read."""

    LINE = "line"
    NOBODY = "nobody"
    TIME = "time"
    ORDER = "order"
    TOO_LONG = "too_long"
    RECURS = "recurs"


class Unreadable(Exception):
    """It is neither CSV with its columns nor a calendar (`reason`), or has too many rows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """One duty as it was written. `who` are e-mail addresses or names, the surest first."""

    number: int
    written: str
    line: Line | None = None
    who: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    problem: Problem | None = None


def parse(text: str, *, zone: str, line: Line | None = None) -> tuple[Row, ...]:
    """The rows of either format. `line` is that of rows which name none. Raises `Unreadable`."""
    text = text.removeprefix("\ufeff").lstrip()
    read = _events if text[:15].upper() == "BEGIN:VCALENDAR" else _records
    rows: list[Row] = []
    for row in read(text, zone, line):
        rows.append(row)
        if len(rows) > MOST_ROWS:
            raise Unreadable("too_many")
    if not rows:
        raise Unreadable("empty")
    return tuple(rows)


def _checked(row: Row) -> Row:
    """With its problem, if it has one."""
    problem = row.problem or _problem(row)
    return Row(row.number, row.written, row.line, row.who, row.start, row.end, problem)


def _problem(row: Row) -> Problem | None:
    if row.start is None or row.end is None:
        return Problem.TIME
    if row.start >= row.end:
        return Problem.ORDER
    if row.end - row.start > LONGEST:
        return Problem.TOO_LONG
    if row.line is None:
        return Problem.LINE
    return None if row.who else Problem.NOBODY


# --- CSV ------------------------------------------------------------------------------------------------------


def _records(text: str, zone: str, line: Line | None) -> Iterator[Row]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        records = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Unreadable("csv") from error
    places = _places(records[0] if records else [])
    for number, record in enumerate(records[1:], start=2):
        if any(cell.strip() for cell in record):
            yield _record(number, record, places, zone, line)


def _places(heading: Sequence[str]) -> dict[str, list[int]]:
    """Column → where it stands. Raises `Unreadable` where one is missing; the line may be."""
    names = [cell.strip().casefold() for cell in heading]
    places = {key: [names.index(name) for name in known if name in names] for key, known in COLUMNS.items()}
    if not (places["person"] and places["start"] and places["end"]):
        raise Unreadable("columns")
    return places


def _record(number: int, record: Sequence[str], places: dict[str, list[int]], zone: str, line: Line | None) -> Row:
    def cells(key: str) -> list[str]:
        found = [record[place].strip() for place in places[key] if place < len(record)]
        return [cell for cell in found if cell]

    named = next(iter(cells("line")), "")
    return _checked(
        Row(
            number=number,
            written=" · ".join(cell.strip() for cell in record if cell.strip())[:200],
            line=_line(named, exactly=True) if named else line,
            who=tuple(cells("person")[:1]),
            start=_instant("".join(cells("start")[:1]), zone),
            end=_instant("".join(cells("end")[:1]), zone),
        )
    )


def _line(text: str, *, exactly: bool) -> Line | None:
    """The line that the text names; None where it names none or both."""
    text = text.casefold()
    found = [line for line, names in LINES.items() if any(text == name if exactly else name in text for name in names)]
    return found[0] if len(found) == 1 else None


def _instant(text: str, zone: str) -> datetime | None:
    for form in (None, "%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M"):
        try:
            read = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 -- see below
        except ValueError:
            continue
        return _utc(read, zone)
    return None


def _utc(read: datetime, zone: str) -> datetime | None:
    """In UTC; a time without an offset is the zone's. None where it is out of all reason."""
    if not 2000 <= read.year <= 2100:
        return None
    if read.tzinfo is None:
        return local_instant(zone, read.date(), read.time())
    return read.astimezone(UTC)


# --- iCalendar ------------------------------------------------------------------------------------------------


def _events(text: str, zone: str, line: Line | None) -> Iterator[Row]:
    try:
        events = Calendar.from_ical(text).walk("VEVENT")
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Unreadable("calendar") from error
    for number, event in enumerate(events, start=1):
        if str(event.get("status", "")).upper() != "CANCELLED":
            yield _event(number, event, zone, line)


def _event(number: int, event: Any, zone: str, line: Line | None) -> Row:
    title = " ".join(str(event.get("summary", "")).split())[:200]
    start, end = _period(event, zone)
    named = str(event.get(LINE_PROPERTY, "")) or title
    return _checked(
        Row(
            number=number,
            written=title or str(event.get("uid", "")),
            line=_line(named, exactly=False) or line,
            who=(*_attendees(event), *([title] if title else [])),
            start=start,
            end=end,
            problem=Problem.RECURS if "rrule" in event or "rdate" in event else None,
        )
    )


def _attendees(event: Any) -> list[str]:
    found = event.get("attendee", [])
    return [str(each)[len("mailto:") :] for each in _listed(found) if str(each).lower().startswith("mailto:")]


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _period(event: Any, zone: str) -> tuple[datetime | None, datetime | None]:
    """A property that cannot be read, or stands there twice, gives no instant."""
    begins, ends = _moment(event, "dtstart"), _moment(event, "dtend")
    length = getattr(event.get("duration"), "dt", None)
    if begins is not None and ends is None:
        ends = begins + length if isinstance(length, timedelta) else None
        if ends is None and not isinstance(begins, datetime):
            ends = begins + timedelta(days=1)
    return _placed(begins, zone), _placed(ends, zone)


def _moment(event: Any, name: str) -> date | None:
    moment = getattr(event.get(name), "dt", None)
    return moment if isinstance(moment, date) else None


def _placed(moment: date | None, zone: str) -> datetime | None:
    """A whole day begins at the zone's midnight."""
    if moment is None:
        return None
    return _utc(moment if isinstance(moment, datetime) else datetime.combine(moment, time(0)), zone)
