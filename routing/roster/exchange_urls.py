"""Addresses of rest, import and export; they come before those of a single rota."""

from django.urls import path

from . import rest

urlpatterns = [
    path("rest/", rest.rest, name="roster_rest"),
    path("rest/<int:pk>/keep/", rest.keep, name="roster_rest_keep"),
]
