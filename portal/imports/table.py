"""A table out of what somebody uploads or pastes. Pure.

UTF-8 (with or without its mark) or else cp1252, as spreadsheets on Windows write it; commas, semicolons or tabs.
"""

import csv
import io
import re
from dataclasses import dataclass

from portal.spreadsheets import plain

MOST_BYTES = 1024 * 1024
MOST_ROWS = 5000
LONGEST_CELL = 2000
DELIMITERS = ";,\t"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class BadTable(Exception):
    """Nothing of it can be read; `code` says why: empty, binary, too_long, too_many, cell_too_long, broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """One row's cells, without blanks around them; `number` is that of its last line in the file, from 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    lines: tuple[Line, ...]


def text_of(data: bytes) -> str:
    """The text of a file. Raises `BadTable`."""
    if len(data) > MOST_BYTES:
        raise BadTable("too_long")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read(text: str) -> Table:
    """The table; lines without any content are left out. Raises `BadTable`."""
    text = text.removeprefix("\ufeff")
    if len(text.encode(errors="replace")) > 2 * MOST_BYTES:
        raise BadTable("too_long")
    if _CONTROL.search(text) or re.search("[\ud800-\udfff]", text):
        raise BadTable("binary")
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    lines = _lines(text, _delimiter(text))
    if len(lines) < 2:
        raise BadTable("empty")
    if len(lines) > MOST_ROWS + 1:
        raise BadTable("too_many")
    if any(len(cell) > LONGEST_CELL for line in lines for cell in line.cells):
        raise BadTable("cell_too_long")
    return Table(lines[0].cells, tuple(lines[1:]))


def _lines(text: str, delimiter: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        found = [Line(reader.line_num, tuple(plain(cell.strip()) for cell in row)) for row in reader]
    except csv.Error:
        raise BadTable("broken") from None
    return [line for line in found if any(line.cells)]


def _delimiter(text: str) -> str:
    """Whichever the header has most of; quotes in a header are rare enough not to count."""
    first = text.partition("\n")[0]
    return max(DELIMITERS, key=first.count)
