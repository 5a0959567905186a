"""Addresses of rest, import and export; they come before those of a single rota."""

from django.urls import path

from . import exchange, rest

urlpatterns = [
    path("rest/", rest.rest, name="roster_rest"),
    path("rest/<int:pk>/keep/", rest.keep, name="roster_rest_keep"),
    path("<slug:slug>/import/", exchange.roster_import, name="roster_import"),
    path("<slug:slug>/export/", exchange.roster_export, name="roster_export"),
]
