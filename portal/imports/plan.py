"""What an import would do, row by row; what is confirmed is exactly this. No queries of its own."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .table import Table

Parse = Callable[[str], Any]


class BadCell(Exception):
    """A cell cannot be used; says what to write instead."""


class BadHeader(Exception):
    """The table lacks a column, or has one twice; says which."""


class Outcome(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is the field's; `english` and `german` are how the header calls it, besides the name."""

    name: str
    english: str
    german: str
    parse: Parse
    example: str = ""
    required: bool = False
    private: bool = False

    @property
    def label(self) -> str:
        return self.german if (get_language() or "").startswith("de") else self.english

    def is_called(self, header: str) -> bool:
        return _bare(header) in {_bare(self.name), _bare(self.english), _bare(self.german)}


@dataclass(slots=True)
class Row:
    """One row as it was read: what its cells say (those that are empty say nothing), and what is wrong with them."""

    line: int
    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after` as texts; those of a private column are never shown."""

    column: Column
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one row. `target` is the row that is changed; `present` is what it has, `wanted` what it gets."""

    row: Row
    label: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    target: Any = None
    wanted: dict[str, Any] = field(default_factory=dict)
    present: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The fates in the order of the file. `stamp` is another where by now another thing would be done."""

    kind: str
    fates: tuple[Fate, ...]
    unused: tuple[str, ...] = ()

    def of(self, outcome: Outcome) -> list[Fate]:
        return [fate for fate in self.fates if fate.outcome is outcome]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(fate.outcome.value for fate in self.fates)
        return {outcome.value: found[outcome.value] for outcome in Outcome}

    @property
    def can_go_ahead(self) -> bool:
        """All or nothing: with a refused row nothing is imported, and with nothing to do neither."""
        return not self.of(Outcome.REFUSED) and any(fate.outcome is not Outcome.UNCHANGED for fate in self.fates)

    @property
    def stamp(self) -> str:
        told = [
            [
                fate.row.line,
                fate.outcome.value,
                fate.target.pk if fate.target is not None else None,
                sorted(fate.row.cells.items()),
                [[change.column.name, change.before, change.after] for change in fate.changes],
            ]
            for fate in self.fates
        ]
        return hashlib.sha256(json.dumps([self.kind, told]).encode()).hexdigest()


def rows_of(table: Table, columns: Sequence[Column]) -> tuple[list[Row], tuple[str, ...]]:
    """The rows with their cells parsed, and headers that no column is called by. Raises `BadHeader`."""
    places = {column.name: _place(table.header, column) for column in columns}
    used = set(places.values())
    unused = tuple(name for place, name in enumerate(table.header) if place not in used and name)
    rows = []
    for line in table.lines:
        cells = {
            name: line.cells[place]
            for name, place in places.items()
            if place is not None and place < len(line.cells) and line.cells[place]
        }
        row = Row(line.number, cells)
        if len(line.cells) > len(table.header):
            row.wrong.append(_("The row has more cells than the header. Put texts with the separator in quotes."))
        for column in columns:
            _parse(row, column)
        rows.append(row)
    return rows, unused


def _place(header: Sequence[str], column: Column) -> int | None:
    places = [place for place, name in enumerate(header) if column.is_called(name)]
    if len(places) > 1:
        raise BadHeader(_("The column “%(name)s” stands there twice.") % {"name": column.label})
    if not places and column.required:
        raise BadHeader(
            _("The column “%(name)s” is missing. The first row names the columns.") % {"name": column.label}
        )
    return places[0] if places else None


def _parse(row: Row, column: Column) -> None:
    written = row.cells.get(column.name, "")
    if not written:
        if column.required:
            row.wrong.append(_("“%(name)s” must not be empty.") % {"name": column.label})
        return
    try:
        row.values[column.name] = column.parse(written)
    except BadCell as bad:
        row.wrong.append(f"{column.label}: {bad}")


def _bare(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
