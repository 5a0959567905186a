"""What the OpenAPI document says of every operation."""

from http import HTTPStatus
from typing import Any

from portal.problems import CONTENT_TYPE

from .serializers.fields import ProblemSerializer

BODY = (400, 413, 415)
"""What may come back where a JSON body is read."""

Answers = dict[int | tuple[int, str], Any]


def answers(body: Any, *problems: int, status: int = HTTPStatus.OK) -> Answers:
    """The responses of an operation: what it answers, and the problems it may answer with instead."""
    every = sorted({401, 403, 406, *problems})
    return {int(status): body, **{(code, CONTENT_TYPE): ProblemSerializer for code in every}}
