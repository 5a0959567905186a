"""What a handbook is made of: a few kinds of blocks, all text said already in the reader's language.

The page and the PDF both draw these and add nothing, so neither can say what the other does not.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cell. `style` is "", "strong", "quiet", "item" of a list or "sub", below such an item.

    `href` is a `tel:` or `mailto:` address.
    """

    text: str
    style: str = ""
    href: str = ""


Cell = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; a `note` stands out."""

    text: str
    note: bool = False
    kind: str = field(init=False, default="text")


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms, each with what there is to say of it."""

    rows: tuple[tuple[str, Cell], ...]
    kind: str = field(init=False, default="facts")


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of a row names it. `widths` are shares of the width of a printed page."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]
    kind: str = field(init=False, default="table")

    def labelled(self) -> list[list[tuple[str, Cell]]]:
        """The rows, each cell beside its column's head: on a narrow page the cells stand below one another."""
        return [list(zip(self.head, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class FlowLink:
    """One box of a drawn chain: `when` it is called, who that is, and the number it may be reached by.

    `informs` says so of a link that is told and not expected to answer; else it is empty.
    """

    when: str
    who: str
    role: str
    phone: Line | None
    informs: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One chain: in words, and link by link for the drawing. Without links, `note` says what happens instead."""

    title: str
    words: str
    links: tuple[FlowLink, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chains:
    """The chains of one priority, side by side."""

    title: str
    flows: tuple[Flow, ...]
    kind: str = field(init=False, default="chains")


Block = Text | Facts | Table | Chains


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter; `key` is its anchor. In print it may begin a `new_page`."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Handbook:
    """The operations handbook of one project under one version of its matrix, as its customer reads it."""

    language: str
    title: str
    project_key: str
    project: str
    customer: str
    provider: str
    version: int
    issued_on: str
    running: str
    contents_title: str
    emergency_title: str
    emergency: tuple[tuple[str, Cell], ...]
    cover: tuple[tuple[str, Cell], ...]
    sections: tuple[Section, ...]
