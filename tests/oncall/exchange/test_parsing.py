"""Rosters as text: what is read, and what is said of what cannot be."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.exchange.parsing import MOST_ROWS, Problem, Unreadable, parse
from oncall.rotation import Line

ZONE = "Europe/Berlin"


def utc(day: int, hour: int, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_csv_with_its_columns_in_either_language() -> None:
    found = parse(
        "line,person,start,end\n"
        "primary,Anna Adler,2026-12-24 10:00,2026-12-26T10:00:00+01:00\n"
        '\n"backup",ben@x.example,2026-12-24T09:00Z,2026-12-26T10:00\n',
        zone=ZONE,
    )
    assert [(row.number, row.line, row.who, row.start, row.end, row.problem) for row in found] == [
        (2, Line.PRIMARY, ("Anna Adler",), utc(24, 9), utc(26, 9), None),
        (4, Line.BACKUP, ("ben@x.example",), utc(24, 9), utc(26, 9), None),
    ]
    [german] = parse(
        "\ufeffLinie;Name;E-Mail;Von;Bis\r\nHauptdienst;A;a@x;24.12.2026 10:00;26.12.2026 10:00", zone=ZONE
    )
    assert (german.line, german.who, german.start, german.end) == (Line.PRIMARY, ("a@x",), utc(24, 9), utc(26, 9))
    [without] = parse("person,start,end\nA,2026-12-24,2026-12-25", zone=ZONE, line=Line.BACKUP)
    assert (without.line, without.start) == (Line.BACKUP, utc(23, 23))


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("tertiary,A,2026-12-24,2026-12-25", Problem.LINE),
        (",A,2026-12-24,2026-12-25", Problem.LINE),
        ("primary,,2026-12-24,2026-12-25", Problem.NOBODY),
        ("primary,A,tomorrow,2026-12-25", Problem.TIME),
        ("primary,A,0001-01-01,2026-12-25", Problem.TIME),
        ("primary,A", Problem.TIME),
        ("primary,A,2026-12-25,2026-12-25", Problem.ORDER),
        ("primary,A,2026-12-25,2028-12-25", Problem.TOO_LONG),
    ],
)
def test_a_row_that_cannot_be_read_says_why(record: str, problem: Problem) -> None:
    [row] = parse(f"line,person,start,end\n{record}\n", zone=ZONE)
    assert row.problem is problem


def calendar(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""])


def test_calendars_name_people_lines_and_times() -> None:
    [event] = parse(
        calendar(
            "SUMMARY:Anna Adler: platform\\, backup",
            "ATTENDEE;CN=Anna:MAILTO:anna@x.example",
            "DTSTART:20261224T090000Z",
            "DURATION:P2D",
        ),
        zone=ZONE,
    )
    assert (event.line, event.who) == (Line.BACKUP, ("anna@x.example", "Anna Adler: platform, backup"))
    assert (event.start, event.end, event.problem) == (utc(24, 9), utc(26, 9), None)
    [whole] = parse(calendar("SUMMARY:Ben", "DTSTART;VALUE=DATE:20261224"), zone=ZONE, line=Line.PRIMARY)
    assert (whole.start, whole.end) == (utc(23, 23), utc(24, 23))
    [floating] = parse(
        calendar("SUMMARY:Ben", "DTSTART:20261224T100000", "DTEND:20261225T100000"), zone=ZONE, line=Line.PRIMARY
    )
    assert floating.start == utc(24, 9)
    [recurs] = parse(
        calendar("SUMMARY:Ben", "DTSTART:20261224T100000Z", "DTEND:20261224T120000Z", "RRULE:FREQ=DAILY"), zone=ZONE
    )
    assert recurs.problem is Problem.RECURS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "columns"),
        ("a,b,c\n1,2,3", "columns"),
        ("person,start,end\n", "empty"),
        ('person,start,end\n"A', "csv"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VEVENT\nnonsense", "calendar"),
        (calendar("STATUS:CANCELLED"), "empty"),
        ("person,start,end\n" + "A,2026-12-24,2026-12-25\n" * (MOST_ROWS + 1), "too_many"),
    ],
)
def test_what_is_no_roster_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(text, zone=ZONE)
    assert refused.value.reason == reason


words = st.lists(
    st.sampled_from(
        ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR", "DTSTART:2026", "DTEND;VALUE=DATE:20261301",
         "DTSTART:20261224T100000Z", "DURATION:P1D", "DURATION:x", "ATTENDEE:mailto:", "SUMMARY",
         "person,start,end", "A,2026-12-24"]
    )
    | st.text(max_size=20)
)  # fmt: skip


@given(words)
def test_garbage_is_refused_or_said_to_be_garbage(lines: list[str]) -> None:
    try:
        found = parse("\n".join(lines), zone=ZONE)
    except Unreadable:
        return
    for row in found:
        assert row.problem or (row.line and row.who and row.start and row.end and row.start < row.end)
