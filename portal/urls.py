"""The portal's addresses. Pages and APIs that need a decision come from `routing`."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("routing.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]

handler404 = "portal.problems.not_found"
handler500 = "portal.problems.server_error"
