"""What the processes and PostgreSQL complained of."""

import re
from collections import Counter
from pathlib import Path

from .checks import Line

RAISED = re.compile(r"^(?:[\w.]+\.)?(\w+(?:Error|Exception|Refused|DoesNotExist|Lost\w*))(?::|$)")
EXPECTED = {
    # Servers were away. Where one is struck down, psycopg2 raises the bare DatabaseError.
    "DatabaseError",
    "OperationalError",
    "InterfaceError",
    "AdminShutdown",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "BrokenPipeError",
    "TimeoutError",
    "SchedulingError",
    # A worker's child was killed.
    "WorkerLostError",
}
CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
FAILED = re.compile(r"(?:ERROR|FATAL|PANIC):\s+(.*)")
DEADLOCK = "deadlock detected"


def check(directory: Path, names: list[str], postgres: Path) -> list[Line]:
    """Every exception that nobody's death explains, and every deadlock, is a fault."""
    raised: Counter[str] = Counter()
    for name in names:
        raised.update(_raised((directory / f"{name}.log").read_text(errors="replace")))
    unexpected = [f"{name}: {count} times" for name, count in raised.items() if name not in EXPECTED]
    said = Counter(match[1] for match in FAILED.finditer(postgres.read_text(errors="replace")))
    locked = [f"{DEADLOCK}: {said[DEADLOCK]} times"] if said[DEADLOCK] else []
    figure = ", ".join(f"{count} {name}" for name, count in sorted(raised.items()))
    return [Line("exceptions in logs", figure or "none", unexpected), Line("deadlocks", str(len(locked)), locked)]


def _raised(log: str) -> list[str]:
    """The last exception of each traceback; what it was raised from, or while handling what, stands before it."""
    found: list[str] = []
    for line in log.splitlines():
        if match := RAISED.match(line):
            found.append(match[1])
        elif line.startswith(CHAINED) and found:
            found.pop()
    return found
