"""Addresses of this part."""

from django.urls import path

from . import views

urlpatterns = [
    path("new/", views.new, name="call_new"),
    path("find/", views.search, name="call_find"),
    path("around/", views.around_call, name="call_around"),
    path("pin/", views.pin, name="call_pin"),
]
