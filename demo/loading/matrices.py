"""The contracts as templates, and a published matrix for every project."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from demo.provider import Provider
from matrix.models import Cell, Matrix, MatrixVersion, PriorityTerms, Reporting, Step
from matrix.services import copy_version, publish
from matrix.sla import Clock
from matrix.terms import Channel, Priority, Route
from portal.models import Person, Project

TRIAL = "trial"
TRIAL_OF = "standard"
TRIAL_ROUTES = (Route.AFTER_HOURS, Route.MONITORING)
TRIAL_PRIORITIES = (Priority.BLOCKER, Priority.CRITICAL)
TRIAL_WAIT = 1
TRIAL_LAST_WAIT = 5
"""Minutes; long enough to see who was called before the chain starts again."""
TRIAL_TITLE = {
    "title_de": "Probe: wie Standard, mit einer Minute Wartezeit, zum Zuschauen",
    "title_en": "Trial: like Standard, with waits of one minute, to watch",
}


def add_matrices(provider: Provider, *, projects: dict[str, Project], by: Person, at: datetime) -> None:
    """Publish everything at `at`, the templates first: projects hold copies of them with their own examples."""
    templates = {
        key: _published(_template(provider, key, content), by, at) for key, content in provider["contracts"].items()
    }
    for customer in provider["customers"].values():
        for key, content in customer["projects"].items():
            contract = content["contract"]
            template = templates[TRIAL_OF if contract == TRIAL else contract]
            draft = copy_version(template, matrix=Matrix.objects.create(project=projects[key], name=key))
            _use_own_examples(draft, provider["project_examples"].get(key, {}))
            if contract == TRIAL:
                _shorten(draft)
            _published(draft, by, at)


def _published(draft: MatrixVersion, by: Person, at: datetime) -> MatrixVersion:
    return publish(draft, by=by, now=at, reason="Vertragsbeginn")


def _template(provider: Provider, key: str, contract: dict[str, Any]) -> MatrixVersion:
    matrix = Matrix.objects.create(name=key.capitalize())
    version = MatrixVersion.objects.create(matrix=matrix, title_de=contract["de"], title_en=contract["en"])
    PriorityTerms.objects.bulk_create(
        _terms(version, priority, provider["priorities"][priority], contract) for priority in Priority
    )
    Reporting.objects.bulk_create(
        _reporting(version, priority, window, content)
        for priority, windows in provider["report_by"].items()
        for window, content in windows.items()
    )
    for route, cells in contract["routes"].items():
        for priority, content in cells.items():
            _cell(version, priority, route, content)
    return version


def _terms(version: MatrixVersion, priority: str, words: dict[str, Any], contract: dict[str, Any]) -> PriorityTerms:
    target, examples = contract["targets"][priority], contract["examples"][priority]
    clock = Clock(target["clock"])
    return PriorityTerms(
        version=version,
        priority=priority,
        definition_de=words["de"]["definition"],
        definition_en=words["en"]["definition"],
        examples_de=examples["de"],
        examples_en=examples["en"],
        response_minutes=target["response"],
        resolution_minutes=target["resolution"],
        update_minutes=target["update_every"],
        # Nobody is reminded at night of what may wait for the opening.
        progress_minutes=target["update_every"] if clock is Clock.ROUND_THE_CLOCK else None,
        clock=clock,
    )


def _reporting(version: MatrixVersion, priority: str, window: str, content: dict[str, Any]) -> Reporting:
    afterwards = [content["then"]] if "then" in content else []
    return Reporting(
        version=version,
        priority=priority,
        window=window,
        ways=[*content["ways"], *afterwards],
        instruction_de=content["de"],
        instruction_en=content["en"],
    )


def _cell(version: MatrixVersion, priority: str, route: str, content: dict[str, Any]) -> None:
    cell = Cell.objects.create(
        version=version,
        priority=priority,
        route=route,
        defers="defer" in content,
        defers_outside_hours=content.get("defer_outside_hours", False),
    )
    Step.objects.bulk_create(Step(cell=cell, position=place, **fields) for place, fields in enumerate(_steps(content)))


def _steps(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """First those who are told at once, then the links; a link's wait is the time until the next begins."""
    for role in content.get("inform", ()):
        yield {"role": role, "channels": [Channel.EMAIL], "wait": 0, "informs": True}
    steps = content.get("steps", [])
    starts = [step["after"] for step in steps]
    waits = [later - earlier for earlier, later in pairwise(starts)]
    for step, wait in zip(steps, [*waits, content.get("last_wait")], strict=False):
        yield {
            "role": step["role"],
            "channels": step["channels"],
            "wait": wait,
            "ring_seconds": step.get("ring"),
            "informs": step.get("informs", False),
        }


def _use_own_examples(draft: MatrixVersion, examples: dict[str, dict[str, list[str]]]) -> None:
    for priority, texts in examples.items():
        draft.terms.filter(priority=priority).update(examples_de=texts["de"], examples_en=texts["en"])


def _shorten(draft: MatrixVersion) -> None:
    """On-call chains in which a newcomer can watch who is called next."""
    MatrixVersion.objects.filter(pk=draft.pk).update(**TRIAL_TITLE)
    cells = draft.cells.filter(route__in=TRIAL_ROUTES, priority__in=TRIAL_PRIORITIES)
    for cell in cells.prefetch_related("steps"):
        called = [step for step in cell.steps.all() if step.wait]
        for step in called[:-1]:
            step.wait = TRIAL_WAIT
        called[-1].wait = TRIAL_LAST_WAIT
        Step.objects.bulk_update(called, ["wait"])
