"""Addresses of the intake. Without the slash at the end it is the same: a redirect would lose the body."""

from django.urls import path

from . import views

urlpatterns = [
    path("intake/<str:token>/<str:format_name>/", views.receive, name="intake"),
    path("intake/<str:token>/<str:format_name>", views.receive),
]
