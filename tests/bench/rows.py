"""One line of the table."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """What was measured, its runs, and what it should come to, if anything."""

    name: str
    unit: str
    runs: list[float]
    aim: str = ""

    @property
    def median(self) -> float:
        return median(self.runs)
