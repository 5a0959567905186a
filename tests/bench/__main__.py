"""`python -m tests.bench [PART …] [--quick] [--runs N]`: measure, and print one table."""

import argparse
import os
import sys
from statistics import median

PARTS = ("intake", "storm", "lateness", "backlog", "decisions", "rotas", "desk", "coverage")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Speed and lateness under load")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one or more of {', '.join(PARTS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work at all?")
    parser.add_argument("--runs", type=int, help="of each measurement (default: 5, with --quick 2)")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    _prepare()
    from . import machine, parts

    bench = parts.Bench(quick=options.quick, runs=options.runs or (2 if options.quick else 5))
    _say(f"{machine.description()}\n")
    _say(f"{'':<62} {'median':>9} {'runs':>20}        aim")
    for name in options.parts or PARTS:
        for row in parts.PARTS[name](bench):
            span = f"{_figure(min(row.runs))} to {_figure(max(row.runs))}" if len(row.runs) > 1 else ""
            line = f"{row.name:<62} {_figure(median(row.runs)):>9} {span:>20} {row.unit:<6} {row.aim}"
            _say(line.rstrip())
    return 0


def _prepare() -> None:
    """A database of our own, and Django on it."""
    from . import database, house

    house.LOG.parent.mkdir(exist_ok=True)
    house.LOG.unlink(missing_ok=True)
    database.use_own_database()
    os.environ.update(house.PORTAL)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from . import world

    world.note_pages()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
