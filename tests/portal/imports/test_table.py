"""Whatever somebody uploads becomes a table or a reason."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports.table import MOST_BYTES, MOST_ROWS, BadTable, read, text_of
from portal.spreadsheets import harmless, plain

CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=2, max_size=5), st.sampled_from(";,\t"))
def test_what_was_written_is_read(rows: list[list[str]], delimiter: str) -> None:
    rows = [["first column", "second", "third", "fourth"], *rows]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([harmless(cell) for cell in row] for row in rows)
    content = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if len(content) < 2:
        return
    table = read(text_of(file.getvalue().encode()))
    found = [list(table.header), *(list(line.cells) for line in table.lines)]
    assert found == [[plain(harmless(cell).strip()) for cell in row] for row in content]


@given(st.binary(max_size=200))
def test_garbage_is_a_table_or_a_reason(data: bytes) -> None:
    try:
        table = read(text_of(data))
    except BadTable:
        return
    assert table.header
    assert table.lines


def test_encodings_and_limits() -> None:
    assert read(text_of("name;ort\nMüller;Köln".encode("cp1252"))).lines[0].cells == ("Müller", "Köln")
    assert read(text_of("\ufeffname,ort\r\n\r\nMüller,Köln\r\n".encode())).lines[0].number == 3
    for data, code in (
        (b"", "empty"),
        (b"name\n", "empty"),
        (b"PK\x03\x04\x00\x00", "binary"),
        (b"a,b\n" * (MOST_ROWS + 2), "too_many"),
        (b"x" * (MOST_BYTES + 1), "too_long"),
        (b'a,b\n"' + b"x," * 2000, "broken"),
        (b"a,b\n1," + b"x" * 3000, "cell_too_long"),
    ):
        with pytest.raises(BadTable) as caught:
            read(text_of(data))
        assert caught.value.code == code
