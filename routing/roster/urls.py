"""Addresses of this part."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("routing.roster.exchange_urls")),
]
