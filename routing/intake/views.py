"""Where monitoring systems post. The token in the address is the only credential."""

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from portal import clock
from portal.problems import CONTENT_TYPE, problem, problem_response
from routing.paging.alarms import clear_alarms, raise_alarm

from . import payload, rate, refusals
from .formats import FORMATS, Event, PayloadError, Refused
from .services import find_key, take_in

log = structlog.get_logger(__name__)

ERRORS_SHOWN = 20
RETRIES_ONLY_5XX = {"alertmanager"}
"""Formats whose sender gives up at 429, so that an alarm would be lost."""


@csrf_exempt
def receive(request: HttpRequest, token: str, format_name: str) -> HttpResponse:
    """202 with the number of events taken and the incidents they touched, once all of it is committed.

    Every 4xx is a problem document and has changed nothing.
    """
    if request.method != "POST":
        return problem_response(405, _("Signals are sent with POST."), headers={"Allow": "POST"})
    now = clock.now()
    key = find_key(token, now=now)
    if key is None:
        return problem_response(404, _("This intake token is unknown or was revoked."))
    if format_name not in FORMATS:
        known = ", ".join(FORMATS)
        return problem_response(
            404, _("This format is not supported yet. Supported: %(formats)s.") % {"formats": known}
        )
    turn = rate.take_turn(key, now=now)
    if turn.seconds_to_wait:
        raise_alarm("intake_rate", str(key.pk), now=now, name=key.name, project=key.project.key)
        return _over_rate(format_name, turn.seconds_to_wait)
    if turn.is_calm:
        clear_alarms(str(key.pk), "intake_rate", now=now)
    try:
        events = _events(request, format_name)
    except RequestDataTooBig:
        return problem_response(413, _("The body is larger than 5 MiB."))
    except PayloadError as error:
        refusals.keep(key, format_name, error.errors, now=now)
        return _bad_request(error.errors)
    accepted = sum(isinstance(event, Event) for event in events)
    incidents = take_in(key, format_name, events, now=now)
    log.info("signals_taken", key=key.pk, format=format_name, accepted=accepted, refused=len(events) - accepted)
    return JsonResponse({"accepted": accepted, "incidents": [incident.number for incident in incidents]}, status=202)


def _events(request: HttpRequest, format_name: str) -> list[Event | Refused]:
    """The body's events, at least one of them usable. Raises `PayloadError` and `RequestDataTooBig`."""
    try:
        body = request.body
    except UnreadablePostError as error:
        raise PayloadError({"": [_("The body ended early.")]}) from error
    events = FORMATS[format_name](payload.read(body))
    refused = [event for event in events if isinstance(event, Refused)]
    if len(refused) == len(events):
        raise PayloadError({event.field: [event.why] for event in refused[:ERRORS_SHOWN]})
    return events


def _bad_request(errors: dict[str, list[str]]) -> HttpResponse:
    # Without a field it is the body as a whole; the REST framework names it so, too.
    named = {field or "non_field_errors": messages for field, messages in errors.items()}
    detail = _("Nothing in the body could be used; see “errors”.")
    return JsonResponse(problem(400, detail, errors=named), status=400, content_type=CONTENT_TYPE)


def _over_rate(format_name: str, wait: int) -> HttpResponse:
    status = 503 if format_name in RETRIES_ONLY_5XX else 429
    detail = _("This key has posted too often. Try again in %(seconds)d seconds.") % {"seconds": wait}
    return problem_response(status, detail, headers={"Retry-After": str(wait)})
