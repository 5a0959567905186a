"""What the views of pages know of a request, and how each of them is wrapped."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import cache_control
from django_htmx.middleware import HtmxDetails

from .access import is_administrator
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


def administrators_only(view: View[Rest]) -> View[Rest]:
    """For administrators; to everybody else the page does not exist."""

    @wraps(view)
    def guarded(request: PageRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if not is_administrator(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return cast("View[Rest]", guarded)
