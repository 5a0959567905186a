"""Addresses below `/administration/`."""

from django.urls import include, path

from . import views

urlpatterns = [
    path("", views.administration, name="administration"),
    path("matrices/", include("routing.matrices.urls")),
    path("support-hours/", include("portal.support_hours.urls")),
    path("rosters/", include("routing.roster.urls")),
    path("coverage/", include("routing.coverage.urls")),
    path("", include("portal.master_data.urls")),
    path("", include("routing.onboarding.urls")),
    path("departures/", include("routing.departures.urls")),
    path("imports/", include("portal.imports.urls")),
    path("keys/", include("routing.keys.urls")),
    path("audit/", include("routing.audit.urls")),
]
