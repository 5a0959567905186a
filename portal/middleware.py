"""Per-request preferences of the reader."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone, translation

from .models import Person
from .problems import wants_problem


def refuse_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """No address of a page holds a NUL, which PostgreSQL's texts cannot hold either; the API's own checks say so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        holds_nul = "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", "")
        if holds_nul and not wants_problem(request):
            return HttpResponseBadRequest("An address cannot hold a NUL.", content_type="text/plain")
        return get_response(request)

    return middleware


def reader_preferences(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Times in the reader's zone, and their language unless the switch in this browser says otherwise."""

    def middleware(request: HttpRequest) -> HttpResponse:
        person = request.user
        if not isinstance(person, Person):
            return get_response(request)
        if not request.COOKIES.get("django_language") and person.language:
            translation.activate(person.language)
            request.LANGUAGE_CODE = person.language
        with timezone.override(zoneinfo.ZoneInfo(person.zone)):
            return get_response(request)

    return middleware
