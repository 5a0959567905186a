"""Requests that are no incidents, each with its chain of roles."""

from typing import Any

from demo.provider import Provider
from matrix.models import Topic


def add_topics(provider: Provider) -> None:
    Topic.objects.bulk_create(_topic(place, content) for place, content in enumerate(provider["topics"]))


def _topic(place: int, content: dict[str, Any]) -> Topic:
    return Topic(
        key=content["key"],
        position=place,
        name_de=content["de"],
        name_en=content["en"],
        hint_de=content.get("hint_de", ""),
        hint_en=content.get("hint_en", ""),
        roles=content.get("chain", []),
        answer_minutes=_minutes(content.get("answer")),
        needs_right=content.get("right", ""),
        becomes_incident=content.get("becomes_incident", ""),
    )


def _minutes(answer: str | None) -> int | None:
    """Open time in minutes out of "8 office hours"."""
    if answer is None:
        return None
    hours, unit = answer.split(" ", 1)
    if unit != "office hours":
        raise ValueError(f"not understood as open time: {answer}")
    return int(hours) * 60
