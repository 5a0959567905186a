"""Whether the portal lives, is ready, and how it does: for load balancers, orchestrators and Prometheus."""

from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from portal import clock
from portal.models import Installation
from routing.paging import ticking
from routing.paging.models import Pulse

from .metrics import PortalCollector

Check = dict[str, Any]

TICK_SECONDS = 10
"""A tick older than this is none: nobody is being paged."""
BROKER_SECONDS = 0.5
LOOPBACK = frozenset({"127.0.0.1", "::1"})


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; asks nothing else."""
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 while pages go out, else 503; either way what was checked, and what is missing.

    Without the broker the watchdog pages on, seconds later: degraded, and ready all the same.
    """
    checks = {
        "database": _database(),
        "broker": _broker(),
        "tick": _safely(_tick),
        "last_resort": _safely(_last_resort),
    }
    missing = [name for name, check in checks.items() if not check["ok"]]
    ready = not set(missing) - {"broker"}
    status = "degraded" if ready and missing else "ready" if ready else "not ready"
    body = {"status": status, "missing": missing, "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for a scraper on this host or with the token; to anybody else the page does not exist."""
    if not (_is_local(request) or _has_token(request)):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PortalCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_local(request: HttpRequest) -> bool:
    """Whether it comes from this host, and not through a proxy on it."""
    return request.META.get("REMOTE_ADDR") in LOOPBACK and "X-Forwarded-For" not in request.headers


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and constant_time_compare(given, settings.METRICS_TOKEN)


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return {"ok": False, "detail": "The database does not answer."}
    return {"ok": True}


def _broker() -> Check:
    timeouts = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
    try:
        with redis.Redis.from_url(settings.CELERY_BROKER_URL, **timeouts) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return {"ok": False, "detail": "The broker does not answer; the watchdog pages on."}
    return {"ok": True}


def _safely(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except DatabaseError:
        return {"ok": False, "detail": "Unknown without the database."}


def _tick() -> Check:
    """The age of the last work done, by a worker's tick or by a watchdog that stands in."""
    latest = Pulse.objects.filter(name__in=[ticking.TICK, ticking.STAND_IN]).order_by("-at").first()
    if latest is None:
        return {"ok": False, "age_seconds": None, "detail": "No tick was ever completed."}
    age = (clock.now() - latest.at).total_seconds()
    return {"ok": age < TICK_SECONDS, "age_seconds": round(max(age, 0), 3), "by": latest.name}


def _last_resort() -> Check:
    if Installation.objects.exclude(last_resort_phone="").exists():
        return {"ok": True}
    return {"ok": False, "detail": "No last resort is configured: a chain could end with nobody."}
