"""Addresses of this part."""

from django.urls import path

from . import views

urlpatterns = [path("", views.coverage_page, name="coverage")]
