"""What every kind of import shares."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from portal.imports.plan import Change, Column, Fate, Outcome, Row
from portal.models import Person


@dataclass(frozen=True)
class Act:
    """Who imports, when and why."""

    by: Person
    now: datetime
    why: str


class Kind:
    """One kind of rows. `load` reads what all rows need, in a constant number of queries; `judge` then asks nothing.

    An empty cell leaves what is there; nothing is ever removed by an import.
    """

    do_not_call_in_templates = True
    slug: str
    label: str | Promise
    hint: str | Promise
    columns: tuple[Column, ...]
    identity: tuple[str, ...]

    def __init__(self, *, now: datetime, lock: bool = False) -> None:
        self.now = now
        self.lock = lock
        self.seen: dict[tuple[Any, ...], int] = {}

    def load(self, rows: Sequence[Row]) -> None:
        raise NotImplementedError

    def judge(self, row: Row) -> Fate:
        raise NotImplementedError

    def write(self, fates: Sequence[Fate], act: Act) -> None:
        """Do what the fates say: created and changed ones alone."""
        raise NotImplementedError

    def fates(self, rows: Sequence[Row]) -> tuple[Fate, ...]:
        self.load(rows)
        return tuple(self._fate(row) for row in rows)

    def _fate(self, row: Row) -> Fate:
        if row.wrong:
            return self.refused(row, *row.wrong)
        identity = tuple(row.get(name) for name in self.identity)
        earlier = self.seen.setdefault(identity, row.line)
        if earlier != row.line:
            return self.refused(row, _("The same stands in line %(line)d already.") % {"line": earlier})
        return self.judge(row)

    # --- What kinds use -------------------------------------------------------------------------------------

    def named(self, row: Row) -> str:
        return " · ".join(row.cells[name] for name in self.identity if name in row.cells)

    def refused(self, row: Row, *reasons: str) -> Fate:
        return Fate(row, self.named(row), Outcome.REFUSED, reasons)

    def held(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows, locked where they are about to be changed."""
        return rows.order_by("pk").select_for_update(no_key=True, of=("self",)) if self.lock else rows

    def compared(self, row: Row, target: Any, wanted: dict[str, Any], present: dict[str, Any] | None = None) -> Fate:
        """Create where there is no target, else change what differs."""
        if target is None:
            return Fate(row, self.named(row), Outcome.CREATE, wanted=wanted)
        before = present if present is not None else {name: getattr(target, name) for name in wanted}
        changes = tuple(
            Change(column, shown(before[column.name]), shown(wanted[column.name]))
            for column in self.columns
            if column.name in wanted and before[column.name] != wanted[column.name]
        )
        outcome = Outcome.CHANGE if changes else Outcome.UNCHANGED
        return Fate(row, self.named(row), outcome, (), changes, target, wanted, before)

    def given(self, row: Row, *names: str) -> dict[str, Any]:
        """What the row says of these."""
        return {name: row.values[name] for name in names if name in row.values}


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)


def wanted_of(rows: Iterable[Row], name: str) -> set[Any]:
    """All values of a column, those of cells with several one by one."""
    values = [row.values[name] for row in rows if name in row.values]
    return {each for value in values for each in (value if isinstance(value, tuple) else (value,))}


def of_outcome(fates: Sequence[Fate], outcome: Outcome) -> list[Fate]:
    return [fate for fate in fates if fate.outcome is outcome]
