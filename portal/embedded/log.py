"""One log for many processes: a line each, with the name of its process in front, in colour on a terminal."""

import itertools
import sys
from collections.abc import Sequence

OWN = ""
"""The name under which the supervisor itself speaks."""

COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92")
DIM = "2"


class Log:
    """Writes to standard output. Raises BrokenPipeError once nobody reads it any more."""

    def __init__(self, names: Sequence[str]) -> None:
        width = max(map(len, names))
        colours = zip(names, itertools.cycle(COLOURS), strict=False)
        self._prefixes = {name: _prefix(name, width, colour) for name, colour in (*colours, (OWN, DIM))}

    def write(self, name: str, line: str) -> None:
        self.write_bare(f"{self._prefixes[name]}{line}")

    def write_bare(self, line: str) -> None:
        """Without a name in front: for text to be copied."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _prefix(name: str, width: int, colour: str) -> str:
    text = f"{name:{width}} | "
    return f"\033[{colour}m{text}\033[0m" if sys.stdout.isatty() else text
