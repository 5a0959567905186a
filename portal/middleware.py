"""Per-request preferences of the reader."""

import zoneinfo
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django_htmx.http import HttpResponseClientRedirect

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


def whole_login_page(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A part of a page that asks again after its session has ended leads to the login page, and never shows it inside.

    The browser would follow an ordinary redirect by itself, and the script would swap the form into the page.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.headers.get("HX-Request") != "true" or not isinstance(response, HttpResponseRedirect):
            return response
        if urlsplit(response.url).path != resolve_url(settings.LOGIN_URL):
            return response
        return HttpResponseClientRedirect(response.url)

    return middleware


def refuse_oversize(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django limits the fields of a form with files, but not the files: what is too large is not even read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        too_large = length.isdecimal() and int(length) > settings.UPLOAD_MAX_BYTES
        if too_large and request.content_type == "multipart/form-data":
            raise RequestDataTooBig
        return get_response(request)

    return middleware
