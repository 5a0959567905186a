"""Addresses of this part."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.index, name="audit"),
    path("audit.csv", views.as_csv, name="audit_csv"),
]
