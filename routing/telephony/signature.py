"""Admits nobody but the provider to the addresses that it calls."""

from collections.abc import Callable
from functools import wraps

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter
from twilio.request_validator import SIGNATURE_HEADER, RequestValidator

log = structlog.get_logger(__name__)

invalid_signatures = Counter(
    "direktdraht_provider_signature_invalid", "Requests refused because they were not signed by the phone provider"
)

View = Callable[..., HttpResponse]


def from_provider(view: View) -> View:
    """POST only (else 405), and only with the provider's signature over the public URL and the form (else 403)."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: object) -> HttpResponse:
        if not _is_signed(request):
            invalid_signatures.inc()
            log.warning("provider_signature_invalid", path=request.path)
            return HttpResponseForbidden()
        return view(request, **kwargs)

    return wrapped


def _is_signed(request: HttpRequest) -> bool:
    # The provider signs the address it was given, whatever host and scheme a proxy makes of it.
    url = settings.PUBLIC_URL + request.get_full_path()
    signature = request.headers.get(SIGNATURE_HEADER, "")
    token = settings.TWILIO_AUTH_TOKEN
    # Without a token the key of the signature would be empty, and anybody could sign.
    return bool(token) and bool(RequestValidator(token).validate(url, request.POST, signature))
