"""Addresses of everything that needs the answer."""

from django.urls import include, path

urlpatterns = [
    path("", include("routing.api.urls")),
    path("", include("routing.intake.urls")),
    path("telephony/", include("routing.telephony.urls")),
    path("", include("routing.pages.urls")),
]
