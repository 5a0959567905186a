"""What a report is made of, all text said already in the reader's language: the page and the PDF draw these alone."""

from dataclasses import dataclass

from .charts import Chart


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table. `href` leads to the incidents a figure counts, or to the report of a month."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures; the first cell of a row names it, and the last row may be the sum of the others."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sums_up: bool = False


ROOM = 8
"""Columns of a table beside which a drawing has room."""


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter; `key` is its anchor."""

    key: str
    title: str
    table: Table
    chart: Chart | None = None

    @property
    def is_wide(self) -> bool:
        """There is no room for the drawing beside the table."""
        return len(self.table.head) > ROOM


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure in large type, and a line of how it compares or what it means."""

    label: str
    value: Cell
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """The report of one customer about one span. `standing` says that it is under way or to come; else it is empty."""

    language: str
    title: str
    running: str
    customer: str
    customer_key: str
    span: str
    period: str
    provider: str
    issued_on: str
    standing: str
    empty: str
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    definitions_title: str
    definitions: tuple[tuple[str, str], ...]
