"""Addresses of this part."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.index, name="imports"),
    path("<slug:kind>/", views.one_kind, name="import"),
    path("<slug:kind>/template.csv", views.template, name="import_template"),
    path("<slug:kind>/refused.csv", views.refused_rows, name="import_refused"),
]
