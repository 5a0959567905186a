"""What the views of pages know of a request, and how each of them is wrapped."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import cache_control
from django_htmx.middleware import HtmxDetails

from .models import Person


class PageRequest(HttpRequest):
    """A request by somebody who is logged in."""

    user: Person
    htmx: HtmxDetails


Rest = ParamSpec("Rest")
View = Callable[Concatenate[PageRequest, Rest], HttpResponseBase]


def page(view: View[Rest]) -> Callable[Concatenate[HttpRequest, Rest], HttpResponse]:
    """For people who are logged in; personal, so no shared cache keeps it."""
    guarded = cache_control(private=True, no_cache=True)(login_required(view))
    return cast("Callable[Concatenate[HttpRequest, Rest], HttpResponse]", guarded)
