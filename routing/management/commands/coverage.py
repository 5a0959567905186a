"""`manage.py coverage`: what is not covered in the coming weeks, for people and for monitoring."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal import clock
from portal.models import Project
from routing.coverage.findings import Severity
from routing.coverage.presenting import present
from routing.coverage.queries import MOST_WEEKS, WEEKS, Coverage, coverage, covered_projects
from routing.coverage.wording import tell

GAP, USAGE = 1, 2


class Command(BaseCommand):
    help = "Prints what is not covered in the coming weeks. Exits with 1 if there is a gap, with 2 on a usage error."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", metavar="KEY", help="this project alone (default: all)")
        parser.add_argument("--weeks", type=_weeks, default=WEEKS, metavar="N", help=f"default: {WEEKS}")
        parser.add_argument("--json", action="store_true", help="as the API answers it")

    def handle(self, *args: Any, project: str | None, weeks: int, json: bool, **options: Any) -> None:
        found = coverage(_projects(project), now=clock.now(), weeks=weeks)
        self.stdout.write(_as_json(found) if json else "\n".join(_lines(found)))
        if found.gaps:
            sys.exit(GAP)


def _weeks(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WEEKS:
        raise ArgumentTypeError(f"a number from 1 to {MOST_WEEKS}")
    return int(text)


def _projects(key: str | None) -> list[Project]:
    projects = covered_projects()
    if key is None:
        return projects
    found = [project for project in projects if project.key == key]
    if not found:
        known = ", ".join(project.key for project in projects) or "none yet"
        raise CommandError(f"There is no project “{key}”. Projects: {known}.", returncode=USAGE)
    return found


def _as_json(found: Coverage) -> str:
    return json.dumps(present(found), ensure_ascii=False, indent=2)


def _lines(found: Coverage) -> list[str]:
    """One line for the sum, as monitoring shows it, and one for each finding."""
    counts = {severity: len(found.of(severity)) for severity in Severity}
    state = "GAP" if counts[Severity.GAP] else "OK"
    sums = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
    until = f"{found.until:%Y-%m-%d}"
    lines = [f"COVERAGE {state}: {sums} until {until}, {len(found.projects)} projects"]
    for each in tell(found, found.findings):
        about = "; ".join([*each.concerns, each.when])
        projects = ", ".join(each.finding.projects)
        lines.append(f"{each.severity:<5} {projects}: {each.title} ({about}). {each.text} {each.to_do}")
    return lines
