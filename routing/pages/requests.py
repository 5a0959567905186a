"""How the views of pages that need the answer are wrapped, beside what `portal.requests` has for all."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import conditional_page
from django.views.decorators.vary import vary_on_headers

from portal.requests import PageRequest, Rest, View, administrators_only, page

__all__ = ["PageRequest", "View", "administrators_only", "page", "polled", "staff_only"]


def polled(view: View[Rest]) -> Callable[Concatenate[HttpRequest, Rest], HttpResponse]:
    """A page that asks for its moving part again and again: unchanged is answered with 304 and no body."""
    return vary_on_headers("HX-Request")(conditional_page(page(view)))


def staff_only(view: View[Rest]) -> View[Rest]:
    """For the provider's people; to others the page does not exist."""

    @wraps(view)
    def guarded(request: PageRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return cast("View[Rest]", guarded)
