"""Addresses of everything that needs the answer."""

from django.urls import include, path

urlpatterns = [
    path("", include("routing.api.urls")),
    path("", include("routing.intake.urls")),
    path("telephony/", include("routing.telephony.urls")),
    path("", include("routing.pages.urls")),
    path("desk/", include("routing.desk.urls")),
    path("calls/", include("routing.calls.urls")),
    path("", include("routing.presence.urls")),
    path("profile/reach/", include("routing.reach.urls")),
    path("duty/", include("routing.duty.urls")),
    path("reports/", include("routing.reports.urls")),
    path("what-if/", include("routing.what_if.urls")),
    path("administration/", include("routing.administration.urls")),
]
