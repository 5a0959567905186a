"""Links in messages whose token is the only authority: found, never guessed, and told to nobody else."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from allauth.account.adapter import get_adapter
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal import attempts, clock

Row = TypeVar("Row", bound=models.Model)


def answer_by_token(
    request: HttpRequest, rows: models.QuerySet[Row], token: str, answer: Callable[[Row, datetime], HttpResponse]
) -> HttpResponse:
    """What `answer` says of the row with the token, at the instant it is given; 404 where there is none.

    429 where many wrong tokens came from the same address.
    """
    now = clock.now()
    try:
        row = _found(request, rows, token, now)
    except attempts.TooMany:
        response = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
        response["Retry-After"] = str(round(attempts.PER_LINK_GUESSER.period.total_seconds()))
        return response
    response = answer(row, now)
    # The address is a secret: it goes to no other site and into no search engine.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _found(request: HttpRequest, rows: models.QuerySet[Row], token: str, now: datetime) -> Row:
    guesser = get_adapter(request).get_client_ip(request)
    attempts.require_patience(attempts.PER_LINK_GUESSER, guesser, now=now)
    row = rows.filter(token=token).first()
    if row is None:
        attempts.begin(attempts.PER_LINK_GUESSER, guesser, now=now)
        raise Http404
    return row
