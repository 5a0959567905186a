"""A version's content as JSON, and back. Pure; `from_json(to_json(content)) == content`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .content import (
    CellContent,
    PriorityContent,
    ReportingContent,
    StepContent,
    TermsContent,
    VersionContent,
)
from .sla import Clock
from .terms import Channel, Priority, ReportWay, Role, Route, Window

Json = dict[str, Any]


def to_json(content: VersionContent) -> Json:
    """Plain dicts and lists; the words of the matrix as their values."""
    return _plain(asdict(content))  # type: ignore[no-any-return]  # a dict stays one


def from_json(stored: Mapping[str, Any]) -> VersionContent:
    return VersionContent(
        title=dict(stored["title"]),
        priorities={Priority(key): _terms(terms) for key, terms in stored["priorities"].items()},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


def _terms(stored: Mapping[str, Any]) -> TermsContent:
    promise = stored["promise"]
    return TermsContent(
        promise=PriorityContent(
            promise["response_minutes"],
            promise["resolution_minutes"],
            Clock(promise["clock"]),
            {Route(route): _cell(cell) for route, cell in promise["cells"].items()},
        ),
        definition=dict(stored["definition"]),
        examples={language: tuple(texts) for language, texts in stored["examples"].items()},
        update_minutes=stored["update_minutes"],
        progress_minutes=stored["progress_minutes"],
        pauses_while_waiting=stored["pauses_while_waiting"],
        reporting={
            Window(window): ReportingContent(tuple(map(ReportWay, each["ways"])), dict(each["instruction"]))
            for window, each in stored["reporting"].items()
        },
    )


def _cell(stored: Mapping[str, Any]) -> CellContent:
    steps = tuple(
        StepContent(
            Role(step["role"]),
            tuple(map(Channel, step["channels"])),
            step["wait"],
            step["ring_seconds"],
            step["informs"],
        )
        for step in stored["steps"]
    )
    return CellContent(steps, stored["defers"], stored["defers_outside_hours"])
