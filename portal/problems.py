"""Errors as RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"


class Conflict(exceptions.APIException):
    """The resource's state forbids the change (409)."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"


def problem(
    status: int, detail: str, *, errors: dict[str, list[str]] | None = None, kind: str = "about:blank"
) -> dict[str, Any]:
    """The members of a problem document; `errors` holds messages per field."""
    body: dict[str, Any] = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return body if errors is None else {**body, "errors": errors}


def problem_response(status: int, detail: str, *, headers: dict[str, str] | None = None) -> JsonResponse:
    """A problem document outside of the REST framework."""
    return JsonResponse(problem(status, detail), status=status, content_type=CONTENT_TYPE, headers=headers)


def _field_errors(detail: Any) -> dict[str, list[str]]:
    if isinstance(detail, dict):
        return {
            field: [str(e) for e in (errors if isinstance(errors, list) else [errors])]
            for field, errors in detail.items()
        }
    return {"non_field_errors": [str(error) for error in detail]}


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """The REST framework's exception handler: every API error in the same shape."""
    del context
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(error, exceptions.ValidationError):
        body = problem(
            error.status_code, _("The request has errors; see “errors”."), errors=_field_errors(error.detail)
        )
    else:
        body = problem(error.status_code, str(error.detail))
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return Response(body, status=error.status_code, headers=headers, content_type=CONTENT_TYPE)


def wants_problem(request: HttpRequest) -> bool:
    """Whether the path belongs to machines, which read problem details rather than pages."""
    return request.path.startswith(("/api/", "/intake/", "/v2/"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 404 handler: a problem document for machines, a page for people."""
    from django.views.defaults import page_not_found

    if wants_problem(request):
        return problem_response(404, _("Not found."))
    return page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 400 handler; a body that is too large gets its own page and status."""
    from django.views.defaults import bad_request as page

    too_large = isinstance(exception, RequestDataTooBig)
    if wants_problem(request):
        if too_large:
            return problem_response(413, _("The body is larger than 5 MiB."))
        return problem_response(400, _("The request could not be understood."))
    if too_large:
        return render(request, "413.html", status=413)
    return page(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """The 500 handler."""
    from django.views.defaults import server_error as page

    if wants_problem(request):
        return problem_response(500, _("Something went wrong on our side. What you sent may not have been taken."))
    return page(request)
