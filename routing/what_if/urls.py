"""Addresses of the simulator."""

from django.urls import path

from . import views

urlpatterns = [path("", views.what_if, name="what_if")]
