"""Direktdraht on the home screen of a phone: its manifest, its service worker, and what it shows without a connection.

Nothing personal is ever kept on the phone: the worker keeps static files and one page that is the same for everybody.
"""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from .models import Installation

THEME_COLOUR = "#0e5c70"
ICONS = (("any", 192), ("any", 512), ("maskable", 192), ("maskable", 512))
FILES = ("vendor/tabler/tabler.min.css", "direktdraht.css", "direktdraht.js", "img/favicon.svg")
"""What the page without a connection is made of."""


def _language(request: HttpRequest) -> str:
    """The one asked for, for who fetches these has no session; else the browser's."""
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else translation.get_language()


@require_safe
@cache_control(no_cache=True)
def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest (W3C), in the language asked for."""
    language = _language(request)
    with translation.override(language):
        return JsonResponse(_manifest(language), content_type="application/manifest+json")


def _manifest(language: str) -> dict[str, Any]:
    home = reverse("home")
    return {
        "id": home,
        "name": "Direktdraht",
        "short_name": "Direktdraht",
        "description": _("Direktdraht: whom do I call now, and who is called if nobody answers?"),
        "lang": language,
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "theme_color": THEME_COLOUR,
        "background_color": THEME_COLOUR,
        "icons": [
            {
                "src": static(f"img/icon-{'' if purpose == 'any' else 'maskable-'}{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for purpose, size in ICONS
        ],
    }


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script; another one, and so an update on every phone, as soon as anything that it keeps is another."""
    language = _language(request)
    with translation.override(language):
        kept = [render_to_string("home_screen/offline_text.html", _whom_to_call()), *map(_digest, FILES)]
    version = sha256("\0".join([language, *kept]).encode()).hexdigest()[:16]
    context = {
        "version": version,
        "offline": json.dumps(f"{reverse('offline')}?language={language}"),
        "files": json.dumps([static(name) for name in FILES]),
    }
    return render(request, "home_screen/service-worker.js", context, content_type="text/javascript")


@cache
def _digest(name: str) -> str:
    """What the static file holds; read once, for a change of it comes with a new process."""
    found = finders.find(name)
    return sha256(Path(found).read_bytes()).hexdigest() if isinstance(found, str) else ""


@require_safe
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """What a phone shows without a connection: the same for everybody, in the language asked for."""
    language = _language(request)
    with translation.override(language):
        return render(request, "home_screen/offline.html", {"language": language, **_whom_to_call()})


def _whom_to_call() -> dict[str, Any]:
    installation = Installation.objects.first()
    return {
        "provider": installation.name if installation else "",
        "switchboard": str(installation.switchboard or "") if installation else "",
    }
