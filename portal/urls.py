"""The portal's addresses. Pages and APIs that need a decision come from `routing`."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

from . import home_screen
from .master_data.welcome import welcome


def nowhere(request: HttpRequest) -> HttpResponse:
    """An address that a library brings and this portal does not have."""
    raise Http404


urlpatterns = [
    path("", include("routing.urls")),
    path("", include("portal.contacts.urls")),
    path("", include("portal.profile.urls")),
    path("invitation/staff/<str:token>/", welcome, name="staff_invitation"),
    path("manifest.webmanifest", home_screen.manifest, name="manifest"),
    path("service-worker.js", home_screen.service_worker, name="service_worker"),
    path("offline/", home_screen.offline, name="offline"),
    # The address is the login name, which only the provider changes.
    path("accounts/email/", nowhere),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]

handler400 = "portal.problems.bad_request"
handler404 = "portal.problems.not_found"
handler500 = "portal.problems.server_error"
